import type { Read } from "./registry";
import type { Query } from "./tanstack";
import type { Tokens } from "./token";
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
/** More topics than this are listed in a message: an address has a length. */
const MOST_NAMED = 100;
/** A list of more characters is one of tables. */
const LONGEST_LIST = 200_000;
/** Whether a signal about values was lost is asked after so many pings, by connecting anew. Not after a time: a clock may be set. */
const ASK_AGAIN_AFTER = 3;
/** A key that was refused is seldom good a moment later. */
const REFUSED_RETRY_MS = 30_000;
/** The close code for what the server does not allow. */
const POLICY_VIOLATION = 1008;

/** What a socket needs, and whom it tells. */
export interface SocketOptions {
  /** The address for who holds data of these versions. */
  url(since: string, topics: Iterable<[string, string]>): string;
  /** The user's tokens, where the server asks for one. */
  tokens?: (() => Promise<Tokens>) | undefined;
  /** What is held at that moment. Data of which nobody would tell loses its version here. */
  reads: ReadonlyMap<unknown, Read>;
  /** The latest version that was heard of. */
  known(): string;
  /** The platform's WebSocket, or one that is given where it has none. */
  WebSocket?: typeof WebSocket | undefined;
  /** What sends requests. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** Topics that changed. */
  onStale(topics: readonly string[], version: string): void;
  /** The connection is there: what changed since the data that is held, or of which nothing can be said. */
  onHello(topics: readonly string[], version: string): void;
  onStatus(status: Status): void;
  /** Every query that is read here. */
  queries(): Query[];
  /** Reads those again that are on the screen. */
  refresh(queries: readonly Query[]): void;
  /** What the page has already, which is given, not imported, lest bundlers make a third file of it. */
  parse(text: string): Message | undefined;
  epochOf(version: string): string | undefined;
  isNewer(a: string, b: string): boolean;
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
 *
 * A file of its own, which is loaded when the client connects: what a page shows first does not wait for it.
 */
export interface StaleSocket {
  /** Opens the connection and keeps it up. */
  start(): void;
  /** Closes the connection, until `start` is called again. */
  stop(): void;
  /** There is another user: connects anew, where that may be to another pod. */
  renew(): void;
}

/** A socket that is not started yet. */
export function createSocket(options: SocketOptions): StaleSocket {
  let status: Status = "connecting";
  let socket: WebSocket | undefined;
  /** The server has greeted. */
  let open = false;
  let failures = 0;
  /** There was a connection, or an attempt, before this one. */
  let resumed = false;
  /** The life of the server that counts, and how far it has. */
  let epoch: string | undefined;
  let counted = 0;
  /** The pings since the server last said all that this client has missed, and of which version that was. */
  let pings = 0;
  let told = "";
  /** What it was asked about. */
  let named: ReadonlyMap<string, string>;
  /** What the connection was asked for with. */
  let bearer: string | null | undefined;
  let attempt: Timer;
  let pinging: Timer;
  /** Until when the connection must show that it lives. */
  let deadline: Timer;

  const setStatus = (next: Status) => {
    if (next === status) return;
    status = next;
    options.onStatus(next);
  };

  const openIn = (ms: number) => {
    clearTimeout(attempt);
    attempt = setTimeout(connect, ms);
  };

  const connect = async () => {
    const mine = attempt;
    try {
      if (options.tokens) {
        bearer = await (await options.tokens()).get("the socket");
        // It may be given up meanwhile, or begun again.
        if (mine !== attempt || !pinging) return;
      }
      // A page can send no header with a socket, but protocols.
      const protocols = bearer ? ["edgepod", `edgepod.bearer.${bearer}`] : [];
      named = held();
      const isListed = named.size > MOST_NAMED;
      const url = options.url(options.known(), isListed ? [] : named) + (isListed ? "&topics=listed" : "");
      socket = new (options.WebSocket ?? WebSocket)(url, protocols);
      // Anew: what was read meanwhile would be missing, and nobody would tell of it.
      socket.onopen = () => {
        if (!isListed) return;
        named = held();
        socket?.send(list());
      };
    } catch {
      // For example ws: from an https: page. The console has the reason.
      if (mine === attempt && pinging) lost(0);
      return;
    }
    deadline = setTimeout(lost, OPEN_WITHIN_MS, 0);
    socket.onmessage = ({ data }) => {
      const said = options.parse(data);
      // Nothing for a pong, for what a later server may say, and for nonsense.
      const message = Array.isArray(said?.tables) && said.version ? said : undefined;
      if (message?.type === "hello") {
        open = true;
        pings = 0;
        const again = resumed;
        resumed = true;
        told = message.version;
        setStatus("live");
        // What was not named had its reply on the way when the connection was asked for: the greeting does not speak of it.
        const unnamed = [...held().keys()].filter(isUnnamed);
        // Where there was a connection before, the subscription has ended with that, and data that is not old is read again.
        if (again) for (const read of options.reads.values()) if (read.topics.some(isUnnamed)) read.version = "";
        options.onHello([...changes(message), ...unnamed], told);
        if (again) resume();
      } else if (open) {
        failures = 0;
        // What a lost signal has not said: of tables; of their values a new greeting does.
        for (const [table, version] of Object.entries(said?.changed ?? {})) {
          options.onStale([table], version);
          if (pings >= ASK_AGAIN_AFTER && mayMiss(table, version)) renew();
        }
      } else return;
      clearTimeout(deadline);
      const complete = !message || count(message);
      if (message?.type === "stale") options.onStale(changes(message), message.version);
      if (!complete) lost(0);
    };
    socket.onclose = ({ code }) => lost(code);
    // The close that follows says as much, but in Node an error that nobody listens to ends the process.
    socket.onerror = () => {};
  };

  const held = (keyOf?: (topic: string) => string) => heldOf(options.reads, options.isNewer, keyOf);

  const isUnnamed = (topic: string) => !named.has(topic);

  /** What is held, for a message. More values than fit are named by their tables. */
  const list = () => {
    const text = (all: Map<string, string>) => [...all].map((topic) => topic.join("@")).join("\n");
    const whole = text(held());
    return whole.length > LONGEST_LIST ? text(held((topic) => topic.replace(/#[^#]*$/, "#*"))) : whole;
  };

  /** Whether data of values of a table is older than its last change, so that a signal may have been lost. */
  const mayMiss = (table: string, changed: string) =>
    [...held()].some(
      ([topic, version]) =>
        topic.startsWith(`${table}#`) &&
        options.isNewer(changed, version) &&
        // What is not named may have come after the greeting, and be older.
        (isUnnamed(topic) || options.isNewer(changed, told)),
    );

  /** Connects anew while all is well, to be greeted with what was missed. */
  const renew = () => {
    drop();
    openIn(0);
  };

  /**
   * Whether no message is missing before this one. What comes late or twice leaves no gap. A life that looks older than what is
   * known came after it, and the server's clock was set back: with its greeting nothing is compared any more.
   */
  const count = ({ version, seq }: Message) => {
    const life = options.epochOf(version) as string;
    if (life < (options.epochOf(options.known()) as string)) return false;
    const last = life === epoch && seq > 0 ? counted : 0;
    epoch = life;
    counted = Math.max(last, seq);
    return seq <= last + 1;
  };

  /** The connection ended, or an attempt failed. The next one is on its way. */
  const lost = (code: number) => {
    // A token that was good has expired: the next one is asked for at once.
    const refused = code === POLICY_VIOLATION && !(open && bearer);
    if (!open) void explain(++failures);
    else failures++;
    drop();
    resumed = true;
    // An attempt that fails says nothing new about a key that was refused; the server's answer will.
    if (refused || status !== "unauthorized") setStatus(refused ? "unauthorized" : down());
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * RETRY_GROWTH ** failures);
    // Spread out, so that a restarted server does not meet all of its clients at the same moment.
    openIn(refused ? REFUSED_RETRY_MS : longest * (0.5 + Math.random() / 2));
  };

  const explain = async (failure: number) => {
    const refused = await isRefused();
    if (!pinging || failures !== failure || status === "live") return;
    setStatus(refused ? "unauthorized" : down());
    if (refused && !socket) openIn(REFUSED_RETRY_MS);
  };

  /**
   * Whether the server refuses the key. A browser does not tell a page why a socket was refused; the same address
   * without an upgrade answers 426 to a good key and 401 or 403 to a bad one.
   */
  const isRefused = async () => {
    try {
      const headers = bearer ? { Authorization: `Bearer ${bearer}` } : undefined;
      const { status } = await options.fetch(options.url("", []).replace(/^ws/, "http"), headers && { headers });
      return status === 401 || status === 403;
    } catch {
      return false;
    }
  };

  /**
   * Requests from before the interruption may hang for ever, so they are given up and made again; and what failed
   * is worth another attempt.
   */
  const resume = () => {
    const given = options.queries().filter(({ state }) => state.fetchStatus !== "idle" || state.error);
    for (const query of given) {
      // Silently where a new request follows at once, so that the screen does not flicker.
      const silent = query.isActive() && !query.isStatic();
      void query.cancel({ silent, revert: !silent });
    }
    options.refresh(given);
  };

  /** Leaves the connection without waiting for its end, which a dead one may take minutes to report. */
  const drop = () => {
    clearTimeout(attempt);
    clearTimeout(deadline);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = undefined;
    open = false;
  };

  /** Finds out whether a connection that looks alive is. */
  const check = () => {
    if (status !== "live") return;
    clearTimeout(deadline);
    deadline = setTimeout(lost, PONG_WITHIN_MS, 0);
    socket?.send("ping");
  };

  /** The device is back on the network, or the user on the page: no reason to sit out a long wait. */
  const wake = () => {
    check();
    if (status !== "live" && !socket) openIn(0);
  };

  // Workers, Node and React Native have no such events; there the pings do all the work.
  const listen = (action: "addEventListener" | "removeEventListener") => {
    const target = globalThis as Partial<EventTarget>;
    for (const event of ["online", "offline", "visibilitychange"]) target[action]?.(event, wake);
  };

  return {
    renew: () => {
      if (!options.tokens) return;
      // Its versions are others.
      options.onHello([], "");
      renew();
      // What is asked from now on is the next user's.
      resumed = false;
    },
    start: () => {
      if (pinging) return;
      // Not within this task: React's StrictMode mounts, unmounts and mounts again, and a socket that is
      // closed before it opened costs a connection and a warning in the console.
      openIn(0);
      pinging = setInterval(() => {
        pings++;
        check();
      }, PING_EVERY_MS);
      listen("addEventListener");
    },
    stop: () => {
      clearInterval(pinging);
      pinging = undefined;
      listen("removeEventListener");
      if (socket) resumed = true;
      drop();
      setStatus("connecting");
    },
  };
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function down(): Status {
  return globalThis.navigator?.onLine === false ? "offline" : "reconnecting";
}

/** The version of the oldest data of each topic, by what `keyOf` makes of it. */
export function heldOf(
  reads: SocketOptions["reads"],
  isNewer: SocketOptions["isNewer"],
  keyOf: (topic: string) => string = (topic) => topic,
): Map<string, string> {
  const oldest = new Map<string, string>();
  for (const { topics, version } of reads.values()) {
    if (!version) continue;
    for (const key of topics.map(keyOf)) {
      const other = oldest.get(key);
      if (!other || isNewer(other, version)) oldest.set(key, version);
    }
  }
  return oldest;
}

/** What a message calls changed: tables, for whoever reads them in whole, and values of tables. */
function changes({ tables, topics = [] }: Message): string[] {
  return [...tables, ...topics];
}

/** A message about a version, or the answer to a ping. */
export interface Message {
  type: string;
  tables: string[];
  topics?: string[];
  version: string;
  seq: number;
  /** In an answer to a ping: which table changed last in which version. */
  changed?: Record<string, string>;
}
