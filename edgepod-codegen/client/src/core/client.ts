import { EdgePodError } from "./error";
import { Registry } from "./registry";
import { newSessionId } from "./session";
import { StaleSocket } from "./socket";
import { type Query, QueryClient, type QueryFunctionContext, skipToken } from "./tanstack";
import { type GetToken, type Reply, Transport } from "./transport";
import type { Status } from "./types";

/** The first part of every query key of EdgePod's. */
const KEY = "edgepod";
/** How long a write's own signal may take after its reply, before the client stops counting on it. */
const ECHO_WITHIN_MS = 250;
/** How long a mutation stays unfinished at most for the sake of the screen, once its reply is there. */
const SETTLE_WITHIN_MS = 3_000;

/** How a client is made. */
export interface EdgePodOptions {
  /** The server's address, for example `http://localhost:8989`. */
  url: string;
  /** The publishable key, which identifies the app; it is no secret. */
  apiKey: string;
  /** Called before each call for the user's token. */
  getToken?: GetToken | undefined;
  /** A TanStack query client to share. By default EdgePod keeps its own. */
  queryClient?: QueryClient | undefined;
  /** A WebSocket class, where the platform has none (Node 20). */
  WebSocket?: typeof WebSocket | undefined;
}

/** A query as TanStack Query understands it. Every framework's adapter takes it. */
export interface EdgePodQuery {
  queryKey: readonly [typeof KEY, string, object | null];
  queryFn: ((context: QueryFunctionContext) => Promise<unknown>) | typeof skipToken;
  staleTime: (query: { queryHash: string }) => number;
  refetchOnWindowFocus: () => boolean;
  refetchOnReconnect: boolean;
  retry: (failures: number, error: unknown) => boolean;
}

/**
 * Calls functions, and keeps what a TanStack query client caches of them in step with the database.
 * It knows no framework.
 */
export class EdgePodClient {
  /** Holds the cached replies. */
  readonly queryClient: QueryClient;
  /** Ties this client's calls to its socket. */
  readonly sessionId = newSessionId();
  readonly #transport: Transport;
  readonly #socket: StaleSocket;
  readonly #registry = new Registry();
  readonly #statusListeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: EdgePodOptions) {
    this.queryClient = options.queryClient ?? new QueryClient();
    this.#transport = new Transport(options.url, options.apiKey, this.sessionId, async () => options.getToken?.());
    this.#socket = new StaleSocket({
      url: this.#transport.socketUrl,
      WebSocket: options.WebSocket,
      onStale: (tables) => {
        this.#registry.changed(tables);
        this.#refreshSoon();
        this.#checkWaiting();
      },
      onResumed: () => this.#resume(),
      onStatus: () => {
        for (const listener of this.#statusListeners) listener();
      },
      isRefused: () => this.#transport.socketRefused(),
    });
  }

  /** The socket's state. */
  get status(): Status {
    return this.#socket.status;
  }

  /** Calls `listener` whenever the status changes, until the function that it returns is called. */
  readonly onStatus = (listener: () => void): (() => void) => {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  };

  /** Starts keeping the cache fresh. It may be called again after `disconnect`. */
  connect(): void {
    this.#socket.start();
    this.#unsubscribe ??= this.queryClient.getQueryCache().subscribe(({ type, query }) => {
      if (query.queryKey[0] !== KEY) return;
      if (type === "removed") this.#registry.forget(query.queryHash);
    });
  }

  /** Closes the socket. What is cached stays, and is read again after the next `connect`. */
  disconnect(): void {
    this.#socket.stop();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** A query's key and fetcher, and when it counts as fresh. `null` for `args` is a query that is never read. */
  query(name: string, args: object | null = {}): EdgePodQuery {
    // Without signals, TanStack's own defaults do the work: read again on mount and on focus.
    const informed = () => this.status === "live" || this.status === "connecting";
    return {
      queryKey: [KEY, name, args],
      queryFn: args ? (context) => this.#read(name, args, context) : skipToken,
      // The server signals what this session has read; of data from elsewhere (another client that shares
      // the cache, a page rendered on a server) it knows nothing.
      staleTime: ({ queryHash }) => (informed() && this.#registry.isKnown(queryHash) ? Number.POSITIVE_INFINITY : 0),
      refetchOnWindowFocus: () => !informed(),
      // The socket reconnects when the network does, and then everything is read again.
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 3 && mayPass(error),
    };
  }

  /**
   * Calls a function or an action. The promise is fulfilled when the write is on the screen: once the
   * queries in use that read what it wrote have been answered again, or after three seconds.
   *
   * @throws EdgePodError when the call fails.
   */
  async mutate(name: string, args: object = {}): Promise<unknown> {
    const sent = this.#registry.now;
    let reply: Reply;
    try {
      reply = await this.#transport.call(name, args, { reactive: false });
    } catch (error) {
      // It may have written all the same: an action before it failed, or anything whose reply was lost.
      if (this.status !== "live" && mayHaveWritten(error)) this.#registry.everythingChanged();
      this.#refreshSoon();
      throw error;
    }
    await this.#settle(reply.meta.written ?? reply.meta.tables ?? ["*"], sent);
    return reply.data;
  }

  async #read(name: string, args: object, context: QueryFunctionContext): Promise<unknown> {
    const { signal } = context;
    const hash = this.#hash(context);
    const asked = this.#registry.now;
    this.#registry.asked(hash);
    try {
      const { data, meta } = await this.#transport.call(name, args, { reactive: true, signal });
      this.#registry.answered(hash, asked, meta.tables ?? ["*"]);
      return data ?? null;
    } catch (error) {
      if (!signal.aborted) this.#registry.answered(hash, asked);
      throw error;
    } finally {
      // What changed while the request was under way has to be read again.
      if (this.#registry.isStale(hash)) this.#refreshSoon();
    }
  }

  #hash({ queryKey }: QueryFunctionContext): string {
    return this.queryClient.getQueryCache().find({ queryKey, exact: true })?.queryHash ?? "";
  }

  /**
   * Marks what is stale at once, so that a read which begins and is given up in this tick cannot make it look
   * fresh, and refreshes at the end of the tick, so that many signals make one request per query.
   */
  #refreshSoon(): void {
    for (const query of this.#stale()) query.invalidate();
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      // A query that is being read is left alone: its end comes back here if its reply is too old.
      // Cancelling it instead would starve the screen while others write without pause.
      this.#refresh(this.#stale().filter((query) => query.state.fetchStatus !== "fetching"));
    });
  }

  /** Reads everything again. Requests from before the interruption may hang for ever, so they are given up. */
  #resume(): void {
    this.#registry.everythingChanged();
    const stale = this.#stale();
    for (const query of stale) {
      if (query.state.fetchStatus === "idle") continue;
      // Silently where a new request follows at once, so that the screen does not flicker.
      const followed = query.isActive() && !query.isStatic();
      void query.cancel(followed ? { silent: true } : { revert: true });
    }
    this.#refresh(stale);
  }

  /** Reads those again that are on the screen, and marks the others. */
  #refresh(queries: readonly Query[]): void {
    const predicate = (query: Query) => queries.includes(query);
    void this.queryClient.invalidateQueries({ predicate }, { cancelRefetch: false });
  }

  #stale(): Query[] {
    return this.#queries().filter((query) => this.#registry.isStale(query.queryHash));
  }

  #queries(): Query[] {
    return this.queryClient.getQueryCache().findAll({ queryKey: [KEY] });
  }

  /** Returns when the screen shows what a mutation that was sent at `sent` wrote to `tables`. */
  async #settle(tables: readonly string[], sent: number): Promise<void> {
    if (!this.#registry.isRead(tables)) return;
    const signalled = () => this.#registry.lastChange(tables) > sent;
    // The signal and the reply race. Waiting for the signal saves reading everything twice.
    if (this.status === "live") await this.#until(signalled, ECHO_WITHIN_MS);
    if (!signalled()) {
      this.#registry.changed(tables);
      this.#refreshSoon();
    }
    const moment = this.#registry.now;
    await this.#until(
      () =>
        !this.#queries().some((query) => query.isActive() && this.#registry.isBehind(query.queryHash, tables, moment)),
      SETTLE_WITHIN_MS,
    );
  }

  /** Waits for a condition over queries and signals, but not for ever. */
  async #until(condition: () => boolean, withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        unsubscribe();
        this.#waiting.delete(check);
        resolve();
      };
      const check = () => {
        if (condition()) done();
      };
      const timer = setTimeout(done, withinMs);
      const unsubscribe = this.queryClient.getQueryCache().subscribe(check);
      this.#waiting.add(check);
      check();
    });
  }

  #checkWaiting(): void {
    for (const check of this.#waiting) check();
  }
}

/** Whether the same call may succeed a moment later. */
function mayPass(error: unknown): boolean {
  return error instanceof EdgePodError && (error.status === 429 || isInconclusive(error));
}

/** Whether a call that failed may have had its effect. */
function mayHaveWritten(error: unknown): boolean {
  return error instanceof EdgePodError && isInconclusive(error);
}

function isInconclusive({ code, status }: EdgePodError): boolean {
  return code === "NETWORK" || status >= 500;
}
