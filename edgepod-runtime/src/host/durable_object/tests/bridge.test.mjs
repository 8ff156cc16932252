// Instances that end and begin, with an instance that is made here.
import { beforeEach, expect, test, vi } from "vitest";

let bridge;
beforeEach(async () => {
  vi.resetModules();
  bridge = await import("../bridge.mjs");
});

test("an instance is started once, and known", () => {
  expect(bridge.runs(0)).toBe(false);
  const first = bridge.alive({});
  expect(bridge.alive({})).toBe(first);
  expect(bridge.runs(first)).toBe(true);
  expect(bridge.known()).toEqual({ body_limit: 7 });
  const { adds, memory } = bridge.core.current();
  expect(adds(1, 2)).toBe(3);
  expect(memory).toBeInstanceOf(ArrayBuffer);
});

test("any exception out of an instance ends it, and the next use starts another", () => {
  const first = bridge.alive({});
  const error = new RangeError("Maximum call stack size exceeded");
  expect(() => bridge.core.current().throws(error)).toThrow(error);
  expect(bridge.hasEnded()).toBe(true);
  expect(bridge.runs(first)).toBe(false);
  expect(bridge.untold(error)).toContain("Maximum call stack size exceeded");
  const second = bridge.alive({});
  expect(second).not.toBe(first);
  expect(bridge.hasEnded()).toBe(false);
  expect(bridge.runs(first)).toBe(false);
  expect(bridge.runs(second)).toBe(true);
});

test("of a panic the log has the words already", () => {
  bridge.alive({});
  expect(() => bridge.core.current().panics("panicked at src/lib.rs")).toThrow("unreachable");
  expect(bridge.untold(new Error("unreachable"))).toBe("");
});

test("a failure of JavaScript's own ends nothing", () => {
  const first = bridge.alive({});
  expect(bridge.untold(new Error("the object is gone"))).toContain("the object is gone");
  expect(bridge.alive({})).toBe(first);
});

test("who waits for an action hears that its instance ended", async () => {
  bridge.alive({});
  const waiting = [1, 2].map(() => bridge.unlessEnded(() => new Promise(() => {})));
  const done = bridge.unlessEnded(async () => "done");
  expect(await done).toBe("done");
  expect(() => bridge.core.current().throws(new Error("out of bounds"))).toThrow();
  for (const one of waiting) await expect(one).rejects.toThrow("out of bounds");
  // Those of the next instance are not of the one before.
  bridge.alive({});
  expect(await bridge.unlessEnded(async () => "again")).toBe("again");
});

test("an action that does not begin fails at once", async () => {
  bridge.alive({});
  const { throws } = bridge.core.current();
  await expect(bridge.unlessEnded(() => throws(new Error("no memory")))).rejects.toThrow("no memory");
});

test("requests have names of 16 digits that differ", () => {
  const names = new Set(Array.from({ length: 100 }, () => bridge.traceId()));
  expect(names.size).toBe(100);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}$/);
});
