import type { Status } from "./types";

/** Pings are this far apart; the server answers them without waking. */
const PING_EVERY_MS = 30_000;
/** A connection that is silent for this long after a ping is dead, whatever the browser believes. */
const PONG_WITHIN_MS = 5_000;
/** An attempt that has not succeeded by then has failed. */
const OPEN_WITHIN_MS = 10_000;
/** Attempts begin this far apart, and grow to the longest wait. A connection that held starts over. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const RETRY_GROWTH = 1.6;
const HELD_MS = 5_000;
/** A key that was refused is seldom good a moment later. */
const REFUSED_RETRY_MS = 30_000;
/** The close code for what the server does not allow. */
const POLICY_VIOLATION = 1008;

/** What a socket needs, and whom it tells. */
export interface SocketOptions {
  url: string;
  /** The platform's WebSocket, or one that is given where it has none. */
  WebSocket?: typeof WebSocket | undefined;
  /** Tables of which something changed. */
  onStale(tables: readonly string[]): void;
  /** The connection is back after signals may have been missed. */
  onResumed(): void;
  onStatus(): void;
  /** Asks whether the server refuses the key; called after an attempt that failed. */
  isRefused(): Promise<boolean>;
}

/**
 * The invalidation socket: one connection that is kept up, and whose state has a name.
 *
 * ```text
 * connecting ───open───▶ live ───close───▶ reconnecting / offline
 *      │                  ▲                   │          │
 *      │                  └───────open────────┤       refused
 *      └──────────────failure─────────────────┘          ▼
 *                                                   unauthorized
 * ```
 *
 * Every way into `live` but the straight one from the first attempt calls `onResumed`.
 */
export class StaleSocket {
  readonly #options: SocketOptions;
  #status: Status = "connecting";
  #started = false;
  #socket: WebSocket | undefined;
  /** When the socket opened; 0 before. */
  #openedAt = 0;
  #failures = 0;
  /** Signals may have been missed since everything was last read. */
  #missed = false;
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

  /** Opens the connection and keeps it up. It does nothing when that is under way. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    // Not within this task: React's StrictMode mounts, unmounts and mounts again, and a socket that is
    // closed before it opened costs a connection and a warning in the console.
    this.#openIn(0);
    this.#pinging = setInterval(this.#check, PING_EVERY_MS);
    this.#listen("addEventListener");
  }

  /** Closes the connection, until `start` is called again. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    clearInterval(this.#pinging);
    this.#listen("removeEventListener");
    if (this.#socket) this.#missed = true;
    this.#drop();
    this.#setStatus("connecting");
  }

  #openIn(ms: number): void {
    clearTimeout(this.#attempt);
    this.#attempt = setTimeout(() => this.#open(), ms);
  }

  #open(): void {
    let socket: WebSocket;
    try {
      socket = new (this.#options.WebSocket ?? WebSocket)(this.#options.url);
    } catch {
      // For example ws: from an https: page. The console has the reason.
      this.#lost(0);
      return;
    }
    this.#socket = socket;
    this.#openedAt = 0;
    this.#deadline = setTimeout(() => this.#lost(0), OPEN_WITHIN_MS);
    socket.onopen = () => {
      clearTimeout(this.#deadline);
      this.#openedAt = Date.now();
      const missed = this.#missed;
      this.#missed = false;
      this.#setStatus("live");
      if (missed) this.#options.onResumed();
    };
    socket.onmessage = ({ data }) => {
      clearTimeout(this.#deadline);
      const tables = staleTables(data);
      if (tables) this.#options.onStale(tables);
    };
    socket.onclose = ({ code }) => this.#lost(code);
    // The close that follows says as much, but in Node an error that nobody listens to ends the process.
    socket.onerror = () => {};
  }

  /** The connection ended, or an attempt failed. The next one is on its way. */
  #lost(code: number): void {
    const held = this.#openedAt && Date.now() - this.#openedAt > HELD_MS;
    const opened = this.#openedAt > 0;
    this.#drop();
    this.#missed = true;
    this.#failures = held ? 0 : this.#failures + 1;
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
    if (!this.#started || this.#failures !== failures || this.#status === "live") return;
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
    this.#openedAt = 0;
    socket.onopen = socket.onmessage = socket.onclose = null;
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
    target[action]?.("online", this.#wake);
    target[action]?.("offline", this.#check);
    target[action]?.("visibilitychange", this.#wake);
  }

  #setStatus(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus();
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function down(): Status {
  return typeof navigator === "object" && navigator.onLine === false ? "offline" : "reconnecting";
}

/** The tables of a stale signal. Nothing for a pong, for what a later server may say, and for nonsense. */
function staleTables(data: unknown): string[] | undefined {
  try {
    const { type, tables } = JSON.parse(data as string);
    if (type === "stale" && Array.isArray(tables)) return tables;
  } catch {
    // Not JSON, or not an object: no signal.
  }
  return undefined;
}
