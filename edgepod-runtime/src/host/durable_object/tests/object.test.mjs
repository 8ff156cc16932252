// An object whose engine does not open, whose instance ends, whose peer is old, and that wakes again.
import { beforeEach, describe, expect, test, vi } from "vitest";
import * as bridge from "../bridge.mjs";
import { EdgePodEngine } from "../object.mjs";
import { answers, constants, current } from "./core.mjs";

Object.assign(constants, {
  headers: {},
  unserved: 2,
  sockets: 1,
  list_limit: 10,
  refused: [1008, "refused"],
  expired: [1008, "expired"],
  protocol: "edgepod",
  pods: false,
  global: "global",
});

vi.stubGlobal(
  "WebSocketRequestResponsePair",
  class {
    constructor(request, response) {
      Object.assign(this, { request, response });
    }
  },
);

const reply = (status, body, headers = {}) => `R${JSON.stringify({ status, headers, body })}`;
const CALL = "2C\ngetOne\n\ntrace-1\n\n{}\n{}";

/** @returns {any} */
const socketOf = (attachment) => ({
  send: vi.fn(),
  close: vi.fn(),
  deserializeAttachment: () => attachment,
});

let objects = 0;

/**
 * An object of a name, with sockets from before.
 *
 * @param {{ id?: string, sockets?: any[] }} [of]
 */
function objectOf({ id = `object-${objects++}`, sockets = [] } = {}) {
  /** @type {any} */
  const ctx = {
    id: { toString: () => id },
    storage: { sql: {}, kv: {}, getAlarm: async () => null, setAlarm: vi.fn(async () => {}) },
    getWebSocketAutoResponse: () => null,
    setWebSocketAutoResponse: () => {},
    getWebSockets: () => sockets,
    getTags: () => ["greeted", "ss"],
    acceptWebSocket: vi.fn(),
  };
  return { ctx, object: new EdgePodEngine(ctx, /** @type {any} */ ({})) };
}

const ends = (error = new Error("unreachable")) => current().throws(error);

let log;
let open;
beforeEach(() => {
  log = [];
  open = [];
  for (const name of Object.keys(answers)) delete answers[name];
  answers.open = (engine) => {
    open.push(engine);
  };
  answers.close = (engine) => {
    open = open.filter((one) => one !== engine);
  };
  answers.call = () => '2200{"data":1}';
  answers.refuse_internal = (message, name, trace) => {
    if (message !== "") log.push([message.split("\n")[0], name, trace]);
    return reply(500, '{"error":{}}');
  };
  answers.refuse_unserved = (trace) => reply(503, `{"trace":"${trace}"}`, { "retry-after": "2" });
  answers.refuse_socket = () => reply(429, "{}");
});

describe("an engine that does not open", () => {
  test("is not tried again for a time, is said to the log once, and opens then", () => {
    vi.useFakeTimers();
    const { object } = objectOf();
    answers.open = vi.fn(() => "a migration failed");
    for (let call = 0; call < 3; call++) expect(object.serve(CALL)).toBe('25032{"trace":"trace-1"}');
    expect(answers.open).toHaveBeenCalledTimes(1);
    expect(log).toEqual([["a migration failed", "getOne", "trace-1"]]);
    answers.open = vi.fn(() => undefined);
    vi.advanceTimersByTime(1999);
    expect(object.serve(CALL)).toMatch(/^2503/);
    vi.advanceTimersByTime(1);
    expect(object.serve(CALL)).toBe('2200{"data":1}');
    vi.useRealTimers();
  });

  test("takes no socket, and a client is told when to come again", async () => {
    const { object, ctx } = objectOf();
    answers.open = () => "a migration failed";
    const { status, headers } = object.fetch(new Request("https://example.com/ws?sessionId=s"));
    expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
    expect(ctx.acceptWebSocket).not.toHaveBeenCalled();
  });

  test("is how the admin finds it", () => {
    const { object, ctx } = objectOf();
    ctx.storage.kv.get = () => undefined;
    ctx.storage.sql.databaseSize = 7;
    answers.open = () => "a migration failed";
    answers.status = (engine, _number, _ports, failure, bytes) =>
      JSON.stringify({ engine: engine ?? null, failure, bytes });
    expect(object.administer("migrate")).toEqual({ engine: null, failure: "a migration failed", bytes: 7 });
  });
});

test("an outcome is bytes where the Worker takes them, and nobody else", () => {
  const { object } = objectOf();
  answers.call = vi.fn(() => "2200{}");
  answers.call_batch = vi.fn(() => "2200{}");
  for (const takesBytes of [true, false, undefined]) {
    object.serve(CALL, undefined, takesBytes);
    object.serve("2B\n\n\ntrace-1\n\n{}\n{}", undefined, takesBytes);
    expect(answers.call.mock.lastCall?.[2]).toBe(takesBytes === true);
    expect(answers.call_batch.mock.lastCall?.[4]).toBe(takesBytes === true);
  }
  object.call("getOne\n\ntrace-1\n\n{}\n{}");
  expect(answers.call.mock.lastCall?.[2]).toBe(false);
});

describe("an instance that ends", () => {
  test("answers the call, and the next one has an engine that knows the sockets", () => {
    const restored = [];
    answers.socket_restored = (_engine, socket, attachment) => restored.push([socket, attachment]);
    const { object } = objectOf({ sockets: [socketOf("session-1"), socketOf(null)] });
    expect(object.serve(CALL)).toBe('2200{"data":1}');
    answers.call = () => ends();
    expect(object.serve(CALL)).toBe('2500{"error":{}}');
    expect(log).toEqual([["Error: unreachable", "getOne", "trace-1"]]);
    answers.call = () => '2200{"data":2}';
    expect(object.serve(CALL)).toBe('2200{"data":2}');
    expect(open.length).toBe(2);
    expect(restored).toEqual([
      [0, "session-1"],
      [0, "session-1"],
    ]);
  });

  test("takes no query of a batch along but the one that ended it", () => {
    const { object } = objectOf();
    const lost = [];
    answers.call_batch = (_engine, _message, without, begins) => {
      lost.push([...without]);
      for (const place of [0, 1, 2]) {
        if (without.includes(place)) continue;
        begins(place);
        if (place > 0) ends();
      }
      return "2200{}";
    };
    expect(object.serve("2B\n\n\ntrace-1\n\n{}\n{}")).toBe("2200{}");
    expect(lost).toEqual([[], [1], [1, 2]]);
    expect(log.length).toBe(2);
  });

  test("before a batch has begun fails it, once", () => {
    const { object } = objectOf();
    answers.call_batch = vi.fn(() => ends());
    expect(object.serve("2B\n\n\ntrace-1\n\n{}\n{}")).toMatch(/^2500/);
    expect(answers.call_batch).toHaveBeenCalledTimes(1);
  });

  test("answers the actions that waited in it", async () => {
    const [one, other] = [objectOf().object, objectOf().object];
    answers.call_action = () => new Promise(() => {});
    const waiting = one.serve("2A\nsend\n\ntrace-2\n\n{}\n{}");
    answers.call = () => ends(new Error("out of memory"));
    other.serve(CALL);
    expect(await waiting).toBe('2500{"error":{}}');
    expect(log.map(([, name, trace]) => [name, trace])).toEqual([
      ["getOne", "trace-1"],
      ["send", "trace-2"],
    ]);
  });

  test("leaves no socket behind that is gone", () => {
    const socket = socketOf("session-1");
    const { object } = objectOf({ sockets: [socket] });
    answers.socket_restored = () => {};
    answers.socket_closed = vi.fn(() => ends());
    object.webSocketClose(socket, 1000, "");
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1000, "");
    expect(log.length).toBe(1);
    answers.socket_restored = vi.fn();
    object.serve(CALL);
    expect(answers.socket_restored).not.toHaveBeenCalled();
  });
});

describe("a message", () => {
  test("of a version that this build does not know does nothing", () => {
    const { object } = objectOf();
    for (const message of ["3C\ngetOne", "getOne\n\n", "2Z\ngetOne", ""]) expect(object.serve(message)).toBe("!2");
    expect(open).toEqual([]);
  });

  test("of the version before comes by a method of its own, and goes back in its words", async () => {
    const { object } = objectOf();
    const seen = [];
    answers.call = (_engine, message) => {
      seen.push(message);
      return "242930{}";
    };
    answers.call_batch = answers.call;
    answers.call_action = async (engine, message) => answers.call(engine, message);
    const before = "getOne\n\ntrace-1\n\n{}\n{}";
    expect([object.call(before), object.callBatch(before), await object.callAction(before)]).toEqual([
      "42930{}",
      "42930{}",
      "42930{}",
    ]);
    expect(seen.map((message) => message.slice(0, 3))).toEqual(["2C\n", "2B\n", "2A\n"]);
  });
});

describe("an object that wakes", () => {
  test("in the isolate where it was closes the engine from before", () => {
    const { object } = objectOf({ id: "same" });
    object.serve(CALL);
    const [before] = open;
    objectOf({ id: "same" }).object.serve(CALL);
    expect(open.length).toBe(1);
    expect(open[0]).not.toBe(before);
  });

  test("closes nothing in an instance that has ended", () => {
    const { object } = objectOf({ id: "same" });
    object.serve(CALL);
    expect(() => ends()).toThrow();
    bridge.alive({});
    answers.close = vi.fn();
    objectOf({ id: "same" });
    expect(answers.close).not.toHaveBeenCalled();
  });
});

describe("an alarm", () => {
  test("never fails: what cannot be done is asked for again", async () => {
    const { object, ctx } = objectOf();
    answers.open = () => "a migration failed";
    await object.alarm();
    await vi.waitFor(() => expect(ctx.storage.setAlarm).toHaveBeenCalledTimes(1));
    expect(ctx.storage.setAlarm.mock.calls[0][0]).toBeGreaterThan(Date.now() + 50_000);
  });

  test("goes on after a job that ended the instance, and after an action that did", async () => {
    const { object } = objectOf();
    const steps = [() => ends(), () => true, () => undefined, () => false];
    answers.run_job = vi.fn(() => (steps.shift() ?? (() => false))());
    answers.call_action = vi.fn(async () => ends());
    await object.alarm();
    expect(steps).toEqual([]);
    expect(answers.call_action).toHaveBeenCalledTimes(1);
    expect(open.length).toBeGreaterThan(1);
  });
});

describe("a socket", () => {
  const request = new Request("https://example.com/ws?sessionId=s", { headers: { "x-edgepod-expires": "" } });

  test("too many of a session is refused, without one", () => {
    const { object, ctx } = objectOf({ sockets: [socketOf(null)] });
    expect(object.fetch(request).status).toBe(429);
    expect(ctx.acceptWebSocket).not.toHaveBeenCalled();
  });

  test("that the core does not survive is closed", () => {
    const [client, server] = [socketOf(null), socketOf(null)];
    vi.stubGlobal(
      "WebSocketPair",
      class {
        0 = client;
        1 = server;
      },
    );
    const { object, ctx } = objectOf();
    answers.socket_opened = () => ends();
    expect(() => object.fetch(request)).toThrow("unreachable");
    expect(ctx.acceptWebSocket).toHaveBeenCalledTimes(1);
    expect(server.close).toHaveBeenCalledExactlyOnceWith(1011);
  });

  test("that waits for its list is opened with it; one that is too long, or comes twice, is refused", () => {
    answers.socket_opened = vi.fn();
    answers.socket_closed = vi.fn();
    const waiting = (attachment) => {
      const socket = socketOf(null);
      let kept = attachment;
      socket.deserializeAttachment = () => kept;
      socket.serializeAttachment = (value) => {
        kept = value;
      };
      return socket;
    };
    const socket = waiting({ session: "s", since: "a.1" });
    const { object: listed } = objectOf({ sockets: [socket] });
    listed.webSocketMessage(socket, "notes");
    expect(answers.socket_opened.mock.calls).toEqual([[expect.any(Number), 0, "s", "a.1", "notes"]]);
    expect(socket.close).not.toHaveBeenCalled();
    listed.webSocketMessage(socket, "notes");
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1008, "refused");
    const long = waiting({ session: "s" });
    const { object: refusing } = objectOf({ sockets: [long] });
    refusing.webSocketMessage(long, "n".repeat(11));
    expect(long.close).toHaveBeenCalledExactlyOnceWith(1008, "refused");
    answers.socket_opened = () => ends();
    const lost = waiting({ session: "s" });
    objectOf({ sockets: [lost] }).object.webSocketMessage(lost, "notes");
    expect(lost.close).toHaveBeenCalledExactlyOnceWith(1011);
  });

  test("that sends something is closed, with what is said then", () => {
    const socket = socketOf(null);
    const { object } = objectOf({ sockets: [socket] });
    answers.socket_closed = vi.fn();
    object.webSocketMessage(socket, "hello");
    expect(answers.socket_closed).toHaveBeenCalledTimes(1);
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1008, "refused");
  });

  test("that was closed by a code that may not be sent is closed without one", () => {
    const socket = socketOf(null);
    const { object } = objectOf({ sockets: [socket] });
    answers.socket_closed = () => {};
    socket.close.mockImplementationOnce(() => {
      throw new TypeError("Invalid WebSocket close code: 1005.");
    });
    object.webSocketClose(socket, 1005, "");
    expect(socket.close.mock.calls).toEqual([[1005, ""], []]);
  });
});
