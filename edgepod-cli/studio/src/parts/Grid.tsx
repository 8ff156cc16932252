/** A table of any length, of which only what is seen is drawn. */
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Cell, Order } from "../lib/api.ts";
import { cellText, look, TIME } from "../lib/cells.ts";
import { count as counted, timeOf } from "../lib/format.ts";
import { mainKey, step } from "../lib/keys.ts";
import { type Span, TALLEST } from "../lib/window.ts";
import { useWindow } from "./useWindow.ts";

export const GRID_ROW = 30;
const HEAD = 34;

export interface GridColumn {
  name: string;
  type: string;
  /** What stands beside the name: that it is a key, say. */
  note?: string;
  width: number;
}

export interface Place {
  row: number;
  column: number;
}

export function Grid({
  label,
  columns: given,
  count,
  rowAt,
  order,
  onOrder,
  onSpan,
  cursor,
  onCursor,
  editor,
  onEdit,
  onKey,
  cellExtra,
  dim = false,
  about,
}: {
  label: string;
  columns: readonly GridColumn[];
  count: number;
  /** The cells of a row; undefined while they are not there. */
  rowAt: (row: number) => readonly Cell[] | undefined;
  order?: readonly Order[];
  onOrder?: (column: string) => void;
  /** Told which rows are seen. */
  onSpan?: (span: Span) => void;
  cursor: Place | null;
  onCursor: (place: Place | null) => void;
  /** What stands in the cursor's cell while it is edited. */
  editor?: ReactNode;
  onEdit?: (place: Place) => void;
  onKey?: (event: KeyboardEvent) => void;
  /** What stands in a cell beside its value, as a link. */
  cellExtra?: (column: number, cell: Cell) => ReactNode;
  dim?: boolean;
  /** What the rows are of: where it changes, one looks at their beginning. */
  about?: string;
}) {
  const id = useId();
  // Widths that were pulled at.
  const [pulled, setPulled] = useState<Readonly<Record<string, number>>>({});
  const columns = useMemo(
    () => given.map((column) => ({ ...column, width: pulled[column.name] ?? column.width })),
    [given, pulled],
  );
  const box = useRef<HTMLDivElement>(null);
  // Browsers draw only so far down: what is below is found by filtering.
  const drawn = Math.min(count, Math.floor(TALLEST / GRID_ROW));
  const { first, end, show } = useWindow(box, drawn, GRID_ROW, HEAD);
  useEffect(() => onSpan?.({ first, end }), [first, end, onSpan]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is done anew for each
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
  }, [about]);

  const isEditing = editor !== undefined && editor !== null;
  // The table has the keys again when a cell is done.
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !isEditing) box.current?.focus({ preventScroll: true });
    wasEditing.current = isEditing;
  }, [isEditing]);

  const template = columns.map(({ width }) => `${width}px`).join(" ");
  const total = columns.reduce((sum, { width }) => sum + width, 0);

  const reach = useCallback(
    (place: Place) => {
      show(place.row);
      const element = box.current;
      if (!element) return;
      const left = columns.slice(0, place.column).reduce((sum, { width }) => sum + width, 0);
      const width = columns[place.column]?.width ?? 0;
      if (left < element.scrollLeft) element.scrollLeft = left;
      else if (left + width > element.scrollLeft + element.clientWidth)
        element.scrollLeft = left + width - element.clientWidth;
    },
    [show, columns],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    // Keys of an editor or a link in a cell are theirs.
    if (event.target !== box.current) return;
    if (event.key === "Enter" && cursor && onEdit && !mainKey(event)) {
      event.preventDefault();
      onEdit(cursor);
      return;
    }
    if (event.key === "Escape" && cursor) {
      event.preventDefault();
      onCursor(null);
      return;
    }
    if (mainKey(event) && event.key === "c" && cursor && getSelection()?.isCollapsed !== false) {
      const cell = rowAt(cursor.row)?.[cursor.column];
      if (cell !== undefined) void navigator.clipboard?.writeText(cell === null ? "" : cellText(cell));
      return;
    }
    const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? 0) - HEAD) / GRID_ROW) - 1);
    const down = step(event, page);
    const right = mainKey(event) ? 0 : event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if ((down !== 0 || right !== 0) && drawn > 0) {
      event.preventDefault();
      const from = cursor ?? { row: first, column: 0 };
      const place = cursor
        ? {
            row: Math.max(0, Math.min(drawn - 1, from.row + down)),
            column: Math.max(0, Math.min(columns.length - 1, from.column + right)),
          }
        : from;
      onCursor(place);
      reach(place);
      return;
    }
    onKey?.(event);
  };

  const rows: ReactNode[] = [];
  for (let r = first; r < end; r += 1) {
    const cells = rowAt(r);
    rows.push(
      <div
        key={r}
        role="row"
        aria-rowindex={r + 2}
        className={`grid-row ${cursor?.row === r ? "grid-row-at" : ""} ${r % 2 === 1 ? "grid-row-odd" : ""}`}
        style={{ transform: `translateY(${r * GRID_ROW}px)`, gridTemplateColumns: template }}
      >
        {columns.map((column, c) => {
          const cell = cells?.[c];
          const isAt = cursor?.row === r && cursor.column === c;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys
            <div
              key={column.name}
              id={isAt ? `${id}-at` : undefined}
              role="gridcell"
              aria-colindex={c + 1}
              aria-selected={isAt}
              className={`cell cell-${cell === undefined ? "wait" : look(cell)} ${isAt ? "cell-at" : ""}`}
              onClick={() => {
                if (!(isAt && isEditing)) onCursor({ row: r, column: c });
              }}
              onDoubleClick={() => {
                if (!isEditing) onEdit?.({ row: r, column: c });
              }}
            >
              {isAt && isEditing ? (
                editor
              ) : cell === undefined ? (
                <span className="cell-dots" aria-hidden="true" />
              ) : (
                <>
                  <span className="cell-text" title={timeOf(column.name, cell, column.type === TIME) ?? undefined}>
                    {cellText(cell).slice(0, 300)}
                  </span>
                  {cellExtra?.(c, cell)}
                </>
              )}
            </div>
          );
        })}
      </div>,
    );
  }

  return (
    <>
      <div
        className={`grid ${dim ? "grid-dim" : ""}`}
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        aria-busy={dim}
        aria-activedescendant={cursor && cursor.row >= first && cursor.row < end ? `${id}-at` : undefined}
        tabIndex={0}
        data-list
        ref={box}
        onKeyDown={onKeyDown}
      >
        <div role="row" aria-rowindex={1} className="grid-head" style={{ gridTemplateColumns: template, width: total }}>
          {columns.map((column, c) => {
            const sorted = order?.find((one) => one.column === column.name);
            return (
              <div
                key={column.name}
                role="columnheader"
                aria-colindex={c + 1}
                aria-sort={sorted ? (sorted.descending ? "descending" : "ascending") : "none"}
                className="grid-title"
                title={`${column.name} ${column.type}`.trim()}
              >
                {onOrder ? (
                  <button type="button" tabIndex={-1} onClick={() => onOrder(column.name)}>
                    {column.name}
                    {sorted && <span aria-hidden="true">{sorted.descending ? " ↓" : " ↑"}</span>}
                  </button>
                ) : (
                  <span>{column.name}</span>
                )}
                {column.note && <span className="grid-note">{column.note}</span>}
                <span
                  className="grid-grip"
                  aria-hidden="true"
                  onPointerDown={(event) => {
                    event.preventDefault();
                    event.currentTarget.setPointerCapture(event.pointerId);
                  }}
                  onPointerMove={({ currentTarget, pointerId, movementX }) => {
                    if (!currentTarget.hasPointerCapture(pointerId)) return;
                    const width = Math.max(48, column.width + movementX);
                    setPulled((before) => ({ ...before, [column.name]: width }));
                  }}
                />
              </div>
            );
          })}
        </div>
        <div role="presentation" className="grid-rows" style={{ height: drawn * GRID_ROW, width: total }}>
          {rows}
        </div>
      </div>
      {drawn < count && (
        <p className="faint grid-more">The first {counted(drawn)} rows are drawn: filter to see the others.</p>
      )}
    </>
  );
}

/** Widths by what is in the columns: of the names, and of some rows. */
export function widths(
  columns: readonly { name: string; note?: string }[],
  rows: readonly (readonly Cell[])[],
): number[] {
  return columns.map(({ name, note }, c) => {
    let longest = name.length + (note ? note.length + 1 : 0) + 2;
    for (const row of rows.slice(0, 60)) longest = Math.max(longest, cellText(row[c] ?? null).length);
    return Math.max(76, Math.min(340, Math.round(longest * 8) + 40));
  });
}
