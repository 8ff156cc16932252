/**
 * A proxy between a page and its server that makes faults: requests and replies that are held or lost, signals that are lost,
 * doubled or out of order, sockets that are cut, a network that is gone.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/**
 * What becomes of a message of the server's to a socket. A gate holds it until the test opens the gate. `delay` is for networks
 * that do as chance says: no test may depend on its being long or short enough.
 */
export type Fate = "pass" | "lose" | "double" | Gate | { delay: number };

/**
 * What becomes of a request and its reply. `lose`: the server does its work, and the client hears nothing of it. A gate holds the
 * request, or the reply, until the test opens the gate; `delay` is for networks that do as chance says.
 */
export type ReplyFate = "pass" | "refuse" | "lose" | { request: Gate } | { reply: Gate } | { delay: number };

/** Holds what comes before it until it is opened: a test decides an order by events, never by lengths of time. */
export class Gate {
  /** What came before the gate so far. */
  arrived = 0;
  #isOpen = false;
  #waiting: (() => void)[] = [];

  /** Lets through what waits, in the order in which it came, and all that comes later. */
  open(): void {
    this.#isOpen = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Runs this once the gate is open. */
  pass(go: () => void): void {
    this.arrived += 1;
    if (this.#isOpen) go();
    else this.#waiting.push(go);
  }
}

/** How often each fault was made. */
export interface Faults {
  lost: number;
  doubled: number;
  held: number;
  delayed: number;
  cut: number;
  refused: number;
}

export class FaultProxy {
  /** Decides over each message to a socket, in the order in which they come. Keep-alive and close frames always pass. */
  message: (text: string, session: string) => Fate = () => "pass";
  /** Decides over each call; preflights always pass. `path` is without the query. */
  reply: (path: string, request: IncomingMessage) => ReplyFate = () => "pass";
  /** What was done so far. */
  readonly faults: Faults = { lost: 0, doubled: 0, held: 0, delayed: 0, cut: 0, refused: 0 };
  /** The messages that came from the server, in order, whatever became of them. */
  readonly messages: { session: string; text: string }[] = [];

  readonly #server: Server;
  readonly #target: URL;
  readonly #connections = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #gates: Gate[] = [];
  #online = true;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((from, to) => this.#forward(from, to));
    this.#server.on("connection", (socket) => {
      if (!this.#online) {
        socket.destroy();
        return;
      }
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#server.on("upgrade", (from, socket, head) => this.#upgrade(from, socket as Socket, head));
  }

  /** Starts a proxy in front of this address, on a port of its own. */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The address in place of the server's. */
  get api(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Takes the network away, or gives it back: open connections end, new ones are refused. */
  set online(online: boolean) {
    this.#online = online;
    if (!online) for (const socket of this.#connections) socket.destroy();
  }

  /** Ends all sockets without a goodbye, as a network does. */
  cut(): void {
    this.faults.cut += this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A new gate, which is closed until the test opens it, or the network heals. */
  gate(): Gate {
    const gate = new Gate();
    this.#gates.push(gate);
    return gate;
  }

  /** Everything passes from now on, and what was held comes now. */
  heal(): void {
    this.message = () => "pass";
    this.reply = () => "pass";
    this.online = true;
    for (const gate of this.#gates.splice(0)) gate.open();
  }

  async stop(): Promise<void> {
    this.heal();
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(from: IncomingMessage, to: ServerResponse): void {
    const path = (from.url ?? "").split("?", 1)[0] ?? "";
    const fate = from.method === "OPTIONS" ? "pass" : this.reply(path, from);
    if (fate === "refuse") {
      this.faults.refused += 1;
      from.socket.destroy();
      return;
    }
    if (typeof fate === "object" && "request" in fate) {
      this.faults.held += 1;
      fate.request.pass(() => this.#send(from, to, fate));
    } else this.#send(from, to, fate);
  }

  #send(from: IncomingMessage, to: ServerResponse, fate: ReplyFate): void {
    if (to.destroyed) return;
    const { hostname, port } = this.#target;
    const onward = request({ hostname, port, path: from.url, method: from.method, headers: from.headers }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("error", () => from.socket.destroy());
      reply.on("end", () => {
        const answer = (): void => {
          if (to.destroyed) return;
          to.writeHead(reply.statusCode ?? 502, reply.headers);
          to.end(Buffer.concat(chunks));
        };
        if (fate === "lose") {
          this.faults.lost += 1;
          from.socket.destroy();
        } else if (typeof fate === "object" && "reply" in fate) {
          this.faults.held += 1;
          fate.reply.pass(answer);
        } else if (typeof fate === "object" && "delay" in fate) {
          this.faults.delayed += 1;
          setTimeout(answer, fate.delay);
        } else answer();
      });
    });
    // The server is gone: so is the connection.
    onward.on("error", () => from.socket.destroy());
    from.pipe(onward);
  }

  #upgrade(from: IncomingMessage, client: Socket, head: Buffer): void {
    const session = new URL(from.url ?? "", this.api).searchParams.get("sessionId") ?? "";
    const server = connect(Number(this.#target.port), this.#target.hostname);
    this.#sockets.add(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    client.on("close", () => this.#sockets.delete(client));

    // Frames stay readable without compression.
    const headers = Object.entries(from.headers).filter(([name]) => name !== "sec-websocket-extensions");
    const lines = headers.map(([name, value]) => `${name}: ${value}`);
    server.write(`GET ${from.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    server.write(head);
    client.pipe(server);

    let pending: Buffer = Buffer.alloc(0);
    let upgraded = false;
    server.on("data", (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      if (!upgraded) {
        const end = pending.indexOf("\r\n\r\n");
        if (end < 0) return;
        client.write(pending.subarray(0, end + 4));
        pending = pending.subarray(end + 4);
        upgraded = true;
      }
      for (let frame = takeFrame(pending); frame; frame = takeFrame(pending)) {
        pending = pending.subarray(frame.bytes.length);
        this.#deliver(frame, session, client);
      }
    });
  }

  #deliver({ bytes, text }: Frame, session: string, client: Socket): void {
    const send = (): void => {
      if (!client.destroyed) client.write(bytes);
    };
    if (text === undefined || text === "pong") {
      send();
      return;
    }
    this.messages.push({ session, text });
    const fate = this.message(text, session);
    if (fate === "lose") {
      this.faults.lost += 1;
    } else if (fate === "double") {
      this.faults.doubled += 1;
      send();
      send();
    } else if (fate === "pass") {
      send();
    } else if (fate instanceof Gate) {
      this.faults.held += 1;
      fate.pass(send);
    } else {
      this.faults.delayed += 1;
      setTimeout(send, fate.delay);
    }
  }
}

interface Frame {
  /** The frame as it came. */
  bytes: Buffer;
  /** The text of a text frame. */
  text: string | undefined;
}

/** The first frame of what a server sent, once it is there whole: unmasked, and one for each message. */
function takeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  let start = 2;
  let length = bytes.readUInt8(1) & 0x7f;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    start = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    start = 10;
  }
  if (bytes.length < start + length) return undefined;
  const whole = Buffer.from(bytes.subarray(0, start + length));
  const isText = (whole.readUInt8(0) & 0x0f) === 1;
  return { bytes: whole, text: isText ? whole.toString("utf8", start) : undefined };
}

/** Numbers from 0 to 1 that are the same for the same seed, so that what failed can be seen again. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Loses, doubles and delays messages, each with the same chance; the rest passes. */
export function unreliable(next: () => number): (text: string) => Fate {
  return () => {
    const chance = next();
    if (chance < 0.15) return "lose";
    if (chance < 0.3) return "double";
    if (chance < 0.6) return { delay: Math.round(next() * 300) };
    return "pass";
  };
}
