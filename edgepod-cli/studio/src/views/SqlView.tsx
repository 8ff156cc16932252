/** One statement that reads. */
import { useMemo, useState } from "react";
import { type SqlReply, words } from "../lib/api.ts";
import { plural } from "../lib/format.ts";
import { mainKey } from "../lib/keys.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Grid, type Place, widths } from "../parts/Grid.tsx";
import { Empty } from "../parts/parts.tsx";

const KEPT = "edgepod-studio-sql";

export function SqlView({ initial }: { initial: string }) {
  const studio = useStudio();
  const { pod } = useStudioState();
  const [sql, setSql] = useState(() => initial || sessionStorage.getItem(KEPT) || "");
  const [reply, setReply] = useState<(SqlReply & { ms: number }) | null>(null);
  const [trouble, setTrouble] = useState("");
  const [runs, setRuns] = useState(false);
  const [cursor, setCursor] = useState<Place | null>(null);

  const run = async () => {
    if (sql.trim() === "" || runs) return;
    sessionStorage.setItem(KEPT, sql);
    setRuns(true);
    setTrouble("");
    const begun = performance.now();
    try {
      const answer = await studio.api.sql(pod, sql);
      setReply({ ...answer, ms: performance.now() - begun });
      setCursor(null);
    } catch (error) {
      setTrouble(words(error));
    } finally {
      setRuns(false);
    }
  };

  const columns = useMemo(() => {
    if (!reply) return [];
    const wide = widths(
      reply.columns.map((name) => ({ name })),
      reply.rows,
    );
    // Two columns of a result may have the same name.
    return reply.columns.map((name, i) => ({
      name: reply.columns.indexOf(name) === i ? name : `${name} (${i + 1})`,
      type: "",
      width: wide[i] ?? 120,
    }));
  }, [reply]);

  return (
    <section className="table" aria-label="SQL">
      <div className="bar">
        <h2>SQL</h2>
        <span className="faint">one statement that reads; 1,000 rows at most</span>
        <span className="bar-space" />
        {reply && (
          <span className="faint" role="status" aria-label="Result">
            {plural(reply.rows.length, "row")}
            {reply.more && ", and there are more"} · {reply.ms.toFixed(0)} ms
          </span>
        )}
        <button type="button" className="main" disabled={runs} onClick={() => void run()}>
          Run
        </button>
      </div>
      <textarea
        className="sql-input"
        aria-label="Statement"
        data-filter
        spellCheck={false}
        rows={5}
        placeholder="SELECT … FROM …"
        value={sql}
        onChange={({ target }) => setSql(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && mainKey(event)) {
            event.preventDefault();
            void run();
          }
        }}
      />
      {trouble && (
        <p className="warning" role="alert">
          {trouble}
        </p>
      )}
      {reply ? (
        <Grid
          label="Result"
          columns={columns}
          count={reply.rows.length}
          rowAt={(row) => reply.rows[row]}
          cursor={cursor}
          onCursor={setCursor}
        />
      ) : (
        <Empty title="Nothing was asked yet.">
          <p>
            Write a SELECT and press <kbd>Ctrl</kbd> + <kbd>Enter</kbd>. Rows are changed in their table, or by
            functions.
          </p>
        </Empty>
      )}
    </section>
  );
}
