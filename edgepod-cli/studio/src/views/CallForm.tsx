/** Calls a function: its arguments, as whom, and what came of it. */
import { type FormEvent, useMemo, useState } from "react";
import { type Caller, type CallReply, type FunctionInfo, words } from "../lib/api.ts";
import { EMPTY, type Entry, entriesOf, type Field, fieldOf, formJson, readForm } from "../lib/form.ts";
import { mainKey } from "../lib/keys.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { mismatch, type Types } from "../lib/tstype.ts";
import { Choice } from "../parts/parts.tsx";
import { Reply } from "./Reply.tsx";

type Who = "nobody" | "user" | "token" | "admin";

const KEPT = "edgepod-studio-caller";

interface KeptCaller {
  who: Who;
  claims: string;
}

function keptCaller(): KeptCaller {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Partial<KeptCaller> | null;
    const who = (["nobody", "user", "admin"] as const).find((who) => who === kept?.who) ?? "nobody";
    return { who, claims: kept?.claims ?? '{ "sub": "ada" }' };
  } catch {
    return { who: "nobody", claims: '{ "sub": "ada" }' };
  }
}

/** Arguments that came with the address, as from a call of the log. */
function given(initial: string | undefined): Record<string, unknown> | null {
  if (initial === undefined) return null;
  try {
    const args: unknown = JSON.parse(initial);
    return typeof args === "object" && args !== null && !Array.isArray(args) ? (args as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export function CallForm({
  info,
  isInternal,
  types,
  initial,
}: {
  info: FunctionInfo;
  isInternal: boolean;
  types: Types;
  initial: string | undefined;
}) {
  const studio = useStudio();
  const { app, pod } = useStudioState();
  const fields = useMemo(() => (info.args ?? []).map((argument) => fieldOf(argument, types)), [info, types]);
  const [entries, setEntries] = useState<Record<string, Entry>>(() => entriesOf(fields, given(initial) ?? {}));
  const [json, setJson] = useState<string | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [caller, setCaller] = useState(keptCaller);
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState("");
  const [runs, setRuns] = useState(false);
  const [reply, setReply] = useState<CallReply | null>(null);

  const who = isInternal ? "admin" : caller.who === "user" && app && !app.signs ? "nobody" : caller.who;
  const refusal = app && !app.write ? "Reading only: start edgepod studio with --write to call functions." : null;
  const lacksPod = app?.pods === true && pod === null;

  const choose = (change: Partial<KeptCaller>) => {
    const next = { ...caller, ...change };
    setCaller(next);
    localStorage.setItem(KEPT, JSON.stringify(next));
  };

  const asCaller = (): Caller => {
    if (who === "admin") return "admin";
    if (who === "token") {
      if (token.trim() === "") throw new Error("The token is missing.");
      return { token: token.trim() };
    }
    if (who === "nobody") return null;
    let claims: unknown;
    try {
      claims = JSON.parse(caller.claims);
    } catch (error) {
      throw new Error(`The claims are no JSON: ${words(error)}.`);
    }
    if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
      throw new Error('The claims are no JSON object, as {"sub": "ada"}.');
    }
    return { claims: claims as Record<string, unknown> };
  };

  const readArgs = (): unknown => {
    setWrong({});
    if (json === null) {
      const read = readForm(fields, entries, types);
      if (read.ok) return read.args;
      setWrong(read.wrong);
      throw new Error("An argument is not as its type says.");
    }
    try {
      return JSON.parse(json);
    } catch (error) {
      throw new Error(`The arguments are no JSON: ${words(error)}.`);
    }
  };

  const run = async () => {
    if (runs || refusal) return;
    setTrouble("");
    let args: unknown;
    let as: Caller;
    try {
      args = readArgs();
      as = asCaller();
    } catch (error) {
      setReply(null);
      setTrouble(words(error));
      return;
    }
    setRuns(true);
    try {
      setReply(await studio.api.call(pod, info.name, args, as));
    } catch (error) {
      setReply(null);
      setTrouble(words(error));
    } finally {
      setRuns(false);
    }
  };

  return (
    <>
      <form
        className="call-form"
        aria-label={`Call ${info.name}`}
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void run();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && mainKey(event)) {
            event.preventDefault();
            void run();
          }
        }}
      >
        <div className="call-args">
          <div className="bar-small">
            <h3>Arguments</h3>
            <span className="bar-space" />
            {fields.length > 0 && (
              <Choice
                label="How arguments are typed"
                value={json === null ? "form" : "json"}
                options={[
                  { value: "form", text: "Form" },
                  { value: "json", text: "JSON" },
                ]}
                onChange={(value) => {
                  if ((value === "json") === (json !== null)) return;
                  if (value === "json") setJson(formJson(fields, entries, types));
                  else {
                    setEntries(entriesOf(fields, given(json ?? "") ?? {}));
                    setJson(null);
                  }
                  setWrong({});
                }}
              />
            )}
          </div>
          {fields.length === 0 && <p className="faint">It takes none.</p>}
          {json === null ? (
            fields.map((field) => (
              <ArgumentLine
                key={field.name}
                field={field}
                entry={entries[field.name] ?? EMPTY}
                wrong={wrong[field.name]}
                onChange={(entry) => setEntries({ ...entries, [field.name]: entry })}
              />
            ))
          ) : (
            <>
              <textarea
                className="sql-input"
                aria-label="Arguments as JSON"
                spellCheck={false}
                rows={Math.min(14, Math.max(4, json.split("\n").length + 1))}
                value={json}
                onChange={({ target }) => setJson(target.value)}
              />
              <JsonHint json={json} fields={fields} types={types} />
            </>
          )}
        </div>
        <div className="call-who">
          <div className="bar-small">
            <h3>As</h3>
          </div>
          <Choice
            label="Call as"
            value={who}
            options={[
              { value: "nobody", text: "Nobody", disabled: isInternal },
              {
                value: "user",
                text: "A user",
                disabled: isInternal || !app?.signs,
                title: app?.signs ? undefined : "The app signs no tokens itself: it has no EDGEPOD_JWT_PRIVATE_KEY",
              },
              { value: "token", text: "A token", disabled: isInternal },
              { value: "admin", text: "Admin" },
            ]}
            onChange={(value) => choose({ who: value })}
          />
          {who === "user" && (
            <label className="stacked">
              Claims
              <textarea
                spellCheck={false}
                rows={3}
                value={caller.claims}
                onChange={({ target }) => choose({ claims: target.value })}
              />
            </label>
          )}
          {who === "token" && (
            <label className="stacked">
              Token
              <textarea
                spellCheck={false}
                rows={3}
                placeholder="eyJ…"
                value={token}
                onChange={({ target }) => setToken(target.value)}
              />
            </label>
          )}
          {who === "admin" && (
            <p className="faint">
              As a job calls: nobody is its user, and <code>require_user</code> and its like let it in.
            </p>
          )}
          {!app?.signs && !isInternal && who === "nobody" && (
            <p className="faint">This app signs no tokens itself. To call as a user, give a token of its issuer.</p>
          )}
        </div>
        <div className="call-run">
          <button type="submit" className="main" disabled={runs || refusal !== null} aria-keyshortcuts="Control+Enter">
            {runs ? "Running…" : `Run ${info.name}`}
          </button>
          {(refusal || lacksPod) && (
            <span className="faint">{refusal ?? "No pod is chosen: the app's own rule says which one is meant."}</span>
          )}
          {trouble && (
            <p className="bad" role="alert">
              {trouble}
            </p>
          )}
        </div>
      </form>
      {reply && <Reply reply={reply} />}
    </>
  );
}

/** What the type says of JSON that is typed by hand. It is sent all the same: the app has to refuse it. */
function JsonHint({ json, fields, types }: { json: string; fields: readonly Field[]; types: Types }) {
  let hint: string | null = null;
  try {
    const members = fields.map(({ name, type, optional }) => ({ name, type, optional }));
    hint = mismatch(JSON.parse(json), { kind: "object", members }, types);
  } catch {
    return <p className="bad">This is no JSON yet.</p>;
  }
  return hint === null ? null : <p className="wait">By the types, {hint}. It is sent as it is.</p>;
}

function ArgumentLine({
  field,
  entry,
  wrong,
  onChange,
}: {
  field: Field;
  entry: Entry;
  wrong: string | undefined;
  onChange: (entry: Entry) => void;
}) {
  const { input } = field;
  const id = `argument-${field.name}`;
  const shared = {
    id,
    disabled: entry.isNull,
    "aria-invalid": wrong !== undefined,
    "aria-describedby": wrong === undefined ? undefined : `${id}-wrong`,
    value: entry.text,
  };
  const placeholder = entry.isNull ? "null" : field.optional ? "left out" : "";
  return (
    <div className="form-line">
      <label htmlFor={id}>
        {field.name} <span className="type">{field.written}</span>
        {field.optional && <span className="type"> · optional</span>}
      </label>
      <div className="form-input">
        {input.kind === "select" ? (
          <select {...shared} onChange={({ target }) => onChange({ ...entry, text: target.value })}>
            <option value="">{field.optional ? "left out" : "choose…"}</option>
            {input.options.map((option) => (
              <option key={String(option)} value={JSON.stringify(option)}>
                {String(option)}
              </option>
            ))}
          </select>
        ) : input.kind === "json" ? (
          <textarea
            {...shared}
            rows={Math.min(10, Math.max(2, entry.text.split("\n").length))}
            spellCheck={false}
            placeholder={placeholder || "JSON"}
            onChange={({ target }) => onChange({ ...entry, text: target.value })}
          />
        ) : (
          <input
            {...shared}
            inputMode={input.kind === "number" ? "decimal" : undefined}
            placeholder={placeholder}
            onChange={({ target }) => onChange({ ...entry, text: target.value })}
          />
        )}
        {field.nullable && (
          <label className="null-box">
            <input
              type="checkbox"
              aria-label={`${field.name} is null`}
              checked={entry.isNull}
              onChange={({ target }) => onChange({ ...entry, isNull: target.checked })}
            />
            null
          </label>
        )}
      </div>
      {wrong !== undefined && (
        <p className="bad" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}
