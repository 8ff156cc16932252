/** A reply, as a page gets it, and how it came about. */
import type { CallReply } from "../lib/api.ts";
import { plural } from "../lib/format.ts";
import { Json } from "../parts/Code.tsx";
import { Topics } from "../parts/parts.tsx";
import { Statements } from "../parts/Statements.tsx";

export function Reply({ reply: { status, ms, reply } }: { reply: CallReply }) {
  const explain = reply.meta?.explain;
  return (
    <section className="reply" aria-label="Reply">
      <div className="bar-small">
        <h3>Reply</h3>
        <span className={reply.error ? "bad" : "good"} role="status">
          {status} {reply.error?.code ?? "OK"}
        </span>
        <span className="faint">{ms.toFixed(1)} ms</span>
      </div>
      {reply.warnings?.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {reply.error && (
        <p className="refused" role="alert">
          {reply.error.message}
        </p>
      )}
      <Json
        label="Reply as JSON"
        text={JSON.stringify(reply.error ? { error: reply.error } : (reply.data ?? null), null, 2)}
      />
      {explain && (
        <>
          <h3>How it came about</h3>
          <dl className="facts">
            <dt>Answer</dt>
            <dd>
              {reply.meta?.cached
                ? "kept from before; it was computed once more to show its statements"
                : explain.kept
                  ? "computed, and kept from now on"
                  : "computed"}
            </dd>
            <dt>Reads</dt>
            <dd>
              <Topics topics={explain.reads} />
            </dd>
            <dt>Writes</dt>
            <dd>
              <Topics topics={explain.writes} />
            </dd>
            {explain.writes.length > 0 && (
              <>
                <dt>Told</dt>
                <dd>{plural(explain.told, "socket")}</dd>
              </>
            )}
          </dl>
          <Statements statements={explain.statements} />
        </>
      )}
    </section>
  );
}
