/** One call: what it was asked, what it read and wrote, and whom it woke. */
import { useEffect, useRef } from "react";
import type { CallEvent } from "../lib/api.ts";
import { clock, duration, plural, prettyJson, short } from "../lib/format.ts";
import { handOn } from "../lib/handed.ts";
import { failed } from "../lib/log.ts";
import { routeTo } from "../lib/route.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Json } from "../parts/Code.tsx";
import { Kind, Topics } from "../parts/parts.tsx";
import { Statements } from "../parts/Statements.tsx";
import { answer, caller, callName } from "./Calls.tsx";

export function CallDetail({
  call,
  onGo,
  onClose,
}: {
  call: CallEvent;
  onGo: (call: CallEvent) => void;
  onClose: () => void;
}) {
  // Whom it woke, and what these asked then, may come after it: it is drawn again with each event.
  const { app } = useStudioState();
  const panel = useRef<HTMLElement>(null);
  const { n } = call;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another call begins at its top
  useEffect(() => panel.current?.scrollTo({ top: 0 }), [n]);
  const listed = app?.manifest.functions.some(({ name }) => name === call.function);
  const cut = call.args.length >= 2000;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and is reached by the keyboard for that
    <section className="detail" aria-label={`Call of ${callName(call)}`} ref={panel} tabIndex={0}>
      <div className="detail-head">
        <h2>{callName(call)}</h2>
        <Kind kind={call.kind} />
        <span className="bar-space" />
        {listed && !cut && (
          <button
            type="button"
            onClick={() => {
              location.hash = routeTo("functions", call.function, { args: handOn(call.args) });
            }}
          >
            Run it again…
          </button>
        )}
        <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
      <p className="detail-line">
        <span className={failed(call) ? "bad" : "good"}>
          {call.status}
          {call.code && ` ${call.code}`}
        </span>
        <span>{duration(call.micros)}</span>
        <span>{clock(call.at)}</span>
        <span>
          {plural(call.rows_read, "row")} read, {call.rows_written} written
        </span>
        <span>
          {answer(call)}
          {call.kept && !call.cached && ", kept from now on"}
        </span>
      </p>
      <Why call={call} onGo={onGo} />
      {call.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      <dl className="facts">
        <dt>Who</dt>
        <dd>
          {caller(call)}
          {call.session !== null && <span className="faint"> · session {short(call.session)}</span>}
        </dd>
        <dt>Reads</dt>
        <dd>
          <Topics topics={call.reads} />
        </dd>
        <dt>Writes</dt>
        <dd>
          <Topics topics={call.writes} />
        </dd>
        <dt>Trace</dt>
        <dd>
          <code className="break">{call.trace}</code>
        </dd>
      </dl>
      {call.writes.length > 0 && <Woken call={call} onGo={onGo} />}
      <h3>Arguments</h3>
      <Json text={prettyJson(call.args)} label="Arguments" />
      <h3>{plural(call.statements.length, "statement")}</h3>
      {call.statements.length === 0 && (
        <p className="faint">{call.cached ? "The answer was kept: nothing was asked of the database." : "None."}</p>
      )}
      <Statements statements={call.statements} />
    </section>
  );
}

function Why({ call, onGo }: { call: CallEvent; onGo: (call: CallEvent) => void }) {
  const studio = useStudio();
  const reason = studio.log.why(call);
  if (!reason) return null;
  const { writer } = reason;
  return (
    <div className="reason">
      <p>
        Asked again, because{" "}
        {writer ? (
          <>
            <strong>{callName(writer)}</strong> wrote <Topics topics={reason.woke.topics} />
          </>
        ) : reason.woke.trace === null ? (
          <>
            a time came for <Topics topics={reason.woke.topics} />
          </>
        ) : (
          <>
            a call that is no longer listed wrote <Topics topics={reason.woke.topics} />
          </>
        )}
        , which this session had read.
      </p>
      {writer && (
        <button type="button" aria-keyshortcuts="w" onClick={() => onGo(writer)}>
          Why did this refetch? Show {callName(writer)}
        </button>
      )}
    </div>
  );
}

function Woken({ call, onGo }: { call: CallEvent; onGo: (call: CallEvent) => void }) {
  const studio = useStudio();
  const wokes = studio.log.wokenBy(call.trace);
  return (
    <>
      <h3 id="woken">Whom it woke</h3>
      {wokes.length === 0 && <p className="faint">Nobody: no session had read what it wrote.</p>}
      <ul className="woken" aria-labelledby="woken">
        {wokes.map((woke) => {
          const then = studio.log.refetches(woke);
          return (
            <li key={woke.n}>
              <p>
                <strong>session {short(woke.session)}</strong>
                <span className="faint"> · {plural(woke.sockets, "socket")}, for </span>
                <Topics topics={woke.topics} />
              </p>
              {then.length > 0 ? (
                <p className="then">
                  <span className="faint">which asked again: </span>
                  {then.map((again) => (
                    <button key={again.n} type="button" className="chip" onClick={() => onGo(again)}>
                      {again.function} · {duration(again.micros)}
                      {again.cached && " · kept"}
                    </button>
                  ))}
                </p>
              ) : (
                <p className="then faint">which has asked for nothing since</p>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
