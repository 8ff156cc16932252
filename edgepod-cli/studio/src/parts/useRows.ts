/** The rows of a table by pages, as far as they are looked at. */
import { useCallback, useEffect, useRef, useState } from "react";
import { aborted, type Cell, type Condition, type Order, words } from "../lib/api.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { pagesOf, type Span } from "../lib/window.ts";

export const PAGE = 200;
/** Pages that are kept: 20,000 rows. */
const KEPT = 100;
/** How long a place has to be looked at before its rows are read: a fling over 100,000 rows reads few of them. */
const REST = 60;

interface Page {
  rows: Cell[][];
  /** Of which state of the table it is. */
  stamp: number;
}

interface Loaded {
  columns: string[];
  total: number;
  sql: string;
}

export interface Rows extends Loaded {
  rowAt: (row: number) => Cell[] | undefined;
  error: string;
  /** Whether what is shown is not what is asked for yet. */
  busy: boolean;
  onSpan: (span: Span) => void;
  /** Shows a row as it is now known to be, until it is read again. */
  put: (row: number, cells: Cell[]) => void;
}

export function useRows(table: string, where: readonly Condition[], order: readonly Order[], changed: number): Rows {
  const studio = useStudio();
  const { pod, life } = useStudioState();
  const key = JSON.stringify([pod, table, where, order]);
  const pages = useRef(new Map<number, Page>());
  const flying = useRef(new Map<number, AbortController>());
  const seen = useRef<Span>({ first: 0, end: 40 });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stamp = useRef(0);
  const current = useRef(key);
  const [loaded, setLoaded] = useState<Loaded & { key: string }>({ key: "", columns: [], total: 0, sql: "" });
  const [error, setError] = useState("");
  const [, setVersion] = useState(0);

  const reader = useRef<() => Promise<void>>(async () => {});
  const schedule = useCallback((pause: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void reader.current();
    }, pause);
  }, []);

  const read = useCallback(async () => {
    const asked = current.current;
    const [pod, table, where, order] = JSON.parse(asked) as [string | null, string, Condition[], Order[]];
    const wanted = pagesOf(
      { first: seen.current.first, end: Math.max(seen.current.end, seen.current.first + 1) },
      PAGE,
    );
    // What is no longer looked at need not be answered.
    for (const [page, abort] of flying.current) {
      if (wanted.includes(page)) continue;
      abort.abort();
      flying.current.delete(page);
    }
    for (const page of wanted) {
      const of = stamp.current;
      if (pages.current.get(page)?.stamp === of || flying.current.has(page)) continue;
      const abort = new AbortController();
      flying.current.set(page, abort);
      const count = page === wanted[0];
      try {
        const reply = await studio.api.rows(
          pod,
          { table, where, order, limit: PAGE, offset: page * PAGE, count },
          abort.signal,
        );
        if (current.current !== asked || abort.signal.aborted) return;
        pages.current.delete(page);
        pages.current.set(page, { rows: reply.rows, stamp: of });
        for (const old of pages.current.keys()) {
          if (pages.current.size <= KEPT) break;
          if (!wanted.includes(old)) pages.current.delete(old);
        }
        setLoaded((before) => ({
          key: asked,
          columns: reply.columns,
          sql: reply.sql,
          total: reply.total ?? (before.key === asked ? before.total : page * PAGE + reply.rows.length),
        }));
        setError("");
        setVersion((version) => version + 1);
      } catch (error) {
        if (aborted(error) || current.current !== asked) return;
        setError(words(error));
      } finally {
        if (flying.current.get(page) === abort) flying.current.delete(page);
      }
      // Written meanwhile: once more.
      if (stamp.current !== of && timer.current === undefined) schedule(REST);
    }
  }, [studio, schedule]);
  reader.current = read;

  // Another question: nothing of the last one holds, but it is shown until there is an answer.
  const shownKey = useRef("");
  useEffect(() => {
    current.current = key;
    for (const abort of flying.current.values()) abort.abort();
    flying.current.clear();
    // Another order or filter is looked at from its beginning.
    if (key !== shownKey.current) seen.current = { first: 0, end: 40 };
    const [pod, table] = JSON.parse(key);
    const [lastPod, lastTable] = shownKey.current ? JSON.parse(shownKey.current) : [];
    if (pod !== lastPod || table !== lastTable) {
      pages.current.clear();
      setLoaded({ key: "", columns: [], total: 0, sql: "" });
    }
    shownKey.current = key;
    stamp.current += 1;
    setError("");
    schedule(0);
  }, [key, schedule]);

  // The table was written, or the app is another: what is seen is read again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these say that the rows may be others
  useEffect(() => {
    stamp.current += 1;
    schedule(0);
  }, [changed, life, schedule]);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      for (const abort of flying.current.values()) abort.abort();
    },
    [],
  );

  const onSpan = useCallback(
    (span: Span) => {
      seen.current = span;
      schedule(REST);
    },
    [schedule],
  );

  const rowAt = useCallback((row: number) => pages.current.get(Math.floor(row / PAGE))?.rows[row % PAGE], []);
  const put = useCallback((row: number, cells: Cell[]) => {
    const page = pages.current.get(Math.floor(row / PAGE));
    if (page?.rows[row % PAGE]) page.rows[row % PAGE] = cells;
    setVersion((version) => version + 1);
  }, []);
  return { ...loaded, rowAt, put, error, busy: loaded.key !== key && error === "", onSpan };
}
