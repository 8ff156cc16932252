// The platform's history of an object, which workerd alone does not have: what is asked of it. The rest of what an object does for
// `edgepod data` is in `tests/pods/data.rs`.
import { expect, test } from "vitest";
import { data } from "../data_object.mjs";

const NONE = "This Durable Object's storage back-end does not implement point-in-time recovery.";

/** An object whose storage and end are noted in the order in which they are asked for. */
function objectOf(history) {
  const calls = [];
  const noted =
    (name, answer) =>
    (...args) => {
      calls.push([name, ...args]);
      return answer(...args);
    };
  const storage = {
    sql: {},
    transactionSync: noted("transactionSync", (run) => run()),
    sync: noted("sync", async () => {}),
    getBookmarkForTime: noted("getBookmarkForTime", history),
    onNextSessionRestoreBookmark: noted("onNextSessionRestoreBookmark", history),
  };
  /** @type {any} */
  const object = { ctx: { storage, abort: noted("abort", () => {}) } };
  return { calls, ask: (asked) => data(object, JSON.stringify({ steps: [], ...asked })) };
}

test("a time has a bookmark, and nothing else happens", async () => {
  const { calls, ask } = objectOf(async () => "the-time");
  expect(await ask({ bookmark: 1_795_516_931_000 })).toEqual(["the-time"]);
  expect(calls).toEqual([["getBookmarkForTime", 1_795_516_931_000]]);
});

test("the next object goes back to a bookmark once this one has told the way back and has ended", async () => {
  const { calls, ask } = objectOf(async () => "the-way-back");
  expect(await ask({ bookmark: "the-time" })).toEqual(["the-way-back"]);
  await ask({ end: true });
  expect(calls.map(([name]) => name)).toEqual(["onNextSessionRestoreBookmark", "transactionSync", "sync", "abort"]);
  expect(calls[0]).toEqual(["onNextSessionRestoreBookmark", "the-time"]);
});

test("where there is no history, and where a bookmark is none, it is said and the object goes on", async () => {
  for (const bookmark of [0, "no bookmark"]) {
    // It fails at once, and not by what it promises.
    const refused = () => {
      throw new Error(NONE);
    };
    for (const history of [refused, async () => refused()]) {
      const { calls, ask } = objectOf(history);
      expect(await ask({ bookmark })).toBe(NONE);
      expect(calls).toHaveLength(1);
    }
  }
});
