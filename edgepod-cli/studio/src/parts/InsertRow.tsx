/** A new row of a table. What is not given is as the table's defaults have it. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { type Cell, type Column, type Row, type Table, words } from "../lib/api.ts";
import { parseCell } from "../lib/cells.ts";

type Way = "default" | "value" | "null";

export function InsertRow({
  table,
  onInsert,
  onClose,
}: {
  table: Table;
  onInsert: (row: Row) => Promise<void>;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [ways, setWays] = useState<Record<string, Way>>({});
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [trouble, setTrouble] = useState<Record<string, string>>({});
  const [refused, setRefused] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const columns = table.columns.filter(({ generated }) => !generated);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const row: Row = {};
    const wrong: Record<string, string> = {};
    for (const { name, type } of columns) {
      const way = ways[name] ?? "default";
      if (way === "default") continue;
      const parsed = way === "null" ? { ok: true as const, cell: null as Cell } : parseCell(texts[name] ?? "", type);
      if (parsed.ok) row[name] = parsed.cell;
      else wrong[name] = parsed.why;
    }
    setTrouble(wrong);
    setRefused("");
    if (Object.keys(wrong).length > 0) return;
    try {
      await onInsert(row);
      dialog.current?.close();
    } catch (error) {
      setRefused(words(error));
    }
  };

  return (
    <dialog ref={dialog} className="dialog dialog-wide" aria-labelledby="insert-title" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="insert-title">New row of {table.name}</h2>
        {columns.map((column) => (
          <Line
            key={column.name}
            column={column}
            way={ways[column.name] ?? "default"}
            text={texts[column.name] ?? ""}
            trouble={trouble[column.name]}
            onWay={(way) => setWays({ ...ways, [column.name]: way })}
            onText={(text) => {
              setTexts({ ...texts, [column.name]: text });
              setWays({ ...ways, [column.name]: "value" });
            }}
          />
        ))}
        {refused && (
          <p className="warning" role="alert">
            {refused}
          </p>
        )}
        <div className="dialog-foot">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="main">
            Insert
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Line({
  column,
  way,
  text,
  trouble,
  onWay,
  onText,
}: {
  column: Column;
  way: Way;
  text: string;
  trouble: string | undefined;
  onWay: (way: Way) => void;
  onText: (text: string) => void;
}) {
  return (
    <div className="form-line">
      <label htmlFor={`insert-${column.name}`}>
        {column.name} <span className="type">{column.type.toLowerCase() || "any"}</span>
      </label>
      <div className="form-input">
        <input
          id={`insert-${column.name}`}
          value={way === "value" ? text : ""}
          placeholder={way === "null" ? "NULL" : way === "default" ? "as by default" : "empty text"}
          onChange={({ target }) => onText(target.value)}
        />
        <select
          aria-label={`How ${column.name} is given`}
          value={way}
          onChange={({ target }) => onWay(target.value as Way)}
        >
          <option value="default">default</option>
          <option value="value">value</option>
          {!column.notNull && <option value="null">NULL</option>}
        </select>
      </div>
      {trouble && <p className="bad">{trouble}</p>}
    </div>
  );
}
