// What an object does for the core when the platform, a socket or another server fails.
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as bridge from "../bridge.mjs";
import { GREETED, PLAIN, Ports } from "../ports.mjs";
import { answers, constants, current } from "./core.mjs";

Object.assign(constants, { result_limit: 100, too_large: "too large: ", global: "global", expired: [1008, "expired"] });

vi.stubGlobal(
  "WebSocketRequestResponsePair",
  class {
    constructor(request, response) {
      Object.assign(this, { request, response });
    }
  },
);

/** A socket with these tags. */
/** @returns {any} */
const socketOf = (...tags) => ({ tags, send: vi.fn(), close: vi.fn(), serializeAttachment: vi.fn() });

/**
 * What the platform gives an object.
 *
 * @param {{ kept?: string, sockets?: any[], name?: string }} [of]
 * @returns {any}
 */
function contextOf({ kept, sockets = [], name } = {}) {
  const storage = {
    sql: {},
    transactionSync: (body) => body(),
    setAlarm: vi.fn(async () => {}),
  };
  return {
    id: { name },
    storage,
    said: kept,
    getWebSocketAutoResponse: () => (kept === undefined ? null : { response: kept }),
    setWebSocketAutoResponse: vi.fn(
      /** @this {any} */ function ({ response }) {
        if (response.length > 2048) throw new Error("The auto response is too large");
        this.said = response;
      },
    ),
    getWebSockets: () => sockets,
    getTags: ({ tags }) => tags,
  };
}

/**
 * @param {any} ctx
 * @param {any} [env]
 */
const portsOf = (ctx, env = {}) => new Ports(ctx, env, () => {});

let told;
beforeEach(() => {
  told = [];
  answers.fetched = (...values) => told.push(values);
  bridge.alive({});
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a transaction", () => {
  const transaction = (body, during = (run) => run()) => {
    const ctx = contextOf();
    ctx.storage.transactionSync = during;
    return portsOf(ctx).transaction(body);
  };

  test("that is not to commit rolls back, and is no failure", () => {
    let failed;
    const rolling = (run) => {
      try {
        run();
      } catch (error) {
        failed = error;
        throw error;
      }
    };
    expect(transaction(() => true, rolling)).toBeUndefined();
    expect(failed).toBeUndefined();
    expect(transaction(() => false, rolling)).toBeUndefined();
    expect(failed).toBeDefined();
  });

  test("that the database refuses says why", () => {
    const refuses = () => {
      throw new Error("database is full");
    };
    expect(transaction(() => true, refuses)).toBe("database is full");
  });

  test("that ends the instance ends the call", () => {
    const end = () => current().throws(new Error("unreachable"));
    expect(() => transaction(end)).toThrow("unreachable");
  });
});

describe("a socket", () => {
  test("whose token has expired is told nothing more, and closed", () => {
    const [old, live] = [socketOf(GREETED, "s1", "1"), socketOf(GREETED, "s1", String(Date.now() + 60_000))];
    const ports = portsOf(contextOf({ sockets: [old, live] }));
    ports.send(0, "news");
    ports.send(1, "news");
    expect(old.send).not.toHaveBeenCalled();
    expect(old.close).toHaveBeenCalledExactlyOnceWith(1008, "expired");
    expect(live.send).toHaveBeenCalledExactlyOnceWith("news");
  });

  test("that is closing, or gone, or unknown is no failure", () => {
    const closing = socketOf(GREETED, "s1");
    closing.send.mockImplementation(() => {
      throw new TypeError("Can't call WebSocket send() after close().");
    });
    const ports = portsOf(contextOf({ sockets: [closing] }));
    ports.send(0, "news");
    expect(ports.remove(closing)).toBe(0);
    expect(ports.remove(closing)).toBeUndefined();
    ports.send(0, "news");
    ports.remember(7, "x");
    expect(closing.send).toHaveBeenCalledTimes(1);
  });
});

describe("the answer to pings", () => {
  test("goes on from what the platform has kept", () => {
    const ctx = contextOf({ kept: '{"type":"pong","changed":{"notes":"a.1"}}', sockets: [socketOf(GREETED, "s1")] });
    portsOf(ctx).wrote("users", "b.1");
    expect(JSON.parse(ctx.said).changed).toEqual({ notes: "a.1", users: "b.1" });
  });

  test("is one word while a client expects that", () => {
    const plain = socketOf(PLAIN, "s1");
    const ctx = contextOf({ sockets: [plain, socketOf(GREETED, "s2")] });
    const ports = portsOf(ctx);
    ports.wrote("users", "b.1");
    ports.answerPings();
    expect(ctx.said).toBe("pong");
    ports.remove(plain);
    ports.answerPings();
    expect(JSON.parse(ctx.said).changed).toEqual({ users: "b.1" });
  });

  test("says of all tables that they changed where they are too many for the platform", () => {
    const ctx = contextOf({ sockets: [socketOf(GREETED, "s1")] });
    const ports = portsOf(ctx);
    ports.wrote(Array.from({ length: 200 }, (_, i) => `table_${i}`).join("\n"), "b.1");
    expect(JSON.parse(ctx.said).changed).toEqual({ "*": "b.1" });
    ports.wrote("users", "b.2");
    expect(JSON.parse(ctx.said).changed).toEqual({ "*": "b.1", users: "b.2" });
  });
});

describe("a request to another server", () => {
  const send = (head, env = {}) => portsOf(contextOf(), env).fetch(7, head, new Uint8Array([1]));

  test("that fails tells the core why", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("no such host")));
    send("GET\nhttps://example.invalid/\n1000\n10");
    await tick();
    expect(told).toEqual([[7, undefined, new Uint8Array(), "no such host"]]);
  });

  test("of a method without a body sends none, and reads no more of the answer than may be", async () => {
    const fetch = vi.fn(async (/** @type {string} */ _url, /** @type {any} */ _init) => new Response("123456789"));
    vi.stubGlobal("fetch", fetch);
    send("GET\nhttps://example.com/\n1000\n4\naccept:*/*");
    send("POST\nhttps://example.com/\n1000\n4");
    await tick();
    const [get, post] = fetch.mock.calls.map(([, init]) => init);
    expect([get.body, get.redirect, get.headers]).toEqual([undefined, "manual", [["accept", "*/*"]]]);
    expect(post.body).toEqual(new Uint8Array([1]));
    expect(told.length).toBe(2);
    expect(told[0][2].length).toBeGreaterThan(4);
  });

  test("has no use any more for an instance that ended meanwhile", async () => {
    let answer;
    vi.stubGlobal("fetch", () => new Promise((resolve) => (answer = resolve)));
    send("GET\nhttps://example.com/\n1000\n4");
    expect(() => current().throws(new Error("unreachable"))).toThrow();
    bridge.alive({});
    answer(new Response("late"));
    await tick();
    expect(told).toEqual([]);
  });
});

describe("a call of another pod", () => {
  const call = async (stub) => {
    const env = { EDGEPOD_DO: { idFromName: (name) => name, get: () => stub } };
    portsOf(contextOf(), env).callPod(3, "acme", "2I\nsetName\n\ntrace\n\n1 a \n{}");
    await tick();
    return told.pop();
  };

  test("has an outcome as another server has an answer", async () => {
    const [number, head, body] = await call({ serve: async () => '24295{"error":{}}' });
    expect([number, head]).toEqual([3, "429\nretry-after:5"]);
    expect(new TextDecoder().decode(body)).toBe('{"error":{}}');
  });

  test("asks for the object where it is best made", async () => {
    const asked = [];
    const stub = { serve: async () => '2200{"data":1}' };
    const env = { EDGEPOD_DO: { idFromName: (name) => name, get: (...of) => asked.push(of) && stub } };
    portsOf(contextOf(), env).callPod(3, "acme weur", "2I\nsetName\n\ntrace\n\n1 a \n{}");
    portsOf(contextOf(), env).callPod(4, "acme", "2I\nsetName\n\ntrace\n\n1 a \n{}");
    await tick();
    expect(asked).toEqual([["acme", { locationHint: "weur" }], ["acme"]]);
  });

  test("whose object is of an older build, or away, is told why", async () => {
    const missing = new TypeError('The RPC receiver does not implement the method "serve".');
    for (const [serve, why] of [
      [async () => Promise.reject(missing), "older build"],
      [async () => "!1", "version 1"],
      [async () => Promise.reject(new Error("Durable Object reset")), "Durable Object reset"],
    ]) {
      const [number, head, , failure] = await call({ serve });
      expect([number, head]).toEqual([3, undefined]);
      expect(failure).toContain(why);
    }
  });
});

describe("the alarm", () => {
  test("of a new life is set anew: the one before may have lost it", async () => {
    const ctx = contextOf();
    const ports = portsOf(ctx);
    ports.wakeAt(500);
    ports.wakeAt(500);
    await tick();
    expect(ctx.storage.setAlarm).toHaveBeenCalledExactlyOnceWith(500);
  });

  test("that is set tells whoever waits beside an action", async () => {
    const ports = portsOf(contextOf());
    let told = false;
    const waiting = ports.woken().then(() => {
      told = true;
    });
    await tick();
    expect(told).toBe(false);
    ports.wakeAt(500);
    await waiting;
  });

  test("that cannot be set is said to the log", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const ctx = contextOf();
    ctx.storage.setAlarm.mockRejectedValue(new Error("storage is away"));
    portsOf(ctx).wakeAt(500);
    await tick();
    expect(error).toHaveBeenCalledExactlyOnceWith("The alarm cannot be set: Error: storage is away");
    error.mockRestore();
  });

  test("that rings is not set for what is due at once, which whoever was rung for looks at again", async () => {
    const ctx = contextOf();
    const ports = portsOf(ctx);
    ports.rings();
    ports.wakeAt(Date.now() - 1);
    expect(ports.untilAlarm()).toBe(0);
    expect(ctx.storage.setAlarm).not.toHaveBeenCalled();
    ports.rang();
    ports.wakeAt(5);
    ports.wakeAt(5);
    expect(ports.untilAlarm()).toBe(0);
    expect(ctx.storage.setAlarm).toHaveBeenCalledExactlyOnceWith(5);
  });
});

test("a variable that is no text is none", () => {
  const ports = portsOf(contextOf(), { TEXT: "a", BINDING: {} });
  expect([ports.var("TEXT"), ports.var("BINDING"), ports.var("NONE")]).toEqual(["a", undefined, undefined]);
});

test("an object from before pods had names has the one pod", () => {
  expect(portsOf(contextOf()).pod).toBe("global");
  expect(portsOf(contextOf({ name: "acme" })).pod).toBe("acme");
});
