import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { epochOf, isNewer, type Read } from "../src/core/registry";
import { createSocket } from "../src/core/socket";

/** The sockets that were opened, in order. */
let opened: FakeSocket[];

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    opened.push(this);
  }

  hears(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(): void {}

  close(): void {}
}

beforeEach(() => {
  opened = [];
  stale = [];
  vi.useFakeTimers();
});

afterEach(() => void vi.useRealTimers());

/** What the client was told is stale, and as of which version. */
let stale: [topics: readonly string[], version: string][];

/** A socket of a client that holds these. */
function start(reads: Map<unknown, Read>, known = "a.0") {
  const socket = createSocket({
    url: (_, topics) => [...topics].map((topic) => topic.join("@")).join(" "),
    reads,
    known: () => known,
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    fetch: async () => new Response(),
    onStale: (...told) => stale.push(told),
    onHello: (...told) => stale.push(told),
    onStatus: () => {},
    queries: () => [],
    refresh: () => {},
    parse: JSON.parse,
    epochOf,
    isNewer,
  });
  socket.start();
  vi.advanceTimersByTime(0);
  return socket;
}

/** Answers pings for two minutes, or until there is another connection: the table of rooms changed last in this version. */
function pings(socket: FakeSocket, version: string): void {
  for (let ping = 0; ping < 4 && socket === opened.at(-1); ping++) {
    vi.advanceTimersByTime(30_000);
    socket.hears({ type: "pong", changed: { rooms: version } });
    vi.advanceTimersByTime(0);
  }
}

const room = (version: string): Read => ({ topics: ["rooms#0.x"], version, tried: "" });
const hello = { type: "hello", tables: [], topics: [], version: "a.7", seq: 0 };

test("what came between the request for a connection and its greeting is read again, and asked about in two minutes", () => {
  const reads = new Map<unknown, Read>();
  const socket = start(reads);
  // The reply is older than the greeting, which was not asked about it; the signal went to the connection before.
  reads.set("room", room("a.1"));
  opened[0]?.hears(hello);
  expect(stale).toEqual([[["rooms#0.x"], "a.7"]]);
  pings(opened[0] as FakeSocket, "a.6");
  expect(opened.map(({ url }) => url)).toEqual(["", "rooms#0.x@a.1"]);
  // It was asked about then: not again.
  opened[1]?.hears(hello);
  pings(opened[1] as FakeSocket, "a.6");
  expect(opened).toHaveLength(2);
  socket.stop();
});

test("a life that looks older than what is known is asked to greet: the server's clock was set back", () => {
  const socket = start(new Map([["room", room("a.1")]]), "b.3");
  opened[0]?.hears({ ...hello, version: "b.3" });
  const signal = { type: "stale", tables: ["rooms"], topics: ["rooms#0.x"], seq: 1 };
  opened[0]?.hears({ ...signal, version: "b.4" });
  vi.advanceTimersByTime(1_000);
  expect(opened).toHaveLength(1);
  opened[0]?.hears({ ...signal, version: "a.9" });
  expect(stale.at(-1)).toEqual([["rooms", "rooms#0.x"], "a.9"]);
  vi.advanceTimersByTime(1_000);
  expect(opened).toHaveLength(2);
  socket.stop();
});

test("what came between two connections is read again, however new: its subscription ended with the first", () => {
  const reads = new Map<unknown, Read>([["other", { ...room("a.7"), topics: ["users"] }]]);
  const socket = start(reads);
  // Before the first nothing ends: the server waits for it.
  reads.set("room", room("a.7"));
  opened[0]?.hears(hello);
  expect([...reads.values()].map(({ version }) => version)).toEqual(["a.7", "a.7"]);
  reads.delete("room");
  opened[0]?.onclose?.({ code: 1006 });
  vi.advanceTimersByTime(1_000);
  reads.set("room", room("a.7"));
  opened[1]?.hears(hello);
  expect([...reads.values()].map(({ version }) => version)).toEqual(["a.7", ""]);
  expect(stale.at(-1)).toEqual([["rooms#0.x"], "a.7"]);
  socket.stop();
});

test("what changed after the greeting may be a signal that was lost, and is asked about once", () => {
  const socket = start(new Map([["room", room("a.1")]]));
  opened[0]?.hears(hello);
  pings(opened[0] as FakeSocket, "a.8");
  expect(opened).toHaveLength(2);
  opened[1]?.hears({ ...hello, version: "a.8" });
  pings(opened[1] as FakeSocket, "a.8");
  expect(opened).toHaveLength(2);
  socket.stop();
});
