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
  const { objectOf } = await objects("eu", "weur");
  expect(objectOf(env, "acme")).toEqual(["eu:acme", { locationHint: "weur" }]);
});
