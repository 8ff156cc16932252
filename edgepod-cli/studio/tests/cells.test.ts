import { describe, expect, test } from "vitest";
import type { Cell, Table } from "../src/lib/api.ts";
import { cellText, isCut, keyCells, parseCell, parseFilter, TIME, withMeanings } from "../src/lib/cells.ts";

describe("what is typed becomes a cell", () => {
  test.each<[string, string, Cell]>([
    ["42", "INTEGER", 42],
    ["+42", "BIGINT", 42],
    ["9223372036854775807", "INTEGER", { integer: "9223372036854775807" }],
    ["4.5", "REAL", 4.5],
    ["1e3", "DOUBLE", 1000],
    ["42", "TEXT", "42"],
    ["", "TEXT", ""],
    ["  spaces stay ", "VARCHAR(20)", "  spaces stay "],
    ["true", "BOOLEAN", 1],
    ["0", "BOOL", 0],
    ["x'00FF'", "BLOB", { blob: "00ff", bytes: 2 }],
    ["12.5", "NUMERIC", 12.5],
    ["2026-11-28T05:19:23.541Z", TIME, 1_795_843_163_541_000],
    ["1795843163541000", TIME, 1_795_843_163_541_000],
    ['{"a": 1}', "JSON", '{"a": 1}'],
    ["a word", "NUMERIC", "a word"],
  ])("%s for %s", (text, type, cell) => {
    expect(parseCell(text, type)).toEqual({ ok: true, cell });
  });

  test.each([
    ["4.5", "INTEGER"],
    ["", "INTEGER"],
    ["9223372036854775808", "INTEGER"],
    ["wide", "REAL"],
    ["perhaps", "BOOLEAN"],
    ["tomorrow", TIME],
    ["word", "JSON"],
    ["x'0'", "BLOB"],
  ])("%s is refused for %s", (text, type) => {
    expect(parseCell(text, type).ok).toBe(false);
  });

  test("bytes stay bytes", () => {
    expect(parseCell("00", "BLOB", { blob: "ff", bytes: 1 })).toEqual({ ok: true, cell: { blob: "00", bytes: 1 } });
  });

  test("a filter compares numbers with numbers, and text where it is none", () => {
    expect(parseFilter("7", "INTEGER", "=")).toBe(7);
    expect(parseFilter("7", "INTEGER", "contains")).toBe("7");
    expect(parseFilter("seven", "INTEGER", "=")).toBe("seven");
  });
});

describe("cells are shown", () => {
  test.each<[Cell, string, boolean]>([
    [null, "NULL", false],
    [7, "7", false],
    [{ integer: "9223372036854775807" }, "9223372036854775807", false],
    [{ blob: "00ff", bytes: 2 }, "x'00ff' (2 bytes)", false],
    [{ blob: "00", bytes: 300 }, "x'00…' (300 bytes)", true],
    [{ text: "long", length: 2000 }, "long…", true],
  ])("%j", (cell, text, cut) => {
    expect(cellText(cell)).toBe(text);
    expect(isCut(cell)).toBe(cut);
  });
});

test("a row is named by its key, in the key's order, or not at all", () => {
  const column = (name: string, key: number) => ({ name, type: "TEXT", notNull: true, key, generated: false });
  const table: Table = {
    name: "seats",
    kind: "table",
    declared: true,
    columns: [column("row", 2), column("hall", 1), column("who", 0)],
    references: [],
    rows: null,
  };
  expect(Object.entries(keyCells(table, { row: "b", hall: "a", who: "c" }) ?? {})).toEqual([
    ["hall", "a"],
    ["row", "b"],
  ]);
  expect(keyCells(table, { row: "b", who: "c" })).toBeNull();
  expect(keyCells({ ...table, columns: [column("who", 0)] }, { who: "c" })).toBeNull();
});

test("the app's structs say what numbers mean", () => {
  const column = (name: string) => ({ name, type: "INTEGER", notNull: true, key: 0, generated: false });
  const table: Table = {
    name: "notes",
    kind: "table",
    declared: true,
    columns: [column("done"), column("made_at"), column("size")],
    references: [],
    rows: null,
  };
  const columns = [
    { name: "done", meaning: "boolean" },
    { name: "made_at", meaning: "timestamp" },
    { name: "size", meaning: "plain" },
  ];
  const manifest = { edgepod: "", app: "", functions: [], types: [], tables: [{ name: "notes", columns }] };
  expect(withMeanings(table, manifest).columns.map(({ type }) => type)).toEqual(["BOOLEAN", TIME, "INTEGER"]);
  expect(withMeanings(table, { ...manifest, tables: [] })).toEqual(table);
});
