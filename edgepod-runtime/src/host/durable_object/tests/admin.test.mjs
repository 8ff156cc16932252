// The admin address in the Worker; what it comes to on workerd is in `tests/pods/admin.rs`.
import { beforeEach, expect, test, vi } from "vitest";
import { administer } from "../admin.mjs";
import { alive } from "../bridge.mjs";
import { answers, constants } from "./core.mjs";

const KEY = "k".repeat(32);
const STATUSES = { BAD_REQUEST: 400, UNAUTHORIZED: 401, NOT_FOUND: 404, METHOD_NOT_ALLOWED: 405 };

/** A reply of the core's, which any origin may read. */
const reply = (status, body) =>
  `R${JSON.stringify({ status, headers: { "content-type": "application/json", "access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After" }, body: JSON.stringify(body) })}`;

Object.assign(constants, { pods: true, global: "global", pod_name: 8, admin_key: 32, admin_page: 3 });
// Workers have it, Node has it elsewhere.
crypto.subtle.timingSafeEqual = (/** @type {any} */ a, /** @type {any} */ b) => Buffer.from(a).equals(Buffer.from(b));

let log;
let asked;
beforeEach(() => {
  log = [];
  asked = [];
  answers.refuse_admin = (code, message, trace) => reply(STATUSES[code], { code, message, trace });
  answers.refuse_route = () => reply(503, { code: "UNAVAILABLE" });
  answers.refuse_internal = (message) => {
    log.push(message);
    return reply(500, { code: "INTERNAL" });
  };
});

/**
 * An environment whose objects answer with this.
 *
 * @param {(name: string, ...what: unknown[]) => unknown} answer
 * @param {unknown} [key]
 * @returns {any}
 */
const env = (answer, key = KEY) => ({
  EDGEPOD_ADMIN_KEY: key,
  EDGEPOD_DO: {
    idFromName: (name) => name,
    get: (name) => ({
      administer: async (...what) => {
        asked.push([name, ...what]);
        return answer(name, ...what);
      },
      serve: async (message) => {
        asked.push([name, message]);
        return answer(name, message);
      },
    }),
  },
});

async function ask(path, { method = "GET", bearer = `Bearer ${KEY}`, of = env(() => true), body = undefined } = {}) {
  alive(of);
  const headers = bearer === null ? {} : { authorization: bearer };
  const answer = await administer(new Request(`https://example.com${path}`, { method, headers, body }), of, "trace");
  if (answer === undefined) return undefined;
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  return { status: answer.status, headers: answer.headers, ...(await answer.json()) };
}

test("without a key, and at other addresses, there is none", async () => {
  for (const key of [null, " ", 7]) expect(await ask("/_edgepod/v1/pods", { of: env(() => {}, key) })).toBeUndefined();
  for (const path of ["/rpc/a", "/_edgepods", "/a/_edgepod"]) expect(await ask(path)).toBeUndefined();
  expect((await ask("/_edgepod")).status).toBe(404);
});

test("a key that could be guessed lets nobody in, and the log says why", async () => {
  for (const key of ["k".repeat(31), `${"k".repeat(32)} k`]) {
    const { status } = await ask("/_edgepod/v1/pods", { of: env(() => {}, key), bearer: `Bearer ${key}` });
    expect(status).toBe(500);
    expect(log.pop()).toContain("32 visible ASCII characters");
  }
});

test("who has not the key is told of nothing", async () => {
  for (const bearer of [null, KEY, "Bearer", `Bearer ${KEY}k`, `Basic ${KEY}`]) {
    const { status, code, headers } = await ask("/_edgepod/v1/nothing", { bearer });
    expect([status, code]).toEqual([401, "UNAUTHORIZED"]);
    expect(headers.get("www-authenticate")).toContain("Bearer");
  }
  expect((await ask("/_edgepod/v1/nothing", { bearer: `bearer  ${KEY} ` })).status).toBe(404);
  expect(asked).toEqual([]);
});

test("another method and another address are told what there is", async () => {
  const wrong = await ask("/_edgepod/v1/status", { method: "POST" });
  expect([wrong.status, wrong.code, wrong.headers.get("allow")]).toEqual([405, "METHOD_NOT_ALLOWED", "GET"]);
  const none = await ask("/_edgepod/v2/status");
  expect([none.status, none.code, none.trace]).toEqual([404, "NOT_FOUND", "trace"]);
  expect(none.message).toContain("GET /_edgepod/v1/status");
});

test("what cannot be done is refused before any object is asked", async () => {
  for (const path of [
    "/_edgepod/v1/status",
    "/_edgepod/v1/status?pod=",
    "/_edgepod/v1/status?pod=a%20b",
    "/_edgepod/v1/status?pod=ninechars",
    "/_edgepod/v1/pods?limit=0",
    "/_edgepod/v1/pods?limit=4",
    "/_edgepod/v1/pods?limit=1.5",
  ]) {
    const { status, code } = await ask(path);
    expect([path, status, code]).toEqual([path, 400, "BAD_REQUEST"]);
  }
  expect(asked).toEqual([]);
});

test("a pod that the directory does not have is not opened", async () => {
  const { status } = await ask("/_edgepod/v1/status?pod=acme", { of: env(() => false) });
  expect(status).toBe(404);
  expect(asked).toEqual([[" pods", "has", "acme"]]);
});

test("a pod that is to be made need not be there", async () => {
  const { status } = await ask("/_edgepod/v1/status?pod=acme&new", { of: env(() => "made") });
  expect(status).toBe(200);
  expect(asked).toEqual([["acme", "status"]]);
});

test("a function is called in the object, as another pod would", async () => {
  const id = "0123456789abcdef0123456789ABCDEF";
  const of = env((_, what) => what === "has" || '2409{"error":{"code":"TAKEN"}}');
  const call = (query) => ask(`/_edgepod/v1/call?pod=acme&${query}`, { method: "POST", of, body: '{"a":1}' });
  const { status, error } = await call(`function=rename&id=${id}`);
  expect([status, error]).toEqual([409, { code: "TAKEN" }]);
  expect(asked.pop()).toEqual(["acme", `2I\nrename\n\ntrace\n\n0  ${id}\n{"a":1}`]);
  for (const wrong of ["", "id=", `id=${id}0`, `id=${id.slice(1)}`, `id=${id.slice(1)}g`])
    expect((await call(`function=rename&${wrong}`)).status).toBe(400);
  expect((await call(`function=a%0Ab&id=${id}`)).status).toBe(404);
  expect(asked.filter(([, what]) => what !== "has")).toEqual([]);
});

test("what an object does not know, and fails at", async () => {
  const of = (answer) => env((name, what) => (what === "has" ? true : answer(name)));
  const path = "/_edgepod/v1/status?pod=acme";
  const old = new TypeError('The RPC receiver does not implement the method "administer".');
  expect((await ask(path, { of: of(() => Promise.reject(old)) })).status).toBe(503);
  expect(log).toEqual([]);
  const broken = await ask(path, { of: of(() => Promise.reject(new Error("the disk is full"))) });
  expect([broken.status, JSON.stringify(broken).includes("disk")]).toEqual([500, false]);
  expect(log).toEqual(["the disk is full"]);
});

test("an app of one pod needs no name, and lists it", async () => {
  vi.resetModules();
  const core = await import("./core.mjs");
  Object.assign(core.constants, constants, { pods: false, global: "the-one" });
  Object.assign(core.answers, answers);
  const { administer } = await import("../admin.mjs");
  const { alive } = await import("../bridge.mjs");
  const of = env((name) => name);
  alive(of);
  const get = async (path) => {
    const headers = { authorization: `Bearer ${KEY}` };
    const answer = await administer(new Request(`https://example.com/_edgepod/v1${path}`, { headers }), of, "trace");
    return [answer.status, (await answer.json()).data];
  };
  expect(await get("/status")).toEqual([200, "the-one"]);
  expect((await get("/status?pod=other"))[0]).toBe(404);
  expect(await get("/pods")).toEqual([200, { pods: [{ pod: "the-one" }], next: null }]);
  expect(await get("/pods?after=the-one")).toEqual([200, { pods: [], next: null }]);
});
