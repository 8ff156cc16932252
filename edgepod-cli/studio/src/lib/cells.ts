/** Values of the database: how they are shown, and how what is typed becomes one. */
import type { Cell, Column, Manifest, Row, Table } from "./api.ts";

/** What a cell's text stands for, for its look. */
export type CellLook = "null" | "number" | "text" | "blob";

export function look(cell: Cell): CellLook {
  if (cell === null) return "null";
  if (typeof cell === "number") return "number";
  if (typeof cell === "string") return "text";
  if ("integer" in cell) return "number";
  return "blob" in cell ? "blob" : "text";
}

/** A cell in one line. */
export function cellText(cell: Cell): string {
  if (cell === null) return "NULL";
  if (typeof cell === "number") return `${cell}`;
  if (typeof cell === "string") return cell;
  if ("integer" in cell) return cell.integer;
  if ("text" in cell) return `${cell.text}…`;
  const more = cell.blob.length / 2 < cell.bytes ? "…" : "";
  return `x'${cell.blob}${more}' (${cell.bytes} ${cell.bytes === 1 ? "byte" : "bytes"})`;
}

/** Whether only the beginning of the value is here: such a one cannot be edited. */
export function isCut(cell: Cell): boolean {
  if (cell === null || typeof cell !== "object") return false;
  if ("text" in cell) return true;
  return "blob" in cell && cell.blob.length / 2 < cell.bytes;
}

/** What an editor begins with. */
export function editText(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "object" && "blob" in cell) return cell.blob;
  if (typeof cell === "object" && "text" in cell) return cell.text;
  return cellText(cell);
}

export function sameCell(a: Cell, b: Cell): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What a column holds, by SQLite's rules of affinity. */
export type Affinity = "integer" | "real" | "numeric" | "text" | "blob" | "boolean" | "time" | "json";

/** The type of a column whose numbers are times. */
export const TIME = "TIMESTAMP (µs)";

/** What the app's structs say of columns, where SQLite knows numbers and texts only. */
const MEANINGS: Readonly<Record<string, string>> = { boolean: "BOOLEAN", timestamp: TIME, json: "JSON" };

/** A table with the types that its struct means. */
export function withMeanings(table: Table, manifest: Manifest): Table {
  const declared = manifest.tables?.find(({ name }) => name === table.name)?.columns ?? [];
  const typeOf = ({ name, type }: Column) =>
    MEANINGS[declared.find((column) => column.name === name)?.meaning ?? ""] ?? type;
  return { ...table, columns: table.columns.map((column) => ({ ...column, type: typeOf(column) })) };
}

export function affinity(type: string): Affinity {
  if (type === TIME) return "time";
  const upper = type.toUpperCase();
  if (upper === "JSON") return "json";
  if (upper.includes("BOOL")) return "boolean";
  if (upper.includes("INT")) return "integer";
  if (/CHAR|CLOB|TEXT/.test(upper)) return "text";
  if (upper === "" || upper.includes("BLOB") || upper === "ANY") return "blob";
  if (/REAL|FLOA|DOUB/.test(upper)) return "real";
  return "numeric";
}

export type Parsed = { ok: true; cell: Cell } | { ok: false; why: string };

/** The smallest and the largest integer of SQLite. */
const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

/** An integer as a cell: a number where JSON holds it exactly. */
function integer(text: string): Parsed {
  const value = BigInt(text);
  if (value < LOWEST || value > HIGHEST)
    return { ok: false, why: "This is more than SQLite's integers hold (64 bits)." };
  const number = Number(value);
  return { ok: true, cell: Number.isSafeInteger(number) ? number : { integer: value.toString() } };
}

/** What is typed for a column, as a cell. `before` decides where a column may hold anything. */
export function parseCell(text: string, type: string, before: Cell = null): Parsed {
  const trimmed = text.trim();
  const isInteger = /^[+-]?\d+$/.test(trimmed);
  const isNumber = isInteger || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed);
  const whole = () => integer(trimmed.replace(/^\+/, ""));
  switch (affinity(type)) {
    case "boolean":
      if (/^(true|1)$/i.test(trimmed)) return { ok: true, cell: 1 };
      if (/^(false|0)$/i.test(trimmed)) return { ok: true, cell: 0 };
      return { ok: false, why: "This column holds true or false (1 or 0)." };
    case "time": {
      if (isInteger) return whole();
      const ms = Date.parse(trimmed);
      if (!Number.isNaN(ms)) return integer(`${ms * 1000}`);
      return { ok: false, why: "This column holds times: microseconds since 1970, or a date as 2026-11-28T12:00:00Z." };
    }
    case "json":
      try {
        JSON.parse(text);
        return { ok: true, cell: text };
      } catch {
        return { ok: false, why: 'This column holds JSON: a text is written with quotes, as "word".' };
      }
    case "integer":
      if (isInteger) return whole();
      return { ok: false, why: "This column holds whole numbers, as 42." };
    case "real":
      if (isNumber && Number.isFinite(Number(trimmed))) return { ok: true, cell: Number(trimmed) };
      return { ok: false, why: "This column holds numbers, as 4.2." };
    case "numeric":
      if (isInteger) return whole();
      return { ok: true, cell: isNumber ? Number(trimmed) : text };
    case "text":
      return { ok: true, cell: text };
    case "blob": {
      const isBlob = (before !== null && typeof before === "object" && "blob" in before) || /^x'.*'$/i.test(trimmed);
      if (!isBlob)
        return type === "" || /any/i.test(type) ? loose(text, isInteger, whole, before) : { ok: true, cell: text };
      const hex = trimmed.replace(/^x'(.*)'$/i, "$1").toLowerCase();
      if (!/^([0-9a-f]{2})*$/.test(hex))
        return { ok: false, why: "Bytes are written in pairs of hexadecimal digits, as 00ff." };
      return { ok: true, cell: { blob: hex, bytes: hex.length / 2 } };
    }
  }
}

/** A column without a type keeps the kind of value that it had. */
function loose(text: string, isInteger: boolean, whole: () => Parsed, before: Cell): Parsed {
  if (isInteger && look(before) === "number") return whole();
  return { ok: true, cell: text };
}

/** The value of a condition: a number for a column of numbers, where it is one. */
export function parseFilter(text: string, type: string, op: string): Cell {
  if (op === "contains" || op === "starts") return text;
  const parsed = parseCell(text, type);
  return parsed.ok ? parsed.cell : text;
}

/** The columns of the primary key, in its order. */
export function keyOf(table: Table): Column[] {
  return table.columns.filter((column) => column.key > 0).sort((a, b) => a.key - b.key);
}

/** What names a row, where it can be named: it has a key, and all of it is here. */
export function keyCells(table: Table, row: Row): Row | null {
  const key = keyOf(table);
  if (key.length === 0) return null;
  const cells: Row = {};
  for (const { name } of key) {
    const cell = row[name];
    if (cell === undefined || isCut(cell)) return null;
    cells[name] = cell;
  }
  return cells;
}

/** A row by the names of its columns. */
export function rowOf(columns: readonly string[], cells: readonly Cell[]): Row {
  return Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? null]));
}

/** Cells as what is copied into other programs: a line of JSON where it is no plain value. */
export function rowName(key: Row): string {
  return Object.entries(key)
    .map(([name, cell]) => `${name} ${cellText(cell)}`)
    .join(", ");
}
