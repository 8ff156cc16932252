import { QueryClient, QueryObserver } from "@tanstack/query-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EdgePodClient, query } from "../src/core";
import { settled, until } from "./pod";

/** A server in this process that says which topics a reply depends on. */
class Server {
  version = 1;
  /** The calls so far: a function's name, or an item's with its id. */
  calls: string[] = [];
  /** Makes topics longer. */
  padding = "";
  /** What a write makes stale. */
  stale: string[] = [];
  sockets: Line[] = [];

  fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const answer = (name: string, args: { id?: number }) => {
      this.calls.push(args.id === undefined ? name : `${name} ${args.id}`);
      const version = `e.${this.version}`;
      if (name === "insertUser")
        return { data: null, meta: { tables: ["items"], topics: [], written: ["items"], stale: this.stale, version } };
      const topics = name === "getUsers" ? ["items"] : [`items#0.${args.id}${this.padding}`];
      return { status: 200, data: [args.id ?? 0], meta: { tables: ["items"], topics, version } };
    };
    const body = JSON.parse(String(init?.body || "{}"));
    const name = String(url).split("/rpc/")[1];
    if (name) return Response.json(answer(name, body));
    const results = body.calls.map((call: { name: string; args?: object }) => answer(call.name, call.args ?? {}));
    return Response.json({ results, meta: { version: `e.${this.version}` } });
  };

  tell(topics: string[], type = "stale"): void {
    this.version++;
    const socket = this.sockets.at(-1);
    socket?.say({
      type,
      tables: ["items"],
      topics,
      version: `e.${this.version}`,
      seq: type === "hello" ? 0 : ++socket.seq,
    });
  }
}

let server: Server;

/** A socket of that server. */
class Line {
  seq = 0;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    server.sockets.push(this);
    const isListed = new URL(url).searchParams.get("topics") === "listed";
    setTimeout(() => (isListed ? this.onopen?.() : this.greet()));
  }
  onopen: (() => void) | null = null;
  /** What it holds, as it says in a message. */
  list: string[] = [];
  greet(): void {
    this.say({ type: "hello", tables: [], topics: [], version: `e.${server.version}`, seq: 0 });
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  send(text: string): void {
    this.list = text.split("\n").sort();
    this.greet();
  }
  close(): void {}
}

let client: EdgePodClient;

beforeEach(async () => {
  server = new Server();
  client = new EdgePodClient({
    url: "http://topics.test",
    apiKey: "ep_pk_test",
    queryClient: new QueryClient(),
    fetch: server.fetch as typeof fetch,
    WebSocket: Line as never,
  });
  client.connect();
  await until("live", () => client.status === "live");
});

afterEach(() => {
  client.disconnect();
  client.queryClient.clear();
});

/** Shows an item, or without an id the list. */
function show(id?: number): () => void {
  const key =
    id === undefined ? query("getUsers", {}, client.origin as never) : query("getItem", { id }, client.origin as never);
  return new QueryObserver(client.queryClient, key as never).subscribe(() => {});
}

/** Waits until all that was begun has ended, however long that takes. */
async function idle(): Promise<void> {
  await settled();
  await until("nothing is under way", () => client.queryClient.isFetching() === 0);
}

/** What is asked for again after this. */
async function after(act: () => unknown): Promise<string[]> {
  server.calls = [];
  await act();
  await idle();
  return server.calls.sort();
}

test("only what names a topic is read again, and a reader of the table by every change", async () => {
  const ends = [show(1), show(2), show()];
  await idle();
  expect(await after(() => server.tell(["items#0.1"]))).toEqual(["getItem 1", "getUsers"]);
  expect(await after(() => server.tell([]))).toEqual(["getUsers"]);
  expect(await after(() => server.tell(["items", "*"]))).toEqual(["getItem 1", "getItem 2", "getUsers"]);
  for (const end of ends) end();
});

test("a write refreshes what its reply calls stale", async () => {
  const ends = [show(1), show(2)];
  await idle();
  server.stale = ["items#0.2"];
  server.version++;
  expect(await after(() => client.mutate("insertUser"))).toEqual(["getItem 2", "insertUser"]);
  for (const end of ends) end();
});

test("a new connection names topics, lists many of them in a message, and too many for that by their table", async () => {
  let ends = [show(1), show()];
  await idle();
  const named = async () => {
    const opened = server.sockets.length;
    server.sockets.at(-1)?.onclose?.({ code: 1006 });
    await until("live again", () => server.sockets.length > opened && client.status === "live");
    const line = server.sockets.at(-1) as Line;
    return [new URL(line.url).searchParams.getAll("table").sort(), line.list];
  };
  const both = ["items#0.1@e.1", "items@e.1"];
  expect(await named()).toEqual([both, []]);
  ends = [...ends, ...Array.from({ length: 1000 }, (_, id) => show(id))];
  await idle();
  const all = Array.from({ length: 1000 }, (_, id) => `items#0.${id}@e.1`);
  expect(await named()).toEqual([[], [...all, "items@e.1"].sort()]);
  server.padding = "x".repeat(200);
  server.version++;
  await after(() => server.tell(["items", "*"]));
  expect(await named()).toEqual([[], ["items#*@e.3", "items@e.3"]]);
  for (const end of ends) end();
});
