import { type ReactNode, useId } from "react";

interface PanelProps {
  title: string;
  /** How many there are, once that is known. */
  count?: number | undefined;
  children: ReactNode;
}

/** A card with a heading. */
export function Panel({ title, count, children }: PanelProps) {
  const heading = useId();
  return (
    <section className="panel" aria-labelledby={heading}>
      <h2 id={heading}>
        {title} {count !== undefined && <span className="count">{count}</span>}
      </h2>
      {children}
    </section>
  );
}

interface RowsProps<Row> {
  /** What a query returned so far. */
  rows: Row[] | undefined;
  error: { message: string } | null;
  /** Asks again. */
  retry: () => unknown;
  /** What is missing, where there is no row. */
  empty: ReactNode;
  /** What the rows are, for who cannot see them. */
  label: string;
  children: (row: Row) => ReactNode;
}

/** The rows of a query, in every state that it can be in. */
export function Rows<Row>({ rows, error, retry, empty, label, children }: RowsProps<Row>) {
  return (
    <>
      {error && (
        <div className="notice notice-error" role="alert">
          <span>{error.message}</span>
          <button type="button" className="button-quiet" onClick={() => retry()}>
            Try again
          </button>
        </div>
      )}
      {!rows && !error && <Skeleton label={`Loading ${label.toLowerCase()}`} />}
      {rows?.length === 0 && <p className="empty">{empty}</p>}
      {rows && rows.length > 0 && (
        <ul className="rows" aria-label={label}>
          {rows.map(children)}
        </ul>
      )}
    </>
  );
}

function Skeleton({ label }: { label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      <div />
      <div />
      <div />
    </div>
  );
}
