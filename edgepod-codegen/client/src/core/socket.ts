import { parse } from "./json";
import { epochOf } from "./registry";
import type { Status } from "./types";

/** Pings are this far apart; the server answers them without waking. */
const PING_EVERY_MS = 30_000;
/** A connection that is silent for this long after a ping is dead, whatever the browser believes. */
const PONG_WITHIN_MS = 5_000;
/** An attempt that the server has not greeted by then has failed. */
const OPEN_WITHIN_MS = 10_000;
/** Attempts begin this far apart, and grow to the longest wait. A connection that carried something starts over. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const RETRY_GROWTH = 1.6;
/** A key that was refused is seldom good a moment later. */
const REFUSED_RETRY_MS = 30_000;
/** The close code for what the server does not allow. */
const POLICY_VIOLATION = 1008;

/** What a socket needs, and whom it tells. */
export interface SocketOptions {
  /** The address, with what is held at that moment. */
  url(): string;
  /** The platform's WebSocket, or one that is given where it has none. */
  WebSocket?: typeof WebSocket | undefined;
  /** Tables of which something changed. */
  onStale(tables: readonly string[], version: string): void;
  /** The connection is there: what changed since the data that is held. `resumed`: it was there before. */
  onHello(tables: readonly string[], version: string, resumed: boolean): void;
  onStatus(): void;
  /** Asks whether the server refuses the key; called after an attempt that failed. */
  isRefused(): Promise<boolean>;
}

/**
 * The invalidation socket: one connection that is kept up, and whose state has a name.
 *
 * ```text
 * connecting ───hello───▶ live ──close, gap──▶ reconnecting / offline
 *      │                   ▲                      │          │
 *      │                   └────────hello─────────┤       refused
 *      └────────────────failure───────────────────┘          ▼
 *                                                       unauthorized
 * ```
 *
 * The server counts its messages. Where one is missing, the connection is made anew, and the greeting says what
 * the missing one would have said.
 */
export class StaleSocket {
  readonly #options: SocketOptions;
  #status: Status = "connecting";
  #socket: WebSocket | undefined;
  /** The server has greeted. */
  #open = false;
  #failures = 0;
  /** There was a connection, or an attempt, before this one. */
  #resumed = false;
  /** The life of the server that counts, and how far it has. */
  #epoch: string | undefined;
  #seq = 0;
  #attempt: Timer;
  #pinging: Timer;
  /** Until when the connection must show that it lives. */
  #deadline: Timer;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get status(): Status {
    return this.#status;
  }

  /** Opens the connection and keeps it up. */
  start(): void {
    // Not within this task: React's StrictMode mounts, unmounts and mounts again, and a socket that is
    // closed before it opened costs a connection and a warning in the console.
    this.#openIn(0);
    this.#pinging = setInterval(this.#check, PING_EVERY_MS);
    this.#listen("addEventListener");
  }

  /** Closes the connection, until `start` is called again. */
  stop(): void {
    clearInterval(this.#pinging);
    this.#pinging = undefined;
    this.#listen("removeEventListener");
    if (this.#socket) this.#resumed = true;
    this.#drop();
    this.#setStatus("connecting");
  }

  #openIn(ms: number): void {
    clearTimeout(this.#attempt);
    this.#attempt = setTimeout(() => this.#connect(), ms);
  }

  #connect(): void {
    let socket: WebSocket;
    try {
      socket = new (this.#options.WebSocket ?? WebSocket)(this.#options.url());
    } catch {
      // For example ws: from an https: page. The console has the reason.
      this.#lost(0);
      return;
    }
    this.#socket = socket;
    this.#deadline = setTimeout(() => this.#lost(0), OPEN_WITHIN_MS);
    socket.onmessage = ({ data }) => {
      const said: Message | undefined = parse(data);
      // Nothing for a pong, for what a later server may say, and for nonsense.
      const message = Array.isArray(said?.tables) && said.version ? said : undefined;
      if (message?.type === "hello") {
        this.#open = true;
        const resumed = this.#resumed;
        this.#resumed = true;
        this.#setStatus("live");
        this.#options.onHello(message.tables, message.version, resumed);
      } else if (this.#open) {
        this.#failures = 0;
        // What a lost signal has not said.
        for (const [table, version] of Object.entries(said?.changed ?? {})) this.#options.onStale([table], version);
      } else return;
      clearTimeout(this.#deadline);
      const complete = !message || this.#count(message);
      if (message?.type === "stale") this.#options.onStale(message.tables, message.version);
      if (!complete) this.#lost(0);
    };
    socket.onclose = ({ code }) => this.#lost(code);
    // The close that follows says as much, but in Node an error that nobody listens to ends the process.
    socket.onerror = () => {};
  }

  /** Whether no message is missing before this one. What comes late or twice leaves no gap. */
  #count({ version, seq }: Message): boolean {
    const epoch = epochOf(version);
    const last = epoch === this.#epoch && seq > 0 ? this.#seq : 0;
    this.#epoch = epoch;
    this.#seq = Math.max(last, seq);
    return seq <= last + 1;
  }

  /** The connection ended, or an attempt failed. The next one is on its way. */
  #lost(code: number): void {
    const opened = this.#open;
    this.#drop();
    this.#resumed = true;
    this.#failures++;
    const refused = code === POLICY_VIOLATION;
    // An attempt that fails says nothing new about a key that was refused; the server's answer will.
    if (refused || this.#status !== "unauthorized") this.#setStatus(refused ? "unauthorized" : down());
    if (!opened) void this.#explain();
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * RETRY_GROWTH ** this.#failures);
    // Spread out, so that a restarted server does not meet all of its clients at the same moment.
    this.#openIn(refused ? REFUSED_RETRY_MS : longest * (0.5 + Math.random() / 2));
  }

  async #explain(): Promise<void> {
    const failures = this.#failures;
    const refused = await this.#options.isRefused();
    if (!this.#pinging || this.#failures !== failures || this.#status === "live") return;
    this.#setStatus(refused ? "unauthorized" : down());
    if (refused && !this.#socket) this.#openIn(REFUSED_RETRY_MS);
  }

  /** Leaves the connection without waiting for its end, which a dead one may take minutes to report. */
  #drop(): void {
    clearTimeout(this.#attempt);
    clearTimeout(this.#deadline);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    this.#open = false;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** Finds out whether a connection that looks alive is. */
  readonly #check = (): void => {
    if (this.#status !== "live") return;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#lost(0), PONG_WITHIN_MS);
    this.#socket?.send("ping");
  };

  /** The device is back on the network, or the user on the page: no reason to sit out a long wait. */
  readonly #wake = (): void => {
    this.#check();
    if (this.#status !== "live" && !this.#socket) this.#openIn(0);
  };

  // Workers, Node and React Native have no such events; there the pings do all the work.
  #listen(action: "addEventListener" | "removeEventListener"): void {
    const target = globalThis as Partial<EventTarget>;
    for (const event of ["online", "offline", "visibilitychange"]) target[action]?.(event, this.#wake);
  }

  #setStatus(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus();
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function down(): Status {
  return globalThis.navigator?.onLine === false ? "offline" : "reconnecting";
}

/** A message about a version, or the answer to a ping. */
interface Message {
  type: string;
  tables: string[];
  version: string;
  seq: number;
  /** In an answer to a ping: which table changed last in which version. */
  changed?: Record<string, string>;
}
