/** One table: its rows, filtered and sorted, to be looked at and changed. */
import { type KeyboardEvent, useCallback, useMemo, useState } from "react";
import {
  ApiError,
  type Cell,
  type Condition,
  type Edit,
  type EditReply,
  OPERATORS,
  type Operator,
  type Order,
  type Row,
  type Table,
  words,
} from "../lib/api.ts";
import { affinity, cellText, isCut, keyCells, keyOf, parseFilter, rowName, rowOf, sameCell } from "../lib/cells.ts";
import { plural } from "../lib/format.ts";
import { mainKey } from "../lib/keys.ts";
import { type Route, routeTo } from "../lib/route.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { CellEditor } from "../parts/CellEditor.tsx";
import { Grid, type Place, widths } from "../parts/Grid.tsx";
import { InsertRow } from "../parts/InsertRow.tsx";
import { Empty } from "../parts/parts.tsx";
import { useRows } from "../parts/useRows.ts";

interface FilterLine {
  id: number;
  column: string;
  op: Operator;
  text: string;
}

/** Why rows cannot be changed; null where they can. */
function whyNot(table: Table, write: boolean, development: boolean): string | null {
  if (!development) return "Reading only: rows are changed through builds for development.";
  if (!write) return "Reading only: start edgepod studio with --write to change rows.";
  if (table.system) return "Reading only: this table is EdgePod's own.";
  if (table.kind === "view") return "Reading only: a view has the rows of its tables.";
  if (keyOf(table).length === 0) return "Reading only: without a primary key a row cannot be named.";
  return null;
}

export function TableView({ table, route }: { table: Table; route: Route }) {
  const studio = useStudio();
  const { app, pod, changed } = useStudioState();
  const [lines, setLines] = useState<FilterLine[]>(() => initialLines(table, route));
  const [sorted, setSorted] = useState<Order | null>(null);
  const [cursor, setCursor] = useState<Place | null>(null);
  const [editing, setEditing] = useState<{ place: Place; column: string; was: Cell; row: Row } | null>(null);
  const [trouble, setTrouble] = useState("");
  const [inserts, setInserts] = useState(false);

  const where = useMemo(() => conditions(lines, table), [lines, table]);
  const order = useMemo(() => orderOf(table, sorted), [table, sorted]);
  const written = table.kind === "view" ? Math.max(0, ...changed.values()) : (changed.get(table.name) ?? 0);
  const rows = useRows(table.name, where, order, written);
  const refusal = whyNot(table, app?.write ?? false, app?.development ?? false);

  const links = useMemo(() => {
    const found = new Map<string, { table: string; to: string }>();
    for (const { columns, table: other, to } of table.references) {
      if (columns.length === 1 && columns[0] && to[0]) found.set(columns[0], { table: other, to: to[0] });
    }
    return found;
  }, [table]);

  const names = useMemo(
    () => (rows.columns.length > 0 ? rows.columns : table.columns.map(({ name }) => name)),
    [rows.columns, table],
  );
  // The widths are of the first rows that came: they stay while one scrolls.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `rows.columns` says that there are some
  const columns = useMemo(() => {
    const described = names.map((name) => {
      const column = table.columns.find((one) => one.name === name);
      const note = column && column.key > 0 ? "key" : column?.generated ? "made" : undefined;
      return { name, type: column?.type ?? "", note };
    });
    const some: Cell[][] = [];
    for (let r = 0; r < 60; r += 1) {
      const row = rows.rowAt(r);
      if (row) some.push(row);
    }
    const wide = widths(described, some);
    return described.map((column, i) => ({ ...column, width: wide[i] ?? 120 }));
  }, [names, table, rows.columns]);

  const change = async (edit: Edit, label: string, told?: string): Promise<EditReply | null> => {
    setTrouble("");
    try {
      const reply = await studio.api.edit(pod, edit);
      if (reply.undo) studio.did({ label, edit: reply.undo, pod });
      if (told) studio.tell(told, "good", reply.undo !== null);
      if (!reply.undo) studio.tell(`Done, and not to be undone here: ${label}. It has a value that is too long.`);
      studio.touch(table.name);
      return reply;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        setTrouble("");
        studio.tell(
          `Not changed: somebody has changed this row meanwhile, or it is gone. The table shows what is there now. (${error.message})`,
          "bad",
        );
        studio.touch(table.name);
        setEditing(null);
      } else if (editing) setTrouble(words(error));
      else studio.tell(words(error), "bad");
      return null;
    }
  };

  const rowAtCursor = (): Row | null => {
    const cells = cursor ? rows.rowAt(cursor.row) : undefined;
    return cells ? rowOf(names, cells) : null;
  };

  const edit = (place: Place) => {
    setCursor(place);
    setTrouble("");
    const cells = rows.rowAt(place.row);
    const name = names[place.column];
    if (!cells || name === undefined) return;
    if (refusal) {
      studio.tell(refusal);
      return;
    }
    const column = table.columns.find((one) => one.name === name);
    const was = cells[place.column] ?? null;
    if (column?.generated) studio.tell(`${name} is made from other columns: change those.`);
    else if (isCut(was)) studio.tell("Only the beginning of this value is here: change it by a function of the app.");
    else setEditing({ place, column: name, was, row: rowOf(names, cells) });
  };

  const setCell = async (place: Place, row: Row, name: string, was: Cell, cell: Cell): Promise<void> => {
    if (sameCell(was, cell)) {
      setEditing(null);
      return;
    }
    const key = keyCells(table, row);
    if (!key) {
      setTrouble("The row's key is not here as a whole: it cannot be named.");
      return;
    }
    const done = await change(
      { table: table.name, set: { [name]: cell }, where: key, was: { [name]: was } },
      `${name} of ${table.name}, ${rowName(key)}`,
    );
    if (!done) return;
    rows.put(
      place.row,
      names.map((one) => done.row?.[one] ?? (one === name ? cell : (row[one] ?? null))),
    );
    setEditing(null);
  };

  const remove = async (): Promise<void> => {
    const row = rowAtCursor();
    if (!row || refusal) return;
    const key = keyCells(table, row);
    if (!key) return;
    const others = (studio.state.schema ?? []).filter(({ references }) =>
      references.some((one) => one.table === table.name),
    );
    const alone =
      others.length > 0
        ? ` Undo brings back this row; what went with it in ${others.map(({ name }) => name).join(", ")}, it does not.`
        : "";
    const label = `the row ${rowName(key)} of ${table.name} deleted`;
    await change({ table: table.name, delete: key }, label, `Deleted: ${rowName(key)}.${alone}`);
  };

  const onKey = (event: KeyboardEvent) => {
    if (mainKey(event) && (event.key === "Backspace" || event.key === "Delete")) {
      event.preventDefault();
      void remove();
    } else if (event.altKey && event.code === "KeyN" && cursor && !refusal) {
      event.preventDefault();
      const row = rowAtCursor();
      const name = names[cursor.column];
      if (row && name !== undefined) void setCell(cursor, row, name, row[name] ?? null, null);
    }
  };

  const onOrder = useCallback((column: string) => {
    setCursor(null);
    setEditing(null);
    setSorted((before) =>
      before?.column !== column
        ? { column, descending: false }
        : before.descending
          ? null
          : { column, descending: true },
    );
  }, []);

  const editedColumn = editing && table.columns.find(({ name }) => name === editing.column);
  return (
    <section className="table" aria-label={`Table ${table.name}`}>
      <div className="bar">
        <h2>{table.name}</h2>
        <span className="faint" role="status" aria-label="Rows">
          {rows.busy ? "reading…" : plural(rows.total, "row")}
        </span>
        <span className="bar-space" />
        {refusal && (
          <span className="faint refusal" role="note">
            {refusal}
          </span>
        )}
        <button type="button" onClick={() => setLines([...lines, newLine(table, lines)])}>
          Filter
        </button>
        {!refusal && (
          <>
            <button type="button" disabled={!cursor} onClick={() => void remove()}>
              Delete row
            </button>
            <button type="button" className="main" onClick={() => setInserts(true)}>
              Insert row
            </button>
          </>
        )}
      </div>
      {lines.length > 0 && (
        <Filters
          table={table}
          lines={lines}
          onChange={(next) => {
            setLines(next);
            setCursor(null);
            setEditing(null);
          }}
        />
      )}
      {(trouble || rows.error) && (
        <p className="warning" role="alert">
          {trouble || rows.error}
        </p>
      )}
      {rows.total === 0 && !rows.busy && !rows.error ? (
        <Empty title={where.length > 0 ? "No row is like that." : `${table.name} has no rows yet.`}>
          <p>
            {where.length > 0
              ? "Change the filter above, or take it away."
              : refusal
                ? refusal
                : "Insert one above, or run a function that does."}
          </p>
        </Empty>
      ) : (
        <Grid
          label={`Rows of ${table.name}`}
          columns={columns}
          count={rows.total}
          rowAt={rows.rowAt}
          order={sorted ? [sorted] : []}
          onOrder={onOrder}
          onSpan={rows.onSpan}
          cursor={cursor}
          onCursor={(place) => {
            setCursor(place);
            setEditing(null);
            setTrouble("");
          }}
          onEdit={edit}
          onKey={onKey}
          dim={rows.busy}
          about={JSON.stringify([where, order])}
          editor={
            editing && (
              <CellEditor
                column={editing.column}
                type={editedColumn?.type ?? ""}
                notNull={editedColumn?.notNull ?? false}
                was={editing.was}
                onSave={(cell) => void setCell(editing.place, editing.row, editing.column, editing.was, cell)}
                onTrouble={setTrouble}
                onCancel={() => {
                  setEditing(null);
                  setTrouble("");
                }}
              />
            )
          }
          cellExtra={(c, cell) => {
            const name = names[c];
            const link = name === undefined ? undefined : links.get(name);
            if (!link || cell === null) return null;
            return (
              <a
                className="cell-link"
                tabIndex={-1}
                href={routeTo("data", link.table, { column: link.to, value: cellText(cell) })}
                aria-label={`Show ${link.table} ${cellText(cell)}`}
                title={`Show the row of ${link.table}`}
              >
                →
              </a>
            );
          }}
        />
      )}
      {inserts && (
        <InsertRow
          table={table}
          onClose={() => setInserts(false)}
          onInsert={async (row) => {
            const { row: made, undo } = await studio.api.edit(pod, { table: table.name, insert: row });
            const key = made ? keyCells(table, made) : null;
            const name = key ? rowName(key) : "a row";
            if (undo) studio.did({ label: `${name} of ${table.name} inserted`, edit: undo, pod });
            studio.tell(`Inserted: ${name}.`, "good", undo !== null);
            studio.touch(table.name);
          }}
        />
      )}
    </section>
  );
}

let lineIds = 0;

function newLine(table: Table, lines: readonly FilterLine[]): FilterLine {
  lineIds += 1;
  // The second line is hardly of the same column as the first.
  const column = table.columns[Math.min(lines.length, table.columns.length - 1)];
  const op = column && affinity(column.type) === "text" ? "contains" : "=";
  return { id: lineIds, column: column?.name ?? "", op, text: "" };
}

/** A link to a row says which column and value. */
function initialLines(table: Table, route: Route): FilterLine[] {
  const { column, value } = route.more;
  if (column === undefined || value === undefined || !table.columns.some(({ name }) => name === column)) return [];
  lineIds += 1;
  return [{ id: lineIds, column, op: "=", text: value }];
}

function isUnary(op: Operator): boolean {
  return op === "is null" || op === "is not null";
}

/** The conditions of the lines that say something. */
function conditions(lines: readonly FilterLine[], table: Table): Condition[] {
  return lines
    .filter(({ op, text }) => isUnary(op) || text !== "")
    .map(({ column, op, text }) => {
      if (isUnary(op)) return { column, op };
      const type = table.columns.find(({ name }) => name === column)?.type ?? "";
      return { column, op, value: parseFilter(text, type, op) };
    });
}

/** The key decides among equals, so that pages fit together. */
function orderOf(table: Table, sorted: Order | null): Order[] {
  const key = keyOf(table).map(({ name }) => ({ column: name, descending: false }));
  return sorted ? [sorted, ...key.filter(({ column }) => column !== sorted.column)] : key;
}

function Filters({
  table,
  lines,
  onChange,
}: {
  table: Table;
  lines: readonly FilterLine[];
  onChange: (lines: FilterLine[]) => void;
}) {
  const set = (id: number, change: Partial<FilterLine>) =>
    onChange(lines.map((line) => (line.id === id ? { ...line, ...change } : line)));
  return (
    <ul className="filters" aria-label="Filters">
      {lines.map((line, i) => (
        <li key={line.id}>
          <span className="faint">{i === 0 ? "where" : "and"}</span>
          <select
            aria-label="Column"
            value={line.column}
            onChange={({ target }) => set(line.id, { column: target.value })}
          >
            {table.columns.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <select
            aria-label="Operator"
            value={line.op}
            onChange={({ target }) => set(line.id, { op: target.value as Operator })}
          >
            {OPERATORS.map((op) => (
              <option key={op}>{op}</option>
            ))}
          </select>
          {!isUnary(line.op) && (
            <input
              aria-label="Value"
              data-filter
              placeholder="value"
              // biome-ignore lint/a11y/noAutofocus: the line was asked for to be typed into
              autoFocus={line.text === ""}
              value={line.text}
              onChange={({ target }) => set(line.id, { text: target.value })}
            />
          )}
          <button
            type="button"
            className="quiet"
            aria-label="Remove this filter"
            onClick={() => onChange(lines.filter(({ id }) => id !== line.id))}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
