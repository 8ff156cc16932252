// The Worker where something fails: the core, the object, the body, the keys of tokens.
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as bridge from "../bridge.mjs";
import worker from "../worker.mjs";
import { answers, constants, current } from "./core.mjs";
import { moduleOf } from "./module.mjs";

Object.assign(constants, {
  headers: { "content-type": "application/json" },
  own_headers: ["x-edgepod-session-id", "traceparent"],
  body_limit: 4,
  unwanted_body: 6,
  queue: 1,
  keys_limit: 10,
  fetch_limit: 1000,
  pods: false,
});

const reply = (status, body = "", headers = {}) => `R${JSON.stringify({ status, headers, body })}`;

const CALL = "Cacme\ngetOne\n\ntrace\n";

let log;
beforeEach(() => {
  log = [];
  for (const name of Object.keys(answers)) delete answers[name];
  answers.route = () => CALL;
  answers.refresh_keys = () => undefined;
  answers.refuse_internal = (message) => {
    if (message !== "") log.push(message);
    return reply(500, "internal");
  };
  answers.refuse_body = (length) => reply(length > 0 ? 413 : 400);
  answers.refuse_overload = () => reply(503, "overload");
  answers.refuse_route = () => reply(503, "not yet");
});

/**
 * What the Worker says to a request, its objects being this one; and what it does beside the reply.
 *
 * @param {object} [stub]
 * @param {RequestInit & { path?: string }} [of]
 * @param {(...of: any[]) => object} [get] how it is got
 */
async function ask(stub = {}, { path = "/rpc/getOne", ...init } = {}, get = () => stub) {
  /** @type {Promise<any>[]} */
  const beside = [];
  /** @type {any} */
  const ctx = { waitUntil: (promise) => beside.push(promise) };
  /** @type {any} */
  const all = { method: "POST", duplex: "half", ...init };
  /** @type {any} */
  const env = { EDGEPOD_DO: { idFromName: (name) => name, get } };
  const request = new Request(`https://example.com${path}`, all);
  const answer = await worker.fetch(request, env, ctx);
  return { status: answer.status, headers: answer.headers, text: await answer.text(), beside };
}

/** A body without a length, that goes on for as long as somebody reads. */
function endless() {
  let given = 0;
  const pull = (controller) => {
    given += 1;
    controller.enqueue(new Uint8Array([97]));
  };
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), given: () => given };
}

describe("a failure", () => {
  test("of the core is answered, said to the log, and over with the next request", async () => {
    let times = 0;
    answers.route = () => {
      times += 1;
      if (times === 1) throw new RangeError("Maximum call stack size exceeded");
      return CALL;
    };
    expect(await ask()).toMatchObject({ status: 500, text: "internal" });
    expect(log.length).toBe(1);
    expect(log[0]).toContain("Maximum call stack size exceeded");
    expect(await ask({ serve: async () => '2200{"data":1}' })).toMatchObject({ status: 200, text: '{"data":1}' });
  });

  test("that the core has said itself is not said again", async () => {
    answers.route = () => current().panics("panicked at src/lib.rs");
    expect((await ask()).status).toBe(500);
    expect(log).toEqual([]);
  });

  test("of the object is answered, and none of the core's", async () => {
    const { status } = await ask({ serve: async () => Promise.reject(new Error("Durable Object reset")) });
    expect(status).toBe(500);
    expect(log[0]).toContain("Durable Object reset");
    expect(bridge.hasEnded()).toBe(false);
  });

  test("of an object that speaks no version of ours says so to the log", async () => {
    expect((await ask({ serve: async () => "!1" })).status).toBe(500);
    expect(log[0]).toContain("version 1");
  });
});

describe("the headers of a call", () => {
  const headers = { "x-edgepod-session-id": "s-1", traceparent: "00-1", "user-agent": "Mozilla/5.0" };
  /** @param {typeof worker} of */
  async function handedOver(of) {
    /** @type {string[]} */
    const messages = [];
    const serve = async (message) => {
      messages.push(message);
      return "2200{}";
    };
    /** @type {any} */
    const env = { EDGEPOD_DO: { idFromName: (name) => name, get: () => ({ serve }) } };
    /** @type {any} */
    const ctx = { waitUntil: () => {} };
    await of.fetch(new Request("https://example.com/rpc/getOne", { method: "POST", headers }), env, ctx);
    return JSON.parse(messages[0].split("\n")[5]);
  }

  test("are those of the core where no function reads one", async () => {
    expect(await handedOver(worker)).toEqual({ "x-edgepod-session-id": "s-1", traceparent: "00-1" });
  });

  test("are all where the module has what reading them calls", async () => {
    const name = [...new TextEncoder().encode("__wbg_headersAreRead_0123")];
    const imports = [1, 1, 0x6d, name.length, ...name, 0, 0];
    const module = moduleOf([1, 4, 1, 0x60, 0, 0, 2, imports.length, ...imports]);
    vi.resetModules();
    vi.doMock("./module.mjs", () => ({ default: module }));
    const other = await import("./core.mjs");
    Object.assign(other.answers, answers);
    Object.assign(other.constants, constants);
    const { default: reading } = await import("../worker.mjs");
    vi.doUnmock("./module.mjs");
    expect(await handedOver(reading)).toEqual(headers);
  });
});

describe("an object that is of another build", () => {
  test("has no routes yet", async () => {
    answers.route = () => "Hacme\nPOST /hooks\n\ntrace\n";
    const missing = new TypeError('The RPC receiver does not implement the method "serve".');
    for (const serve of [async () => "!1", async () => Promise.reject(missing)])
      expect(await ask({ serve })).toMatchObject({ status: 503, text: "not yet" });
  });
});

describe("a route at the gateway", () => {
  test("is asked of the core in the Worker, and no object is", async () => {
    answers.route = () => "Oglobal\nPOST /edge/:name\n\ntrace\n";
    /** @type {any[]} */
    const asked = [];
    answers.call_action = async (...values) => {
      asked.push(values);
      return ['2{"status":201,"headers":[["x-odd","1"]]}', new TextEncoder().encode("done")];
    };
    /** @type {any} */
    const env = {
      NAME: "value",
      get EDGEPOD_DO() {
        throw new Error("an object is asked for");
      },
    };
    const ask = () => {
      const request = new Request("https://example.com/edge/ada?a=b", { method: "POST", body: "abc" });
      /** @type {any} */
      const ctx = { waitUntil: () => {} };
      return worker.fetch(request, env, ctx);
    };
    const reply = await ask();
    expect([reply.status, reply.headers.get("x-odd"), await reply.text()]).toEqual([201, "1", "done"]);
    await ask();
    const [[first, message, body, outside], [second]] = asked;
    expect(message).toContain("2O\nPOST /edge/:name\n");
    expect(message).toContain("POST /edge/ada?a=b");
    expect(body).toEqual(new TextEncoder().encode("abc"));
    expect(outside.var("NAME")).toBe("value");
    // Each has a host of its own, whose number no object has.
    expect(first).toBe(2 ** 32 - 1);
    expect(second).toBe(2 ** 32 - 2);
  });
});

describe("the queue", () => {
  test("of an object has room again once a call is answered or has failed", async () => {
    for (const settle of ["resolve", "reject"]) {
      let end;
      const serve = () => new Promise((resolve, reject) => (end = { resolve, reject }[settle]));
      const first = ask({ serve });
      await vi.waitFor(() => expect(end).toBeDefined());
      expect(await ask({ serve })).toMatchObject({ status: 503, text: "overload" });
      end("2200{}");
      await first;
      expect((await ask({ serve: async () => "2200{}" })).status).toBe(200);
    }
  });

  test("is no action's", async () => {
    answers.route = () => "Aacme\nsend\n\ntrace\n";
    const ends = [];
    const serve = () => new Promise((resolve) => ends.push(resolve));
    const both = [ask({ serve }), ask({ serve })];
    await vi.waitFor(() => expect(ends.length).toBe(2));
    for (const end of ends) end("2200{}");
    for (const one of both) expect((await one).status).toBe(200);
  });
});

test("the object is asked for where the core says, and a pod has one queue wherever", async () => {
  /** @type {any[]} */
  const asked = [];
  let end;
  const serve = () => new Promise((resolve) => (end = resolve));
  const stub = { serve, fetch: async () => new Response(null, { status: 200 }) };
  const get = (/** @type {any[]} */ ...of) => {
    asked.push(of);
    return stub;
  };
  answers.route = () => "Sacme weur\n";
  expect((await ask(stub, { method: "GET" }, get)).status).toBe(200);
  answers.route = () => "Cacme weur\ngetOne\n\ntrace\n";
  const first = ask(stub, {}, get);
  await vi.waitFor(() => expect(end).toBeDefined());
  answers.route = () => CALL;
  expect(await ask(stub, {}, get)).toMatchObject({ status: 503, text: "overload" });
  end("2200{}");
  expect((await first).status).toBe(200);
  expect(asked).toEqual([
    ["acme", { locationHint: "weur" }],
    ["acme", { locationHint: "weur" }],
  ]);
});

describe("a body", () => {
  test("that is too large is refused once that is known, and read on beside the reply, not for ever", async () => {
    const { body, given } = endless();
    const serve = vi.fn();
    const { status, beside } = await ask({ serve }, { body });
    expect(status).toBe(413);
    expect(serve).not.toHaveBeenCalled();
    await Promise.all(beside);
    // Five to know it, and seven that nobody wants.
    expect(given()).toBe(12);
  });

  test("that nobody wants is read beside the reply", async () => {
    answers.route = () => reply(404);
    const { body, given } = endless();
    const { status, beside } = await ask({}, { body });
    expect(status).toBe(404);
    await Promise.all(beside);
    expect(given()).toBe(7);
  });

  test("that is no UTF-8 is refused; a byte order mark is the app's to see", async () => {
    const serve = vi.fn(async (/** @type {string} */ _message) => "2200{}");
    expect((await ask({ serve }, { body: new Uint8Array([0xff]) })).status).toBe(400);
    expect(serve).not.toHaveBeenCalled();
    await ask({ serve }, { body: new Uint8Array([0xef, 0xbb, 0xbf, 0x31]) });
    expect(serve.mock.calls[0][0].endsWith("\n\ufeff1")).toBe(true);
  });
});

test("a route's reply of a status that has no body has none", async () => {
  answers.route = () => "Hacme\nPOST /hooks\n\ntrace\n";
  for (const status of [204, 205, 304]) {
    const serve = async () => [`2{"status":${status},"headers":[]}`, new Uint8Array()];
    expect(await ask({ serve })).toMatchObject({ status, text: "" });
  }
});

describe("a token", () => {
  const verification = { algorithm: "none", jwk: "{}", signed: "", signature: "", version: 3 };
  const headers = { authorization: "Bearer a.b.c" };

  /** The core asks for a signature for as long as the head has a token and nothing was said. */
  function verifies(said) {
    const heads = [];
    answers.route = (head) => {
      heads.push(head);
      return heads.length === 1 ? `V${JSON.stringify(verification)}` : CALL;
    };
    answers.verified = vi.fn(() => said);
    return heads;
  }

  test("that is right is asked about again, with the same head", async () => {
    const heads = verifies("");
    expect((await ask({ serve: async () => "2200{}" }, { headers })).status).toBe(200);
    expect(heads[1]).toBe(heads[0]);
    expect(answers.verified).toHaveBeenCalledExactlyOnceWith(heads[0], 3, false, expect.any(String));
  });

  test("that is somebody else's goes to a route as nobody's", async () => {
    const heads = verifies("N");
    await ask({ serve: async () => "2200{}" }, { headers });
    expect(heads[0]).toContain("Bearer a.b.c");
    expect(heads[1]).not.toContain("Bearer");
  });

  test("that is wrong is refused, and no object is asked", async () => {
    verifies(reply(401));
    const serve = vi.fn();
    expect((await ask({ serve }, { headers })).status).toBe(401);
    expect(serve).not.toHaveBeenCalled();
  });

  test("waits for keys, and the core is told of each way in which there are none", async () => {
    const told = [];
    answers.keys_fetched = (...values) => told.push(values);
    for (const answer of [
      async () => new Response('{"keys":1}'),
      async () => new Response("", { status: 500 }),
      async () => new Response("x".repeat(11)),
      async () => Promise.reject(new TypeError("no such host")),
    ]) {
      vi.stubGlobal("fetch", vi.fn(answer));
      const decisions = ["Fhttps://example.com/keys", CALL];
      answers.route = () => decisions.shift();
      expect((await ask({ serve: async () => "2200{}" }, { headers })).status).toBe(200);
    }
    expect(told).toEqual([
      ['{"keys":1}', ""],
      [undefined, "the answer has the status 500"],
      [undefined, "the answer is too large"],
      [undefined, "no such host"],
    ]);
  });

  test("has keys fetched again beside the request", async () => {
    answers.refresh_keys = () => "https://example.com/keys";
    answers.keys_fetched = vi.fn();
    vi.stubGlobal("fetch", async () => new Response("{}"));
    const { status, beside } = await ask({ serve: async () => "2200{}" }, { headers });
    expect([status, beside.length]).toEqual([200, 1]);
    await Promise.all(beside);
    expect(answers.keys_fetched).toHaveBeenCalledExactlyOnceWith("{}", "");
  });
});
