import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
});

/** A namespace of objects that says what it was asked. */
const namespace = (prefix) => ({
  idFromName: (name) => `${prefix}${name}`,
  get: (...asked) => asked,
  jurisdiction: (name) => namespace(`${name}:`),
});
/** @type {any} */
const env = { EDGEPOD_DO: namespace("") };

async function objects(jurisdiction, locationHint) {
  vi.doMock("../residency.mjs", () => ({ jurisdiction, locationHint }));
  return import("../objects.mjs");
}

test("an object is anywhere unless the app says", async () => {
  const { objectOf, directoryOf } = await objects(null, null);
  expect(objectOf(env, "acme")).toEqual(["acme"]);
  // No pod has this name: names have no space.
  expect(directoryOf(env)).toEqual([" pods"]);
});

test("within a jurisdiction all objects are, the directory with them", async () => {
  const { objectOf, directoryOf } = await objects("eu", null);
  expect(objectOf(env, "acme")).toEqual(["eu:acme"]);
  expect(directoryOf(env)).toEqual(["eu: pods"]);
});

test("a hint says where an object begins", async () => {
  const { objectOf, directoryOf } = await objects(null, "weur");
  expect(objectOf(env, "acme")).toEqual(["acme", { locationHint: "weur" }]);
  expect(directoryOf(env)).toEqual([" pods", { locationHint: "weur" }]);
});

test("a pod's own hint goes before the app's, and makes no other object", async () => {
  for (const hint of [null, "weur"]) {
    const { objectOf } = await objects(null, hint);
    expect(objectOf(env, "acme", "apac")).toEqual(["acme", { locationHint: "apac" }]);
    vi.resetModules();
  }
});

test("within a jurisdiction a pod's own hint says nothing", async () => {
  const { objectOf } = await objects("eu", null);
  expect(objectOf(env, "acme", "apac")).toEqual(["eu:acme"]);
});
