import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** What a function of the test server gives back, or why it refuses. */
interface Outcome {
  data?: unknown;
  reads?: string[];
  writes?: string[];
  version?: string;
  error?: { status: number; code: string; message: string; data?: unknown };
}

interface User {
  id: number;
  name: string;
}

/** How signals travel. */
type Signals = "sent" | "lost" | "twice" | "kept";

/**
 * A real HTTP and WebSocket server that speaks EdgePod's wire over two tables in memory, and can be told
 * to be as unlucky as networks are.
 */
export class Pod {
  readonly key = "ep_pk_test";
  users: User[] = [];
  posts: { id: number; title: string }[] = [];
  /** The names of the functions called so far, in order. */
  calls: string[] = [];
  /** The headers of the last call. */
  headers: IncomingMessage["headers"] = {};
  /** What the batches asked for so far, in order. */
  batches: string[][] = [];
  /** The query of the last socket's address. */
  asked = new URLSearchParams();
  /** The next requests are carried out, and their replies lost. */
  losesReplies = 0;
  /** Functions that write do not run before this. */
  gate: Promise<void> = Promise.resolve();
  /** The tokens that are taken; without it, any and none. */
  tokens: Set<string> | undefined;
  /** Whether sockets are greeted. */
  greets = true;
  /** The protocols that the last socket offered. */
  protocols: string | undefined;
  /** How many sockets were opened so far. */
  opened = 0;
  signals: Signals = "sent";
  /** Whether pings are answered. */
  answersPings = true;
  /** Refuses every call with this. */
  failing: Outcome["error"] | undefined;
  /** What each reply warns of. */
  warnings: string[] = [];
  /** How long a reply takes after the function ran. */
  replyDelayMs = 0;

  #server: Server | undefined;
  #port = 0;
  #connections = new Set<Socket>();
  #sockets = new Map<string, WebSocket>();
  #subscriptions = new Map<string, Set<string>>();
  #missed = new Map<string, Set<string>>();
  #kept: (() => void)[] = [];
  #held = new Map<string, { arrived: () => void; released: Promise<void> }[]>();
  #nextId = 1;
  #life = 1;
  #version = 1;
  /** The version of each table's last change in this life. */
  #changed = new Map<string, number>();
  #seq = new Map<WebSocket, number>();
  #remembered = new Map<string, Outcome>();

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The version of the tables as they are. */
  get version(): string {
    return `e${this.#life}.${this.#version}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Starts listening, on the same port as before if it was stopped. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#handle(request, response));
    const upgrades = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      const url = new URL(request.url ?? "/", this.url);
      if (url.searchParams.get("key") !== this.key) {
        socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
        return;
      }
      this.protocols = request.headers["sec-websocket-protocol"];
      upgrades.handleUpgrade(request, socket, head, (client) => this.#accept(client, url.searchParams));
    });
    server.on("connection", (connection) => {
      this.#connections.add(connection);
      connection.on("close", () => this.#connections.delete(connection));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Stops as a crash does: every connection and everything known about sessions is gone. The tables stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#subscriptions.clear();
    this.#missed.clear();
    this.#sockets.clear();
    this.#live();
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** The next life of the server: what it counted is forgotten. */
  #live(): void {
    this.#life++;
    this.#version = 1;
    this.#changed.clear();
    this.#seq.clear();
  }

  /** Hibernates, as an idle object does: the sockets and what they subscribed to stay. */
  hibernate(): void {
    this.#live();
  }

  /** Cuts every socket, as a network does. */
  cutSockets(): void {
    for (const socket of this.#sockets.values()) socket.terminate();
    this.#sockets.clear();
    this.#subscriptions.clear();
  }

  /** Closes every socket with a code. */
  closeSockets(code: number): void {
    for (const socket of this.#sockets.values()) socket.close(code);
  }

  /** Sends a text to every socket. */
  send(text: string): void {
    for (const socket of this.#sockets.values()) socket.send(text);
  }

  /** Sends the signals that were kept back, in an order that `random` chooses, if given. */
  sendKept(random?: () => number): void {
    const kept = this.#kept.splice(0);
    while (kept.length > 0) kept.splice(random ? Math.floor(random() * kept.length) : 0, 1)[0]?.();
  }

  /** Lets go of every reply that would be held from now on. */
  releaseAll(): void {
    this.#held.clear();
  }

  /** How often a function was called. */
  count(name: string): number {
    return this.calls.filter((call) => call === name).length;
  }

  /**
   * Keeps back the reply to the next call of a function: the function runs at once, its reply waits.
   * `arrived` resolves when it ran; `release` lets the reply go.
   */
  hold(name: string): { arrived: Promise<void>; release: () => void } {
    let arrived = () => {};
    let release = () => {};
    const promise = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held.set(name, [...(this.#held.get(name) ?? []), { arrived, released }]);
    return { arrived: promise, release };
  }

  /** Another client adds a user. */
  addUser(name: string): User {
    const user = { id: this.#nextId++, name };
    this.users = [...this.users, user];
    this.announce(["users"]);
    return user;
  }

  /** Another client renames a user. */
  rename(name: string, to: string): void {
    this.users = this.users.map((user) => (user.name === name ? { ...user, name: to } : user));
    this.announce(["users"]);
  }

  /** Another client adds a post. */
  addPost(title: string): void {
    this.posts = [...this.posts, { id: this.#nextId++, title }];
    this.announce(["posts"]);
  }

  #run(name: string, args: Record<string, unknown>): Outcome {
    if (this.failing) return { error: this.failing };
    switch (name) {
      case "getUsers":
        return { data: this.users, reads: ["users"] };
      case "getPosts":
        return { data: this.posts, reads: ["posts"] };
      case "getVersion":
        return { data: "1", reads: [] };
      case "getAnything":
        return { data: this.users.length + this.posts.length, reads: ["*"] };
      case "getUserById": {
        const user = this.users.find(({ id }) => id === args["id"]);
        if (user) return { data: user, reads: ["users"] };
        return { error: { status: 404, code: "NOT_FOUND", message: `There is no user ${args["id"]}` } };
      }
      case "insertUser": {
        if (this.users.some((user) => user.name === args["name"])) {
          const message = "That name is taken";
          return { error: { status: 409, code: "CONFLICT", message, data: { columns: ["name"] } } };
        }
        return {
          data: this.addUser(String(args["name"])),
          reads: ["users", "posts"],
          writes: ["users"],
          version: this.version,
        };
      }
      case "getUserPage": {
        const start = Number(args["cursor"] ?? 0);
        const next = start + 2 < this.users.length ? start + 2 : null;
        return { data: { items: this.users.slice(start, start + 2), next }, reads: ["users"] };
      }
      case "sendMail":
      case "doNothing":
        return { data: null, reads: [], writes: [] };
      default:
        return { error: { status: 404, code: "NOT_FOUND", message: `There is no function ${name}` } };
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const key = request.headers["x-edgepod-key"] ?? url.searchParams.get("key");
    if (key !== this.key)
      return reply(401, { error: { code: "UNAUTHORIZED", message: "Unknown key", trace_id: "t0" } });
    if (url.pathname === "/ws") {
      return reply(426, { error: { code: "UPGRADE_REQUIRED", message: "Upgrade", trace_id: "t1" } });
    }

    const token = request.headers.authorization?.replace("Bearer ", "");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.headers = request.headers;
    if (this.tokens && (!token || !this.tokens.has(token))) {
      return reply(401, { error: { code: "UNAUTHORIZED", message: "Token expired", trace_id: "t2" } });
    }
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
    const single = decodeURIComponent(url.pathname.replace(/^\/rpc\/?/, ""));
    const calls: { name: string; args?: Record<string, unknown> }[] = single
      ? [{ name: single, args: body }]
      : body.calls;
    if (!single) this.batches.push(calls.map(({ name }) => name));
    this.calls.push(...calls.map(({ name }) => name));
    if (single === "getErrorPage") {
      response.writeHead(502, { "content-type": "text/html" });
      return void response.end("<h1>Bad gateway</h1>");
    }
    if (single && !single.startsWith("get")) await this.gate;
    const results = calls.map(({ name, args }) => this.#answer(name, args ?? {}, request));
    const waits = calls.map(({ name }) => this.#held.get(name)?.shift());
    for (const held of waits) {
      held?.arrived();
      await held?.released;
    }
    if (this.replyDelayMs) await new Promise((resolve) => setTimeout(resolve, this.replyDelayMs));
    if (this.losesReplies > 0) {
      this.losesReplies--;
      return void response.destroy();
    }
    const [{ status, ...rest } = { status: 500 }] = results;
    reply(single ? status : 200, single ? rest : { results, meta: { version: this.version, trace_id: "trace-7" } });
  }

  #answer(name: string, args: Record<string, unknown>, request: IncomingMessage) {
    const idempotencyKey = request.headers["x-edgepod-idempotency-key"];
    const known = typeof idempotencyKey === "string" ? this.#remembered.get(idempotencyKey) : undefined;
    const outcome = known ?? this.#run(name, args);
    if (typeof idempotencyKey === "string" && !outcome.error) this.#remembered.set(idempotencyKey, outcome);
    const session = request.headers["x-edgepod-session-id"];
    if (typeof session === "string" && request.headers["x-edgepod-reactive"] !== "false") {
      this.#subscribe(session, outcome.reads ?? ["users"]);
    }
    if (outcome.error) {
      const { status, ...error } = outcome.error;
      return { status, error: { ...error, trace_id: "trace-7" } };
    }
    const meta = {
      tables: outcome.reads,
      version: known ? this.version : (outcome.version ?? this.version),
      ...(known && { replayed: true }),
      written: outcome.writes,
    };
    return { status: 200, data: outcome.data, meta, ...(this.warnings.length > 0 && { warnings: this.warnings }) };
  }

  #subscribe(session: string, tables: string[]): void {
    const known = this.#subscriptions.get(session) ?? new Set();
    for (const table of tables) known.add(table);
    this.#subscriptions.set(session, known);
  }

  /** The version of each table's last change. */
  #changes(): Record<string, string> {
    return Object.fromEntries([...this.#changed].map(([table, number]) => [table, `e${this.#life}.${number}`]));
  }

  #accept(socket: WebSocket, query: URLSearchParams): void {
    const session = query.get("sessionId") ?? "";
    this.asked = query;
    this.opened++;
    this.#sockets.set(session, socket);
    socket.on("message", (data) => {
      if (String(data) !== "ping") socket.close(1008);
      else if (this.answersPings)
        socket.send(this.greets ? JSON.stringify({ type: "pong", changed: this.#changes() }) : "pong");
    });
    socket.on("close", () => {
      if (this.#sockets.get(session) !== socket) return;
      this.#sockets.delete(session);
      this.#subscriptions.delete(session);
    });
    const missed = this.#missed.get(session) ?? new Set<string>();
    this.#missed.delete(session);
    const held = query.getAll("table").map((table) => table.split("@") as [string, string]);
    for (const [table, version] of held) {
      const [epoch, number] = version.split(".");
      const changed =
        table === "*"
          ? Math.max(0, ...this.#changed.values())
          : Math.max(this.#changed.get(table) ?? 0, this.#changed.get("*") ?? 0);
      if (epoch !== `e${this.#life}` || changed > Number(number)) missed.add(table);
      else missed.delete(table);
    }
    this.#subscribe(
      session,
      held.map(([table]) => table),
    );
    if (this.greets) {
      socket.send(JSON.stringify({ type: "hello", tables: [...missed], version: this.version, seq: 0 }));
    }
  }

  /** Something has changed in these tables. */
  announce(tables: string[]): void {
    this.#version++;
    for (const table of tables) this.#changed.set(table, this.#version);
    const version = this.version;
    for (const [session, subscribed] of this.#subscriptions) {
      if (!subscribed.has("*") && !tables.some((table) => subscribed.has(table))) continue;
      const socket = this.#sockets.get(session);
      if (!socket) {
        // A session whose socket has not arrived yet learns of it when it does.
        const missed = this.#missed.get(session) ?? new Set();
        for (const table of tables) missed.add(table);
        this.#missed.set(session, missed);
        continue;
      }
      const seq = (this.#seq.get(socket) ?? 0) + 1;
      this.#seq.set(socket, seq);
      const message = JSON.stringify({ type: "stale", tables, version, seq });
      if (this.signals === "kept") {
        this.#kept.push(() => socket.send(message));
      } else if (this.signals !== "lost") {
        socket.send(message);
        if (this.signals === "twice") socket.send(message);
      }
    }
  }
}

/** Waits until a condition holds; only who fails waits for so long. */
export async function until(what: string, condition: () => boolean, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}

/** Waits long enough that what is under way on this machine has happened. */
export const settled = (): Promise<void> => sleep(80);

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
