/** The statements of a call, with what each touched, and how SQLite found it. */
import type { StatementEvent } from "../lib/api.ts";
import { Sql } from "./Code.tsx";
import { Topics } from "./parts.tsx";

export function Statements({ statements }: { statements: readonly StatementEvent[] }) {
  return (
    <ol className="statements">
      {statements.map((statement, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: statements of a call never move
        <li key={i}>
          <Sql text={statement.sql} />
          {statement.plan && statement.plan.length > 0 && (
            <ul className="plan" aria-label="Plan">
              {statement.plan.map((line, p) => (
                // A scan reads all rows: it is what one looks for here.
                // biome-ignore lint/suspicious/noArrayIndexKey: nor do lines of a plan
                <li key={p} className={/\bSCAN\b/.test(line) ? "wait" : ""}>
                  {line}
                </li>
              ))}
            </ul>
          )}
          <p className="statement-line">
            {statement.reads.length > 0 && (
              <span>
                reads <Topics topics={statement.reads} />
              </span>
            )}
            {statement.writes.length > 0 && (
              <span>
                writes <Topics topics={statement.writes} />
              </span>
            )}
            <span className="faint">
              {statement.rows_read} read, {statement.rows_written} written
            </span>
          </p>
        </li>
      ))}
    </ol>
  );
}
