import { describe, expect, test } from "vitest";
import type { CallEvent, StudioEvent, Table } from "../src/lib/api.ts";
import { bytes, clock, docText, duration, editorLink, prettyJson, timeOf } from "../src/lib/format.ts";
import { graphOf } from "../src/lib/graph.ts";
import { readRoute, routeTo } from "../src/lib/route.ts";
import { drawSchema } from "../src/lib/schema.ts";
import { splitFragment } from "../src/lib/token.ts";
import { did, dropped, NO_HISTORY, redid, took } from "../src/lib/undo.ts";
import { pagesOf, reveal, span } from "../src/lib/window.ts";

describe("the rows that are seen", () => {
  test("are those of the place, and some around", () => {
    expect(span(0, 300, 30, 100_000, 5)).toEqual({ first: 0, end: 15 });
    expect(span(30_000, 300, 30, 100_000, 5)).toEqual({ first: 995, end: 1015 });
    expect(span(2_999_700, 300, 30, 100_000, 5)).toEqual({ first: 99_985, end: 100_000 });
    expect(span(0, 300, 30, 0)).toEqual({ first: 0, end: 0 });
    // Scrolled to the end of 100,000, of which a filter leaves 19.
    expect(span(2_999_700, 300, 30, 19)).toEqual({ first: 19, end: 19 });
  });

  test("lie on pages", () => {
    expect(pagesOf({ first: 190, end: 210 }, 200)).toEqual([0, 1]);
    expect(pagesOf({ first: 0, end: 200 }, 200)).toEqual([0]);
    expect(pagesOf({ first: 5, end: 5 }, 200)).toEqual([]);
  });

  test("are scrolled to only where they are not seen", () => {
    expect(reveal(3, 0, 300, 30)).toBeNull();
    expect(reveal(10, 0, 300, 30)).toBe(30);
    expect(reveal(2, 90, 300, 30)).toBe(60);
  });
});

describe("changes", () => {
  const edit = (n: number) => ({ table: "users", delete: { id: n } });
  const step = (n: number) => ({ label: `${n}`, edit: edit(n), pod: null });

  test("are taken back and done again, each by what the reply said", () => {
    const two = did(did(NO_HISTORY, step(1)), step(2));
    const back = took(two, edit(20));
    expect(back.done.map(({ label }) => label)).toEqual(["1"]);
    expect(back.undone).toEqual([{ ...step(2), edit: edit(20) }]);
    const again = redid(back, edit(22));
    expect(again.done.at(-1)).toEqual({ ...step(2), edit: edit(22) });
    expect(again.undone).toEqual([]);
  });

  test("another change ends what could be done again, and one that fails is dropped", () => {
    const back = took(did(NO_HISTORY, step(1)), edit(10));
    expect(did(back, step(3)).undone).toEqual([]);
    expect(dropped(back, "undone").undone).toEqual([]);
  });
});

describe("the graph", () => {
  const functions = [
    { name: "getPosts", kind: "query" },
    { name: "createPost", kind: "function" },
    { name: "never", kind: "query" },
  ];
  const call = (n: number, more: Partial<CallEvent>): CallEvent =>
    ({
      n,
      type: "call",
      trace: `${n}`,
      kind: "query",
      session: null,
      user: null,
      status: 200,
      reads: [],
      writes: [],
      ...more,
    }) as CallEvent;
  const events: StudioEvent[] = [
    call(1, { function: "getPosts", session: "s", user: "ada", reads: ["posts.author_id = 7"] }),
    { n: 2, at: 0, type: "woke", session: "s", sockets: 1, topics: ["posts"], trace: "3" },
    call(3, { function: "createPost", kind: "function", reads: ["users"], writes: ["posts"] }),
    call(4, { function: "_edgepod_execute", kind: "function", writes: ["users"] }),
  ];

  test("has what was called, what it touched, and who follows it", () => {
    const graph = graphOf(events, functions, ["posts", "users"]);
    expect(graph.edges.map(({ kind, from, to }) => `${from} ${kind} ${to}`).sort()).toEqual([
      "function createPost writes table posts",
      "table posts reads function getPosts",
      "table posts wakes session s",
      "table users reads function createPost",
    ]);
    const session = graph.nodes.find(({ kind }) => kind === "session");
    expect(session).toMatchObject({ name: "s", note: "ada", lit: 2 });
    expect(graph.nodes.some(({ name }) => name === "never")).toBe(true);
    expect(graph.nodes.some(({ name }) => name.startsWith("_edgepod"))).toBe(false);
    expect(graph.nodes.find(({ id }) => id === "table users")?.lit).toBe(4);
  });

  test("forgets sessions that have gone", () => {
    const closed: StudioEvent = { n: 5, at: 0, type: "socket", socket: 1, session: "s", state: "closed" };
    for (const last of [closed, { n: 5, at: 0, type: "began" } as StudioEvent]) {
      const graph = graphOf([...events, last], functions, []);
      expect(graph.nodes.some(({ kind }) => kind === "session")).toBe(false);
      expect(graph.edges.some(({ kind }) => kind === "wakes")).toBe(false);
    }
  });

  test("has no two nodes in one place", () => {
    const { nodes } = graphOf(events, functions, ["posts", "users", "other"]);
    expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
  });
});

describe("the schema", () => {
  const table = (name: string, references: [string, string, string][] = []): Table => ({
    name,
    kind: "table",
    declared: true,
    columns: [{ name: "id", type: "INTEGER", notNull: true, key: 1, generated: false }],
    references: references.map(([column, other, to]) => ({ columns: [column], table: other, to: [to] })),
    rows: null,
  });

  test("puts what is referenced to the left of what references it", () => {
    const { boxes, lines } = drawSchema([table("posts", [["author_id", "users", "id"]]), table("users")]);
    const x = (name: string) => boxes.find((box) => box.table.name === name)?.x ?? 0;
    expect(x("users")).toBeLessThan(x("posts"));
    expect(lines.map(({ id }) => id)).toEqual(["posts.author_id users.id"]);
  });

  test("draws circles, tables that reference themselves, and references to what is not there", () => {
    const tables = [
      table("a", [["b", "b", "id"]]),
      table("b", [["a", "a", "id"]]),
      table("tree", [["parent", "tree", "id"]]),
      table("odd", [["x", "gone", "id"]]),
    ];
    const { boxes, lines } = drawSchema(tables);
    expect(boxes).toHaveLength(4);
    expect(lines).toHaveLength(3);
    expect(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size).toBe(4);
  });
});

describe("addresses", () => {
  test("carry the token, which is taken out", () => {
    expect(splitFragment("#token=abc")).toEqual({ token: "abc", rest: "" });
    expect(splitFragment("#token=abc&/data/users")).toEqual({ token: "abc", rest: "#/data/users" });
    expect(splitFragment("#/data")).toEqual({ token: null, rest: "#/data" });
    expect(splitFragment("#token=")).toEqual({ token: null, rest: "" });
  });

  test("say which view is shown", () => {
    const route = { view: "data", name: "a/b c", more: { column: "id", value: "7 & 8" } } as const;
    expect(readRoute(routeTo(route.view, route.name, route.more))).toEqual(route);
    expect(readRoute("#/nowhere")).toEqual({ view: "calls", name: null, more: {} });
    expect(readRoute("#/data/%E0%A4%A").name).toBeNull();
  });

  test("open the editor at the line", () => {
    expect(editorLink("/src/app", { file: "src/lib.rs", line: 7 })).toBe("vscode://file/src/app/src/lib.rs:7");
    expect(editorLink("C:\\app", { file: "src/lib.rs", line: 7 })).toBe("vscode://file/C:/app/src/lib.rs:7");
    expect(editorLink("/work/examples/users", { file: "examples/users/src/lib.rs", line: 7 })).toBe(
      "vscode://file/work/examples/users/src/lib.rs:7",
    );
    expect(editorLink(null, { file: "src/lib.rs", line: 7 })).toBeNull();
  });
});

test("numbers are written for people", () => {
  expect([412, 12_300, 1_250_000].map(duration)).toEqual(["0.41 ms", "12 ms", "1.3 s"]);
  expect([7, 53_248, 3_400_000].map(bytes)).toEqual(["7 bytes", "53 kB", "3.4 MB"]);
  expect(clock(0)).toMatch(/^\d\d:\d\d:00\.000$/);
  expect(docText("/**\n * Someone.\n *\n * Not everyone.\n */\n")).toBe("Someone.\n\nNot everyone.");
  expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(timeOf("created_at", 1_795_843_163_541_000)).toBe("2026-11-28T05:19:23.541Z");
  expect(timeOf("size", 1_795_843_163_541_000)).toBeNull();
  expect(prettyJson('{"a":')).toBe('{"a":');
});
