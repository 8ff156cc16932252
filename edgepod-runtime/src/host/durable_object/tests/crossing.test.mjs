import { describe, expect, test, vi } from "vitest";
import * as crossing from "../crossing.mjs";
import cases from "./crossing.json" with { type: "json" };

const limit = (result_limit) => ({ result_limit, too_large: "too much: " });

/** A value as SQLite gives or takes it. */
const bound = (value) => (value?.bytes === undefined ? value : new Uint8Array(value.bytes));
const given = (value) => (value?.bytes === undefined ? value : new Uint8Array(value.bytes).buffer);

describe("a request's head", () => {
  for (const { text, method, url, headers } of cases.heads) {
    test(`of ${method} ${url}`, () => {
      const request = { method, url, headers: new Headers(headers) };
      expect(crossing.headOf(crossing.partsOf(request), false)).toBe(text);
    });
  }
});

test("of a request's headers those that are named are written, if they came", () => {
  const headers = new Headers({ "X-One": "1", "x-two": "2" });
  expect(crossing.writeSomeHeaders(headers, ["x-one", "x-three"])).toBe('{"x-one":"1"}');
  expect(crossing.writeSomeHeaders(headers, [])).toBe("{}");
  expect(crossing.writeHeaders(headers)).toBe('{"x-one":"1","x-two":"2"}');
});

test("all headers are in the head where the app has pods", () => {
  const headers = new Headers({ "x-edgepod-pod": "acme", host: "example.com" });
  const parts = crossing.partsOf({ method: "GET", url: "https://example.com/ws", headers });
  const head = crossing.headOf(parts, true);
  expect(head.endsWith('\nacme\n{"host":"example.com","x-edgepod-pod":"acme"}')).toBe(true);
});

describe("a call", () => {
  for (const { about, decision, message, headers, args } of cases.decisions) {
    test(`is written: ${about}`, () => {
      // What came with the decision goes before a body.
      const body = decision.startsWith("G") ? "not this" : args;
      expect(crossing.writeCall(decision, headers, body)).toBe(message);
      const [kind, name, , trace] = decision.split("\n");
      expect(crossing.podOf(decision)).toEqual({ name: kind.slice(1), near: undefined });
      expect(crossing.labelsOf(message)).toEqual({ name, trace });
      expect(crossing.kindOf(message)).toBe(message[1]);
    });
  }

  for (const { about, message, name, trace, key, args } of cases.adminCalls) {
    test(`of the admin is written: ${about}`, () => {
      expect(crossing.writeAdminCall(name, trace, key, args)).toBe(message);
      expect(crossing.labelsOf(message)).toEqual({ name, trace });
    });
  }

  test("of another version has no kind", () => {
    expect(crossing.kindOf("3C\ngetAll")).toBeUndefined();
    expect(crossing.kindOf("getAll\n\n")).toBeUndefined();
    expect(crossing.kindOf("")).toBeUndefined();
    expect(crossing.unknownVersion()).toBe("!2");
  });
});

describe("a pod", () => {
  for (const { text, name, near } of cases.pods) {
    test(`is read: ${text}`, () => {
      expect(crossing.readPod(text)).toEqual({ name, near: near ?? undefined });
      expect(crossing.podOf(`C${text}\ngetAll\n\ntrace\n`)).toEqual(crossing.readPod(text));
    });
  }
});

describe("an outcome", () => {
  for (const { text, ...outcome } of cases.outcomes) {
    test(`of ${outcome.status}`, () => {
      expect(crossing.readOutcome(text)).toEqual(outcome);
    });
  }

  test("of whatever status may come as its UTF-8", () => {
    const utf8 = new TextEncoder();
    for (const { text, ...outcome } of [
      ...cases.outcomes,
      { text: '2200{"é":"{"}', status: 200, retryAfter: "", body: '{"é":"{"}' },
    ]) {
      const read = crossing.readOutcome(utf8.encode(text));
      expect({ ...read, body: new TextDecoder().decode(/** @type {Uint8Array} */ (read.body)) }).toEqual(outcome);
    }
    expect(() => crossing.readOutcome(utf8.encode("!1"))).toThrow("version 1");
  });

  test("is asked for as bytes by who only hands its body on", async () => {
    const bytes = new TextEncoder().encode("2200{}");
    const serve = vi.fn(async () => bytes);
    expect(await crossing.askForBytes(/** @type {any} */ ({ serve }), "2C")).toBe(bytes);
    expect(serve).toHaveBeenLastCalledWith("2C", undefined, true);
    await crossing.ask(/** @type {any} */ ({ serve }), "2C");
    expect(serve).toHaveBeenLastCalledWith("2C", undefined, false);
  });

  test("of an object that speaks another version only is a failure", () => {
    expect(() => crossing.readOutcome("!1")).toThrow("version 1");
  });

  test("of a failure is written as it is read", () => {
    const text = crossing.writeOutcome(500, '{"error":{}}');
    expect(crossing.readOutcome(text)).toEqual({ status: 500, retryAfter: "", body: '{"error":{}}' });
  });
});

describe("a route", () => {
  const body = new Uint8Array([0, 255]);

  for (const { text, ...reply } of cases.rawReplies) {
    test(`replies ${reply.status}`, () => {
      expect(crossing.readRawReply([text, body])).toEqual({ ...reply, body });
    });
  }

  test("is asked by the address as it was sent", () => {
    const target = (url) => crossing.targetOf({ method: "PUT", url });
    expect(target("https://example.com/a%20b/c?d=/e")).toBe("PUT /a%20b/c?d=/e");
    expect(target("http://localhost:8787/")).toBe("PUT /");
  });

  test("of an object that knows none is not there yet", async () => {
    const missing = new TypeError('The RPC receiver does not implement the method "serve".');
    const ask = (serve) => crossing.askRoute(/** @type {any} */ ({ serve }), "2H", body);
    expect(await ask(async () => "!2")).toBeNull();
    expect(await ask(async () => Promise.reject(missing))).toBeNull();
    await expect(ask(async () => Promise.reject(new TypeError("no such thing")))).rejects.toThrow("no such thing");
    const serve = vi.fn(async () => '2404{"error":{}}');
    expect(await ask(serve)).toBe('2404{"error":{}}');
    expect(serve).toHaveBeenCalledExactlyOnceWith("2H", body);
  });

  test("is asked again as nobody where a token is not the app's", () => {
    const { text } = cases.heads[0];
    expect(crossing.headAfter("", text)).toBe(text);
    expect(crossing.headAfter("N", text)).toBe(text.replace("Bearer a.b.c", "\0"));
    expect(crossing.headAfter("R{}", text)).toBeUndefined();
  });
});

describe("a request to another server", () => {
  for (const { text, answer, status, answerHeaders, ...outgoing } of cases.outgoing) {
    test(`of ${outgoing.method} is read, and its answer written`, () => {
      expect(crossing.readOutgoing(text)).toEqual(outgoing);
      expect(crossing.writeAnswer({ status, headers: new Headers(answerHeaders) })).toBe(answer);
    });
  }

  test("has an answer that was decoded, and is no longer of the length that was sent", () => {
    const headers = new Headers({ "content-encoding": "gzip", "content-length": "7", "content-type": "text/plain" });
    expect(crossing.writeAnswer({ status: 200, headers })).toBe("200\ncontent-type:text/plain");
  });
});

describe("the version before", () => {
  const methods = { C: "call", A: "callAction", B: "callBatch" };
  const missing = new TypeError('The RPC receiver does not implement the method "serve".');

  for (const { about, message, before } of cases.decisions.filter(({ before }) => before !== undefined)) {
    const kind = message[1];
    test(`of the object is asked in its own words: ${about}`, async () => {
      const method = vi.fn(async () => '200{"data":1}');
      /** @type {any} */
      const stub = { serve: async () => Promise.reject(missing), [methods[kind]]: method };
      expect(crossing.readOutcome(await crossing.ask(stub, message)).body).toBe('{"data":1}');
      expect(method).toHaveBeenCalledExactlyOnceWith(before);
    });

    test(`of the Worker is understood: ${about}`, () => {
      expect(crossing.messageOfBefore(before, kind)).toBe(message);
    });
  }

  test("of the Worker gets outcomes as it knows them", () => {
    expect(crossing.outcomeForBefore("242930{}")).toBe("42930{}");
  });

  test("has no method for calls between pods, and is asked none", async () => {
    /** @type {any} */
    const stub = { serve: async () => Promise.reject(missing), undefined: vi.fn() };
    const asked = crossing.ask(stub, "2I\nsetName\n\n0123456789abcdef\n\n1 acme \n{}");
    await expect(asked).rejects.toThrow("older build");
    expect(stub.undefined).not.toHaveBeenCalled();
  });

  test("is not asked because a call failed", async () => {
    const call = vi.fn();
    /** @type {any} */
    const stub = { serve: () => Promise.reject(new TypeError("no such thing")), call };
    await expect(crossing.ask(stub, cases.decisions[0].message)).rejects.toThrow("no such thing");
    expect(call).not.toHaveBeenCalled();
  });
});

describe("a statement", () => {
  for (const { text, values } of cases.parameters) {
    test(`takes ${text || "nothing"}`, () => {
      expect(crossing.readParameters(text)).toEqual(values.map(bound));
    });
  }

  for (const { text, written, rows } of cases.rows) {
    test(`gives ${text}`, () => {
      const cursor = { rowsWritten: written, raw: () => rows.map((row) => row.map(given)).values() };
      expect(crossing.writeRows(cursor, limit(1000))).toBe(text);
    });
  }

  test("of one column of texts gives them joined", () => {
    const cursor = (...texts) => ({ rowsWritten: texts.length, raw: () => texts.map((text) => [text]).values() });
    expect(crossing.writeTexts(cursor(), limit(11))).toBe("");
    expect(crossing.writeTexts(cursor("[1]"), limit(11))).toBe("[1]");
    expect(crossing.writeTexts(cursor("[1]", "[2]", "[3]"), limit(11))).toBe("[1],[2],[3]");
    expect(crossing.writeCountedTexts(cursor("[1]", "[2]"), limit(11))).toBe("2|[1],[2]");
  });

  test("that are more than the limit are refused in the words that the core knows", () => {
    const cursor = { rowsWritten: 0, raw: () => [["[1]"], ["[2]"]].values() };
    const words = "too much: 6";
    expect(() => crossing.writeTexts(cursor, limit(6))).toThrow(words);
    expect(() => crossing.writeCountedTexts(cursor, limit(6))).toThrow(words);
    expect(() => crossing.writeRows({ rowsWritten: 0, raw: () => [["abcd"], [null]] }, limit(6))).toThrow(words);
    expect(() => crossing.writeRows({ rowsWritten: 0, raw: () => [[Infinity]] }, limit(99))).toThrow("infinite");
  });
});

describe("the answer to pings", () => {
  for (const { text, changed } of cases.pongs) {
    test(`is written and read: ${text}`, () => {
      expect(crossing.writePong(changed)).toBe(text);
      expect(crossing.readPong(text)).toEqual(changed);
    });
  }

  test("of a platform that has none, or of clients that expect one word, says nothing of tables", () => {
    expect(crossing.readPong(undefined)).toEqual({});
    expect(crossing.readPong("pong")).toEqual({});
  });
});

describe("the opening of a socket", () => {
  test("carries when its token expires, whatever the client sent under that name", () => {
    const request = new Request("https://example.com/ws?sessionId=s%201&since=a.1&table=notes&table=users@3", {
      headers: { "x-edgepod-expires": "9999999999999" },
    });
    expect(crossing.readOpening(crossing.writeOpening(request, "S\n"))).toEqual({
      session: "s 1",
      since: "a.1",
      listed: false,
      tables: "notes\nusers@3",
      expires: undefined,
      protocols: [],
    });
    expect(crossing.readOpening(crossing.writeOpening(request, "Sacme\n1700000000000")).expires).toBe("1700000000000");
  });
});
