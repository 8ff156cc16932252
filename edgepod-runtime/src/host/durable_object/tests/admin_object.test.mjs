// What an object does for the admin address, as far as it is JavaScript's; the rest is in `tests/pods/admin.rs`.
import { beforeEach, expect, test, vi } from "vitest";
import { administer, opened } from "../admin_object.mjs";
import { alive } from "../bridge.mjs";
import { answers, constants } from "./core.mjs";

const DAY = 86_400_000;

constants.pods = true;
alive({});

/**
 * Storage that has these values.
 *
 * @returns {any}
 */
function storageOf(values) {
  const kv = { get: (name) => values[name], put: vi.fn((name, value) => Object.assign(values, { [name]: value })) };
  return { kv, sql: { databaseSize: 4096 } };
}

/**
 * An environment whose directory answers with this.
 *
 * @returns {any}
 */
function envOf(answer) {
  const administer = vi.fn(answer);
  return { administer, EDGEPOD_DO: { idFromName: (name) => name, get: () => ({ administer }) } };
}

const log = [];
beforeEach(() => {
  log.length = 0;
  answers.refuse_internal = (message) => {
    log.push(message);
    return "R{}";
  };
  vi.useFakeTimers({ now: 20_000 * DAY + 5 });
  return () => vi.useRealTimers();
});

test("a pod tells the directory once in its life, and notes each day", async () => {
  const storage = storageOf({});
  const env = envOf(async () => {});
  for (let life = 0; life < 3; life++) {
    opened({ storage }, env, "acme");
    await vi.runAllTimersAsync();
  }
  expect(env.administer).toHaveBeenCalledExactlyOnceWith("enter", "acme");
  expect(storage.kv.put).toHaveBeenCalledExactlyOnceWith("edgepod", { day: 20_000 });
  vi.advanceTimersByTime(DAY);
  opened({ storage }, env, "acme");
  expect(storage.kv.get("edgepod")).toEqual({ day: 20_001 });
  expect(env.administer).toHaveBeenCalledTimes(1);
});

test("a directory that fails is told again by the next engine, and the log says of which pod", async () => {
  const storage = storageOf({});
  const env = envOf(async () => Promise.reject(new Error("it is away")));
  opened({ storage }, env, "acme");
  await vi.runAllTimersAsync();
  expect(log).toEqual(["The directory of pods cannot be told of `acme`: Error: it is away"]);
  expect(storage.kv.put).not.toHaveBeenCalled();
  opened({ storage }, env, "acme");
  expect(env.administer).toHaveBeenCalledTimes(2);
});

test("when a pod was opened is what it noted, by the day", () => {
  const status = vi.fn(() => "how it is");
  for (const [values, openedAt] of [
    [{}, undefined],
    [{ edgepod: { day: 3 } }, 3 * DAY],
  ]) {
    expect(administer(/** @type {any} */ ({ ctx: { storage: storageOf(values) }, status }), "status", [])).toBe(
      "how it is",
    );
    expect(status).toHaveBeenLastCalledWith(4096, openedAt);
  }
});

test("a migration that fails is no failure of the request: how the pod is says it", () => {
  const open = vi.fn();
  /** @type {any} */
  const object = { ctx: { storage: storageOf({}) }, open, status: () => "failed" };
  expect(administer(object, "migrate", [])).toBe("failed");
  expect(open).toHaveBeenCalledTimes(1);
});

test("what a newer Worker asks for is refused as a method that is missing", () => {
  const archive = () => administer(/** @type {any} */ ({}), "archive", []);
  expect(archive).toThrow(TypeError);
  expect(archive).toThrow("does not implement the method");
});
