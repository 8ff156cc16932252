/** The functions of the app: what they are, and a form to call them. */
import { useMemo, useRef, useState } from "react";
import type { FunctionInfo } from "../lib/api.ts";
import { docText, editorLink, inFolder } from "../lib/format.ts";
import { takeHanded } from "../lib/handed.ts";
import { step } from "../lib/keys.ts";
import { type Route, routeTo } from "../lib/route.ts";
import { useStudioState } from "../lib/studio.ts";
import { readTypes } from "../lib/tstype.ts";
import { Empty, Kind } from "../parts/parts.tsx";
import { CallForm } from "./CallForm.tsx";

export function Functions({ route }: { route: Route }) {
  const { app } = useStudioState();
  const [text, setText] = useState("");
  const list = useRef<HTMLElement>(null);
  const manifest = app?.manifest;
  const types = useMemo(
    () => readTypes([...(manifest?.types ?? []), ...(manifest?.internal?.types ?? [])]),
    [manifest],
  );
  const open = manifest?.functions ?? [];
  const internal = manifest?.internal?.functions ?? [];
  const fits = ({ name, docs }: FunctionInfo) => `${name} ${docs ?? ""}`.toLowerCase().includes(text.toLowerCase());
  const wanted =
    route.name === null ? (open[0] ?? internal[0]) : [...open, ...internal].find(({ name }) => name === route.name);
  if (app && !app.described) {
    return (
      <Empty title="The app's functions are not known here.">
        <p>
          {app.host === "remote"
            ? "The studio learns them from the app's folder: start edgepod studio there."
            : "They are here as soon as the app is built: look into the terminal."}
        </p>
      </Empty>
    );
  }
  if (open.length + internal.length === 0) {
    return (
      <Empty title="The app has no functions yet.">
        <p>
          Write one with <code>#[edgepod::query]</code> or <code>#[edgepod::function]</code>, and save: it is here as
          soon as it is built.
        </p>
      </Empty>
    );
  }
  return (
    <div className="data">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between its links */}
      <div
        className="side"
        onKeyDown={(event) => {
          const moved = step(event, 5);
          const links = [...(list.current?.querySelectorAll("a") ?? [])];
          const fromFilter = event.target instanceof HTMLInputElement;
          if (moved === 0 || (fromFilter && event.key !== "ArrowDown")) return;
          event.preventDefault();
          const at = fromFilter ? -1 : links.indexOf(event.target as HTMLAnchorElement);
          links[Math.max(0, Math.min(links.length - 1, at + moved))]?.focus();
        }}
      >
        <input
          type="search"
          data-filter
          aria-label="Filter functions"
          placeholder="Filter functions"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <nav aria-label="Functions" ref={list}>
          <FunctionList functions={open.filter(fits)} shown={wanted?.name} />
          {internal.filter(fits).length > 0 && (
            <details open>
              <summary>internal</summary>
              <FunctionList functions={internal.filter(fits)} shown={wanted?.name} />
            </details>
          )}
        </nav>
      </div>
      <div className="data-main">
        {wanted ? (
          <section className="function" aria-label={wanted.name} key={`${wanted.name} ${route.more.args ?? ""}`}>
            <About info={wanted} isInternal={!open.includes(wanted)} />
            <CallForm
              info={wanted}
              isInternal={!open.includes(wanted)}
              types={types}
              initial={takeHanded(route.more.args)}
            />
          </section>
        ) : (
          <Empty title={`There is no function ${route.name}.`}>
            <p>It may have been renamed, or its build has failed: look into the terminal.</p>
          </Empty>
        )}
      </div>
    </div>
  );
}

function FunctionList({ functions, shown }: { functions: readonly FunctionInfo[]; shown: string | undefined }) {
  return (
    <ul>
      {functions.map(({ name, kind }) => (
        <li key={name}>
          <a href={routeTo("functions", name)} aria-current={name === shown ? "page" : undefined}>
            <span className={`sign sign-${kind}`} title={kind} role="img" aria-label={kind} />
            <span className="side-name">{name}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function About({ info, isInternal }: { info: FunctionInfo; isInternal: boolean }) {
  const { app } = useStudioState();
  const docs = docText(info.docs);
  const link = editorLink(app?.folder ?? null, info.source);
  const args = (info.args ?? []).map(({ name, type, optional }) => `${name}${optional ? "?" : ""}: ${type}`);
  return (
    <header className="about">
      <div className="detail-head">
        <h2>{info.name}</h2>
        <Kind kind={info.kind} />
        {isInternal && <span className="tag">internal</span>}
        {info.middleware?.map((name) => (
          <span key={name} className="tag" title="Middleware">
            {name}
          </span>
        ))}
        <span className="bar-space" />
        {info.source &&
          (link ? (
            <a className="source" href={link} title="Open in the editor">
              {inFolder(app?.folder ?? null, info.source.file)}:{info.source.line}
            </a>
          ) : (
            <span className="faint">
              {info.source.file}:{info.source.line}
            </span>
          ))}
      </div>
      {docs && <p className="docs">{docs}</p>}
      <p className="signature">
        <code>
          ({args.join(", ")}) → {info.returns}
        </code>
        {info.error && (
          <span className="faint">
            {" "}
            refuses with <code>{info.error}</code>
          </span>
        )}
      </p>
    </header>
  );
}
