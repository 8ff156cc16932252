/** What stands between clients and the engine: it delays, loses and reorders, and it cuts connections. */
import type { Clock } from "./clock";
import type { Host, Sent } from "./host";
import type { Random } from "./random";

/** So many requests are more than a run can have a cause for. */
const STORM = 3_000;

export class Network {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #host: Host;
  readonly #sockets = new Map<number, Socket>();
  #nextSocket = 0;
  /** How likely a request is lost on its way, and its reply. */
  loss = 0;
  /** The longest that something is on its way, in milliseconds. */
  delay = 0;
  /** Told what comes and goes, for whoever looks for a cause. */
  trace: (text: string) => void = () => {};
  /** How many requests have come, and who is told when they are too many. */
  #requests = 0;
  onStorm: () => void = () => {};
  /** Told of each call that the engine has answered. */
  onServed: () => void = () => {};
  /** Whether anything comes through. */
  isUp = true;

  constructor(clock: Clock, random: Random, host: Host) {
    this.#clock = clock;
    this.#random = random;
    this.#host = host;
    host.onSent = (sent) => this.#deliver(sent);
  }

  #later(run: () => void): void {
    this.#clock.in(1 + this.#random.next() * this.delay, run);
  }

  /** `fetch`, as the client calls it. */
  readonly fetch = ((url: string, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const failed = () => reject(new TypeError("the network failed"));
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      if (!this.isUp || this.#random.chance(this.loss)) return void this.#later(failed);
      this.#later(() => {
        if (++this.#requests === STORM) this.onStorm();
        // A request that was given up may arrive all the same.
        const { status, body } = this.#serve(new URL(url), init);
        this.trace(`${new URL(url).pathname} ${String(init.body)} → ${status} ${body}`);
        this.onServed();
        if (!this.isUp || this.#random.chance(this.loss)) return void this.#later(failed);
        this.#later(() => resolve(new Response(body, { status })));
      });
    })) as typeof fetch;

  #serve(url: URL, init: RequestInit): { status: number; body: string } {
    if (url.pathname === "/ws") return { status: 426, body: "{}" };
    const headers = Object.fromEntries(
      Object.entries((init.headers ?? {}) as Record<string, string>).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    );
    const session = headers["x-edgepod-reactive"] === "false" ? null : (headers["x-edgepod-session-id"] ?? null);
    const text = String(init.body ?? "");
    this.#setClock();
    if (url.pathname === "/rpc") return this.#host.ask("batch", { body: text, session, headers });
    return this.#host.ask("call", { name: decodeURIComponent(url.pathname.slice(5)), args: text, session, headers });
  }

  #setClock(): void {
    this.#host.ask("clock", { micros: Math.round(Date.now() * 1000) });
  }

  /** `WebSocket`, as the client makes one. */
  get WebSocket(): typeof WebSocket {
    const network = this;
    return class extends Socket {
      constructor(url: string) {
        super(network, new URL(url));
      }
    } as unknown as typeof WebSocket;
  }

  /** A socket is made; it opens when the engine has heard of it. */
  connect(socket: Socket): void {
    this.#later(() => {
      if (socket.isClosed) return;
      if (!this.isUp || this.#random.chance(this.loss)) return socket.end(1006);
      const { searchParams } = socket.url;
      socket.id = ++this.#nextSocket;
      this.#sockets.set(socket.id, socket);
      if (searchParams.get("topics") === "listed") return this.#later(() => socket.isClosed || socket.onopen?.());
      this.#open(socket, [...searchParams.getAll("table"), ...searchParams.getAll("topic")]);
    });
  }

  /** The engine hears of a socket, and of what its client holds. */
  #open(socket: Socket, held: string[]): void {
    const { searchParams } = socket.url;
    this.#setClock();
    const since = searchParams.get("since");
    this.trace(`socket ${socket.id} opens, since ${since}, with ${held.join(" ")}`);
    this.#host.ask("open", { socket: socket.id, session: searchParams.get("sessionId"), since, held });
    socket.isOpen = true;
  }

  /** The client closes a socket, of which the engine hears a while later. */
  close(socket: Socket): void {
    this.#later(() => this.#gone(socket));
  }

  #gone(socket: Socket): void {
    if (socket.id === undefined || !this.#sockets.delete(socket.id) || !socket.isOpen) return;
    this.trace(`socket ${socket.id} is closed`);
    this.#host.ask("close", { socket: socket.id });
  }

  /** The client sends a ping, or what it holds. */
  sent(socket: Socket, text: string): void {
    this.#later(() => {
      const isThere = this.isUp && socket.id !== undefined && this.#sockets.has(socket.id);
      if (text !== "ping") {
        if (isThere) this.#open(socket, text.split("\n"));
        return;
      }
      if (isThere) {
        this.#toClient(socket, this.#host.ask<string>("ping"));
      }
    });
  }

  #deliver(sent: Sent[]): void {
    for (const [id, text] of sent) {
      const socket = this.#sockets.get(id);
      if (socket) this.#toClient(socket, text);
    }
  }

  /** What is sent on one socket arrives in order. */
  #toClient(socket: Socket, text: string): void {
    socket.arrives = Math.max(socket.arrives, this.#clock.now + 1 + this.#random.next() * this.delay);
    this.#clock.in(socket.arrives - this.#clock.now, () => {
      this.trace(`socket ${socket.id} ${socket.isClosed ? "would hear" : "hears"} ${text}`);
      if (!this.isUp) socket.end(1006);
      else socket.onmessage?.({ data: text });
    });
  }

  /** Cuts some of the connections; the engine hears of it at once, or never. */
  cut(share: number): void {
    for (const socket of [...this.#sockets.values()]) {
      if (!this.#random.chance(share)) continue;
      socket.end(1006);
      this.#gone(socket);
    }
  }

  /** The engine's process has ended, and with it every connection. */
  reset(): void {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    for (const socket of sockets) socket.end(1006);
  }

  /** A connection from another run is of no use. */
  clear(): void {
    this.#sockets.clear();
    this.loss = this.delay = 0;
    this.isUp = true;
  }
}

/** A client's end of a connection. */
export class Socket {
  readonly url: URL;
  readonly #network: Network;
  id: number | undefined;
  /** When the last message on its way arrives. */
  arrives = 0;
  isClosed = false;
  /** Whether the engine knows of it. */
  isOpen = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(network: Network, url: URL) {
    this.#network = network;
    this.url = url;
    network.connect(this);
  }

  send(text: string): void {
    this.#network.sent(this, text);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#network.close(this);
  }

  end(code: number): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.({ code });
  }
}
