// Bodies that are streams, of a core that a test plays.
import { beforeEach, expect, test } from "vitest";
import * as bridge from "../bridge.mjs";
import { askCore } from "../streams.mjs";
import { answers, current } from "./core.mjs";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** What the core has been asked. @type {unknown[][]} */
let asked;
/** Whether the stream has ended. @type {boolean} */
let ended;

beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name];
  asked = [];
  ended = false;
});

/**
 * The stream of a route that gives these chunks.
 *
 * @param {unknown[]} chunks
 */
async function streamOf(chunks) {
  const instance = bridge.alive({});
  answers.call_action = async (/** @type {unknown[]} */ ...values) => {
    asked.push(values);
    return values[1] === "" ? chunks.shift() : ["2{}", 7];
  };
  answers.cut = (/** @type {number} */ number) => asked.push(["cut", number]);
  const noted = (/** @type {Promise<void>} */ over) => {
    void over.then(() => {
      ended = true;
    });
  };
  const reply = await askCore(instance, 3, "2H", bytes("body"), undefined, noted);
  asked = [];
  const stream = /** @type {ReadableStream<Uint8Array>} */ (reply[1]);
  return stream.getReader();
}

test("what is no stream is as the core says it", async () => {
  const instance = bridge.alive({});
  answers.call_action = async () => "2500{}";
  expect(await askCore(instance, 3, "2A", undefined)).toBe("2500{}");
  answers.call_action = async () => ["2{}", bytes("whole")];
  expect(await askCore(instance, 3, "2H", bytes(""))).toEqual(["2{}", bytes("whole")]);
});

test("a chunk is asked for when somebody reads, and none after the end", async () => {
  const reader = await streamOf([bytes("one"), bytes("two"), undefined]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(asked).toEqual([]);
  expect((await reader.read()).value).toEqual(bytes("one"));
  expect(asked.length).toBe(1);
  expect(asked[0]?.slice(0, 2)).toEqual([7, ""]);
  expect((await reader.read()).value).toEqual(bytes("two"));
  expect(ended).toBe(false);
  expect((await reader.read()).done).toBe(true);
  expect((await reader.read()).done).toBe(true);
  expect([asked.length, ended]).toEqual([3, true]);
});

test("what breaks off is an error for whoever reads", async () => {
  const reader = await streamOf([bytes("one"), null]);
  await reader.read();
  await expect(reader.read()).rejects.toThrow("broke off");
  expect(ended).toBe(true);
});

test("whoever goes away has the core let go of it", async () => {
  const reader = await streamOf([bytes("one")]);
  await reader.read();
  await reader.cancel();
  expect(asked.at(-1)).toEqual(["cut", 7]);
  await Promise.resolve();
  expect(ended).toBe(true);
});

test("the end of the instance ends it, and no number means a stream of the next", async () => {
  const reader = await streamOf([bytes("one"), bytes("two")]);
  await reader.read();
  expect(() => current().throws(new RangeError("the stack is full"))).toThrow();
  bridge.alive({});
  asked = [];
  await expect(reader.read()).rejects.toThrow("broke off");
  await reader.cancel().catch(() => {});
  expect([asked, ended]).toEqual([[], true]);
});
