/** The editor in a cell. Enter saves, Escape leaves it as it was. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Cell } from "../lib/api.ts";
import { affinity, editText, parseCell } from "../lib/cells.ts";

export function CellEditor({
  column,
  type,
  notNull,
  was,
  onSave,
  onTrouble,
  onCancel,
}: {
  column: string;
  type: string;
  notNull: boolean;
  was: Cell;
  onSave: (cell: Cell) => void;
  onTrouble: (why: string) => void;
  onCancel: () => void;
}) {
  const [text, setText] = useState(() => editText(was));
  const input = useRef<HTMLTextAreaElement & HTMLSelectElement>(null);
  const isBoolean = affinity(type) === "boolean";
  useEffect(() => {
    input.current?.focus();
    input.current?.select?.();
  }, []);

  const setNull = () => (notNull ? onTrouble(`${column} cannot be NULL.`) : onSave(null));

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    } else if (event.altKey && event.code === "KeyN") {
      event.preventDefault();
      setNull();
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      event.preventDefault();
      const parsed = parseCell(text, type, was);
      if (parsed.ok) onSave(parsed.cell);
      else onTrouble(parsed.why);
    }
  };

  return (
    <span className="editor">
      {isBoolean ? (
        <select
          ref={input}
          aria-label={`New value of ${column}`}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={onKeyDown}
        >
          {!["0", "1"].includes(text) && <option value={text}>{text === "" ? "NULL" : text}</option>}
          <option value="1">true (1)</option>
          <option value="0">false (0)</option>
        </select>
      ) : (
        <textarea
          ref={input}
          aria-label={`New value of ${column}`}
          rows={Math.min(8, Math.max(1, text.split("\n").length))}
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={onKeyDown}
        />
      )}
      {!notNull && (
        <button type="button" tabIndex={-1} title="Alt + N" onClick={setNull}>
          NULL
        </button>
      )}
    </span>
  );
}
