import { describe, expect, test } from "vitest";
import { entriesOf, fieldOf, formJson, readField, readForm } from "../src/lib/form.ts";
import { readTypes } from "../src/lib/tstype.ts";

const types = readTypes([{ name: "User", declaration: "type User = { id: number };" }]);
const field = (type: string, optional = false) => fieldOf({ name: "a", type, optional }, types);
const typed = (text: string) => ({ text, isNull: false });

describe("a field", () => {
  test.each([
    ["string", { kind: "text" }],
    ["string | null", { kind: "text" }],
    ["number", { kind: "number" }],
    ["boolean", { kind: "select", options: [true, false] }],
    ['"a" | "b" | null', { kind: "select", options: ["a", "b"] }],
    ["1 | 2", { kind: "select", options: [1, 2] }],
    ["User", { kind: "json" }],
    ["Array<string>", { kind: "json" }],
    ["string | number", { kind: "json" }],
    ["null", { kind: "json" }],
  ])("of %s", (type, input) => {
    expect(field(type).input).toEqual(input);
  });

  test("knows null from left out", () => {
    expect(field("string | null", true)).toMatchObject({ nullable: true, optional: true });
    expect(field("string")).toMatchObject({ nullable: false, optional: false });
  });

  test.each([
    ["string", "7", "7"],
    ["string", "", ""],
    ["number", " 4.5 ", 4.5],
    ["number", "-3", -3],
    ["boolean", "false", false],
    ['"a" | "b"', '"b"', "b"],
    ["User", '{"id": 7}', { id: 7 }],
  ])("of %s takes %s", (type, text, value) => {
    expect(readField(field(type), typed(text), types)).toEqual({ ok: true, value, given: true });
  });

  test.each([
    ["number", "seven", "This is no number."],
    ["number", "", "A number is missing."],
    ["number", "9007199254740993", "JSON from a page does not hold"],
    ["boolean", "", "Choose one."],
    ["User", "{", "This is no JSON"],
    ["User", '{"id": "7"}', "By its type, id should be a number, and is a string."],
    ["User", "", "JSON is missing."],
  ])("of %s refuses %s", (type, text, why) => {
    const read = readField(field(type), typed(text), types);
    expect(read.ok ? "" : read.why).toContain(why);
  });

  test("that may be left out is, where nothing is typed", () => {
    for (const type of ["string", "number", "boolean", "User"]) {
      expect(readField(field(type, true), typed(""), types)).toMatchObject({ given: false });
    }
  });

  test("that is null is null, whatever stands in it", () => {
    expect(readField(field("number | null"), { text: "7", isNull: true }, types)).toMatchObject({ value: null });
  });
});

describe("a form", () => {
  const fields = [
    fieldOf({ name: "id", type: "number" }, types),
    fieldOf({ name: "name", type: "string | null", optional: true }, types),
    fieldOf({ name: "by", type: "User" }, types),
  ];

  test("is read as a whole, and says of each field what is wrong", () => {
    expect(readForm(fields, { id: typed("x") }, types)).toEqual({
      ok: false,
      wrong: { id: "This is no number.", by: "JSON is missing." },
    });
    expect(readForm(fields, { id: typed("7"), by: typed('{"id":1}') }, types)).toEqual({
      ok: true,
      args: { id: 7, by: { id: 1 } },
    });
  });

  test("goes on as JSON, with samples for what is needed", () => {
    expect(JSON.parse(formJson(fields, { id: typed("7") }, types))).toEqual({ id: 7, by: { id: 0 } });
  });

  test("takes the arguments of an earlier call", () => {
    const args = { id: 7, name: null, by: { id: 1 } };
    const read = readForm(fields, entriesOf(fields, args), types);
    expect(read).toEqual({ ok: true, args });
  });
});
