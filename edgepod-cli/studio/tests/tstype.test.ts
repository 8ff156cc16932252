import { describe, expect, test } from "vitest";
import { alternatives, mismatch, readType, readTypes, resolve, sample } from "../src/lib/tstype.ts";

const types = readTypes([
  { name: "User", declaration: "type User = { id: number, email: string, name: string | null, };" },
  {
    name: "Post",
    declaration: "type Post = { id: number, \n/**\n * As it is shown in lists.\n */\ntitle: string, by?: User };",
  },
  { name: "Role", declaration: 'type Role = "admin" | "member";' },
  { name: "Tree", declaration: "type Tree = { value: number, children: Array<Tree> };" },
  { name: "Loop", declaration: "type Loop = Loop;" },
  { name: "Base64", declaration: "type Base64 = string;" },
  { name: "Page", declaration: "type Page<T> = { items: Array<T> };" },
  { name: "Map", declaration: "type Map = { [key in string]?: number };" },
  {
    name: "Shape",
    declaration: 'type Shape = { "kind": "circle", radius: number } | { "kind": "square", side: number };',
  },
]);

describe("types are read", () => {
  test.each([
    ["string", { kind: "string" }],
    ["User", { kind: "named", name: "User" }],
    ['"a"', { kind: "literal", value: "a" }],
    ['"a \\"quoted\\" word"', { kind: "literal", value: 'a "quoted" word' }],
    ["-3", { kind: "literal", value: -3 }],
    ["true", { kind: "literal", value: true }],
    ["Array<string>", { kind: "array", item: { kind: "string" } }],
    ["string[]", { kind: "array", item: { kind: "string" } }],
    ["(string | null)[]", { kind: "array", item: { kind: "union", members: [{ kind: "string" }, { kind: "null" }] } }],
    ["number | null", { kind: "union", members: [{ kind: "number" }, { kind: "null" }] }],
    [
      "{ tags: Array<string>; by?: User }",
      {
        kind: "object",
        members: [
          { name: "tags", type: { kind: "array", item: { kind: "string" } }, optional: false },
          { name: "by", type: { kind: "named", name: "User" }, optional: true },
        ],
      },
    ],
    [
      '{ "content-type": string, }',
      { kind: "object", members: [{ name: "content-type", type: { kind: "string" }, optional: false }] },
    ],
    ["größe", { kind: "named", name: "größe" }],
  ])("%s", (text, type) => {
    expect(readType(text)).toEqual(type);
  });

  test.each([
    "{ [key in string]?: number }",
    "[number, string]",
    "Record<string, unknown>",
    "A & B",
    "keyof User",
    "",
    "{ a: }",
    "`a`",
    "unknown",
  ])("%s is JSON of any kind", (text) => {
    expect(readType(text).kind).toBe("other");
  });

  test("names are followed, and those that lead nowhere are JSON of any kind", () => {
    expect(resolve({ kind: "named", name: "Base64" }, types)).toEqual({ kind: "string" });
    expect(resolve({ kind: "named", name: "Loop" }, types).kind).toBe("other");
    expect(resolve({ kind: "named", name: "Nobody" }, types).kind).toBe("other");
    expect(resolve({ kind: "named", name: "Page" }, types).kind).toBe("other");
  });

  test("alternatives are those of unions in unions", () => {
    expect(alternatives(readType("Role | null"), types)).toEqual([
      { kind: "literal", value: "admin" },
      { kind: "literal", value: "member" },
      { kind: "null" },
    ]);
  });
});

describe("what does not fit a type is said", () => {
  test.each([
    ["string", 7, "it should be a string, and is a number"],
    ["User", { id: 1, email: "a@example.com" }, "name is missing"],
    ["User", { id: "1", email: "", name: null }, "id should be a number, and is a string"],
    ["User", [], "it should be an object, and is an array"],
    ["Array<User>", [{ id: 1, email: 7, name: null }], "[0].email should be a string, and is a number"],
    ["Post", { id: 1, title: "x", by: null }, "by should be an object, and is null"],
    ["Role", "guest", 'it should be one of "admin", "member"'],
    ["Role | null", "guest", 'it should be one of "admin", "member", null'],
    ["Tree", { value: 1, children: [{ value: 2 }] }, "children[0].children is missing"],
    ["Shape", { kind: "circle", radius: "wide" }, "radius should be a number, and is a string"],
  ])("%s", (type, value, wrong) => {
    expect(mismatch(value, readType(type), types)).toBe(wrong);
  });

  test.each([
    ["string | null", null],
    ["Post", { id: 1, title: "x" }],
    ["Tree", { value: 1, children: [{ value: 2, children: [] }] }],
    ["Map", { anything: "goes" }],
    ["Shape", { kind: "square", side: 2 }],
    ["Nobody", 7],
  ])("%s takes what fits, and what is not known", (type, value) => {
    expect(mismatch(value, readType(type), types)).toBeNull();
  });

  test.each(["User", "Post", "Tree", "Role", "Shape", "{ a: Array<User>, b?: number }"])(
    "a sample of %s fits it",
    (type) => {
      const read = readType(type);
      expect(mismatch(sample(read, types), read, types)).toBeNull();
    },
  );
});
