import { describe, expect, test } from "vitest";
import type { CallEvent, StudioEvent, WokeEvent } from "../src/lib/api.ts";
import { EventLog, KEPT, shown } from "../src/lib/log.ts";
import { meet, meeting, tableOf, tablesOf } from "../src/lib/topics.ts";

let n = 0;

function call(name: string, more: Partial<CallEvent> = {}): CallEvent {
  n += 1;
  return {
    n,
    at: 0,
    type: "call",
    trace: `trace ${n}`,
    function: name,
    kind: "query",
    session: null,
    user: null,
    job: null,
    admin: false,
    status: 200,
    code: null,
    micros: 1,
    args: "{}",
    reads: [],
    writes: [],
    rows_read: 0,
    rows_written: 0,
    cached: false,
    kept: false,
    replayed: false,
    told: 0,
    warnings: [],
    statements: [],
    ...more,
  };
}

function woke(session: string, topics: string[], trace: string | null): WokeEvent {
  n += 1;
  return { n, at: 0, type: "woke", session, sockets: 1, topics, trace };
}

function logOf(...events: StudioEvent[]): EventLog {
  const log = new EventLog();
  log.add(events);
  return log;
}

describe("topics", () => {
  test.each([
    ["users", "users", true],
    ["users", "posts", false],
    ["users", "users.id = 7", true],
    ["users.id = 7", "users", true],
    ["users.id = 7", "users.id = 8", false],
    ["users.id = 7", "users.name = 'a'", false],
    ["users", "users_old.id = 7", false],
    ["posts.title = 'a.b = c'", "posts", true],
  ])("%s and %s", (a, b, do_meet) => {
    expect(meet(a, b)).toBe(do_meet);
    expect(meet(b, a)).toBe(do_meet);
  });

  test("of tables", () => {
    expect(tableOf("messages.room_id = 7")).toBe("messages");
    expect(tableOf("messages")).toBe("messages");
    expect(tablesOf(["a.x = 1", "a.x = 2", "b"])).toEqual(["a", "b"]);
    expect(meeting(["a.x = 1", "b"], ["a"])).toEqual(["a.x = 1"]);
  });
});

describe("why a query was asked again", () => {
  test("leads to the call that wrote, whose event comes after the wake-up", () => {
    const first = call("getPosts", { session: "s", reads: ["posts"] });
    const wake = woke("s", ["posts"], "w");
    const writer = call("createPost", { trace: "w", kind: "function", writes: ["posts"] });
    const again = call("getPosts", { session: "s", reads: ["posts"] });
    const log = logOf(first, wake, writer, again);
    expect(log.why(first)).toBeUndefined();
    expect(log.why(again)).toEqual({ woke: wake, topics: ["posts"], writer });
    expect(log.wokenBy("w")).toEqual([wake]);
    expect(log.refetches(wake)).toEqual([again]);
  });

  test("is known though the writer's event is the last to come", () => {
    const wake = woke("s", ["posts"], "w");
    const again = call("getPosts", { session: "s", reads: ["posts"] });
    const log = logOf(wake, again);
    expect(log.why(again)?.writer).toBeUndefined();
    const writer = call("createPost", { trace: "w", writes: ["posts"] });
    log.add([writer]);
    expect(log.why(again)?.writer).toBe(writer);
  });

  test("is the last wake-up that meets what it reads, and no other session's", () => {
    const older = woke("s", ["posts.author_id = 7"], "one");
    const other = woke("s", ["users"], "two");
    const foreign = woke("t", ["posts"], "three");
    const again = call("getPosts", { session: "s", reads: ["posts"] });
    expect(logOf(older, other, foreign, again).why(again)?.woke).toBe(older);
  });

  test("is not the wake-up that the same question has answered already", () => {
    const wake = woke("s", ["posts"], "w");
    const again = call("getPosts", { session: "s", reads: ["posts"] });
    const reload = call("getPosts", { session: "s", reads: ["posts"] });
    const log = logOf(wake, again, reload);
    expect(log.why(again)?.woke).toBe(wake);
    expect(log.why(reload)).toBeUndefined();
  });

  test("holds for each question of a session", () => {
    const wake = woke("s", ["posts"], "w");
    const one = call("getPosts", { session: "s", reads: ["posts"], args: '{"page":1}' });
    const two = call("getPosts", { session: "s", reads: ["posts"], args: '{"page":2}' });
    const log = logOf(wake, one, two);
    expect(log.refetches(wake)).toEqual([one, two]);
  });

  test("may be a time that came", () => {
    const wake = woke("s", ["posts"], null);
    const again = call("getPosts", { session: "s", reads: ["posts"] });
    expect(logOf(wake, again).why(again)).toMatchObject({ woke: wake, writer: undefined });
  });
});

test("the log keeps the newest, and forgets what belongs to the others", () => {
  const log = new EventLog();
  const early = call("early", { trace: "early" });
  log.add([early]);
  for (let i = 0; i < 30; i += 1) log.add(Array.from({ length: 100 }, () => call("getUsers")));
  expect(log.events.length).toBeLessThanOrEqual(KEPT + 200);
  expect(log.events.length).toBeGreaterThanOrEqual(KEPT);
  expect(log.call("early")).toBeUndefined();
  expect(log.events.at(-1)?.n).toBe(n);
  log.clear();
  expect(log.events).toEqual([]);
});

describe("the filter", () => {
  const all = { text: "", kind: "all", errors: false } as const;
  test("shows wake-ups with their call, and those of a time for themselves", () => {
    expect(shown(woke("s", ["posts"], "w"), all)).toBe(false);
    expect(shown(woke("s", ["posts"], null), all)).toBe(true);
  });

  test("finds words in what an event says, all of them", () => {
    const event = call("getPosts", { user: "ada", reads: ["posts.author_id = 7"] });
    for (const text of ["POSTS ada", "author_id = 7", "200"]) expect(shown(event, { ...all, text })).toBe(true);
    expect(shown(event, { ...all, text: "ada grace" })).toBe(false);
  });

  test("narrows to kinds and errors", () => {
    const wrong = call("deleteUser", { kind: "function", status: 404, code: "NOT_FOUND" });
    const job: StudioEvent = { n: 0, at: 0, type: "job", job: 1, function: "sweep", state: "failed", attempt: 2 };
    expect(shown(wrong, { ...all, errors: true, kind: "function" })).toBe(true);
    expect(shown(wrong, { ...all, kind: "query" })).toBe(false);
    expect(shown(call("getUsers"), { ...all, errors: true })).toBe(false);
    expect(shown(job, { ...all, errors: true, kind: "other" })).toBe(true);
  });
});
