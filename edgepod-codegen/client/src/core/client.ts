import { EdgePodError } from "./error";
import { ACTIONS } from "./manifest";
import type { Layers, OptimisticUpdates } from "./optimistic";
import { isNewer, Registry } from "./registry";
import { newId } from "./session";
import { StaleSocket } from "./socket";
import {
  type AnyQueryClient,
  type CoreQueryClient,
  type Query,
  QueryClient,
  type QueryFunctionContext,
  skipToken,
} from "./tanstack";
import type { GetToken } from "./token";
import { Transport } from "./transport";
import type { Status } from "./types";

/** The first part of every query key of EdgePod's. */
const KEY = "edgepod";
/** A function whose reply was lost is sent again after this long, then after twice as long, and so on. */
const FIRST_RESEND_MS = 300;
const RESENDS = 3;
/** How long a mutation stays unfinished at most for the sake of the screen, once its reply is there. */
const SETTLE_WITHIN_MS = 3_000;

/** How a client is made. */
export interface EdgePodOptions {
  /** The server's address, for example `http://localhost:8989`. */
  url: string;
  /** The publishable key, which identifies the app; it is no secret. */
  apiKey: string;
  /** Called before each call for the user's token, and with `refresh` when that is refused or about to expire. */
  getToken?: GetToken | undefined;
  /** A TanStack query client to share. By default EdgePod keeps its own. */
  queryClient?: AnyQueryClient | undefined;
  /** A WebSocket class, where the platform has none (Node 20). */
  WebSocket?: typeof WebSocket | undefined;
  /** What sends requests instead of the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** What identifies a query. Every function of TanStack Query's takes it; EdgePod's query client knows the rest. */
export interface EdgePodQuery {
  queryKey: readonly [typeof KEY, string, object | null];
  queryFn?: typeof skipToken;
}

/** A query of pages, likewise. */
export interface EdgePodPages<Page = never> {
  queryKey: readonly [typeof KEY, string, object, "pages"];
  initialPageParam: null;
  getNextPageParam: (page: Page) => unknown;
}

/** A mutation, likewise. */
export interface EdgePodMutation {
  mutationKey: readonly [typeof KEY, string];
  networkMode: "always";
}

/** How one mutation is made. */
export interface MutateOptions {
  /** What is shown of queries until the server has answered. */
  optimistic?: OptimisticUpdates | undefined;
  /** Gives up waiting, and sending again. What has been sent may have its effect all the same. */
  signal?: AbortSignal | undefined;
}

/** A query and its arguments. `null` for `args` is a query that is never read. */
export function query(name: string, args: object | null = {}): EdgePodQuery {
  return { queryKey: [KEY, name, args], ...(!args && { queryFn: skipToken }) };
}

/** A query over pages: each is `{ items, next }`, and `next` is the `cursor` of the one after it. */
export function pages(name: string, args: object = {}): EdgePodPages {
  return {
    queryKey: [KEY, name, args, "pages"],
    initialPageParam: null,
    getNextPageParam: ({ next }: { next?: unknown }) => next,
  };
}

/** A function or an action. */
export function mutation(name: string): EdgePodMutation {
  // The call fails where there is no network, rather than being sent unasked much later.
  return { mutationKey: [KEY, name], networkMode: "always" };
}

/**
 * Calls functions, and keeps what a TanStack query client caches of them in step with the database.
 * It knows no framework.
 */
export class EdgePodClient {
  /** Holds the cached replies. */
  readonly queryClient: CoreQueryClient;
  /** Ties this client's calls to its socket. */
  readonly sessionId = newId();
  /** Which query read what, and when. */
  readonly registry = new Registry();
  readonly #transport: Transport;
  readonly #socket: StaleSocket;
  /** The user's token is refused. */
  #refused = false;
  #layers: Layers | undefined;
  readonly #statusListeners = new Set<() => void>();
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: EdgePodOptions) {
    this.queryClient = (options.queryClient ?? new QueryClient()) as CoreQueryClient;
    const onStatus = () => {
      for (const listener of this.#statusListeners) listener();
    };
    this.#transport = new Transport({
      ...options,
      sessionId: this.sessionId,
      // What one user has read is not the next one's to see.
      onUser: () => void this.queryClient.resetQueries({ queryKey: [KEY] }),
      onRefused: (refused) => {
        this.#refused = refused;
        onStatus();
      },
    });
    this.#socket = new StaleSocket({
      url: () => this.#transport.socketUrl(...this.registry.held),
      WebSocket: options.WebSocket,
      onStale: (tables, version) => this.#changed(tables, version),
      onHello: (tables, version, resumed) => {
        this.registry.greeted(tables, version);
        if (resumed) this.#resume();
        this.#changed(tables, version);
      },
      onStatus,
      isRefused: () => this.#transport.socketRefused(),
    });
    this.adopt();
  }

  /** The connection's state. */
  get status(): Status {
    return this.#refused ? "unauthorized" : this.#socket.status;
  }

  /** Calls `listener` whenever the status changes, until the function that it returns is called. */
  readonly onStatus = (listener: () => void): (() => void) => {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  };

  /** Tells the query client how EdgePod's queries are read, and when they count as fresh. */
  adopt(): void {
    // Without signals, TanStack's own defaults do the work: read again on mount and on focus.
    const informed = () => ["live", "connecting"].includes(this.#socket.status);
    this.queryClient.setQueryDefaults([KEY], {
      queryFn: (context) => this.#read(context),
      // The server signals what this session has read; of data from elsewhere (another client that shares
      // the cache, a page rendered on a server) it knows nothing.
      staleTime: ({ queryHash }) => (informed() && this.registry.versionOf(queryHash) ? 1 / 0 : 0),
      // The socket reconnects when the network does, and says what has changed.
      refetchOnReconnect: false,
      // The same call may succeed a moment later.
      retry: (failures, error) =>
        failures < 3 && (isInconclusive(error, 500) || (error as unknown as EdgePodError).status === 429),
    });
    this.queryClient.setMutationDefaults([KEY], {
      mutationFn: (args: unknown, { mutationKey, meta }) =>
        this.mutate(mutationKey?.[1] as string, args as object | undefined, meta),
    });
  }

  /** Loads what optimistic updates need, which is a file of its own, so that a page without them does not carry it. */
  async prepare(): Promise<Layers> {
    const { Layers } = await import("./optimistic");
    this.#layers ??= new Layers(
      this.queryClient.getQueryCache(),
      (query, version) => !isPaging(query) && !isNewer(version, this.registry.versionOf(query.queryHash)),
    );
    return this.#layers;
  }

  /** Starts keeping the cache fresh. It may be called again after `disconnect`. */
  connect(): void {
    if (this.#unsubscribe) return;
    this.#socket.start();
    // So that it notices when the page gets the focus.
    this.queryClient.mount();
    this.#unsubscribe = this.queryClient.getQueryCache().subscribe(({ type, query }) => {
      if (type === "removed") this.registry.reads.delete(query.queryHash);
    });
  }

  /** Closes the socket. What is cached stays; the next `connect` asks what has changed. */
  disconnect(): void {
    if (!this.#unsubscribe) return;
    this.#socket.stop();
    this.queryClient.unmount();
    this.#unsubscribe();
    this.#unsubscribe = undefined;
  }

  /**
   * Calls a function or an action. The promise is fulfilled when the write is on the screen: once the
   * queries in use that read what it wrote have been answered again, or after three seconds.
   *
   * A function whose request or reply was lost is sent again, a few times, under one key by which the server knows
   * whether it has run. An action is sent once.
   *
   * @throws EdgePodError when the call fails; the abort's reason when `signal` aborts.
   */
  async mutate(name: string, args: object = {}, { optimistic, signal }: MutateOptions = {}): Promise<unknown> {
    const layers = optimistic && (this.#layers ?? (await this.prepare()));
    const layer = optimistic && layers?.add(optimistic, args);
    try {
      const { data, meta } = await this.#send(name, args, signal);
      const { written = ["*"], version = "" } = meta;
      if (layer) layer.version = version;
      this.#changed(written, version);
      await this.#settle(version);
      // What could not be read again yet goes on showing what is expected.
      if (layer) layers?.remove(layer, ({ queryHash }) => this.registry.isStale(queryHash));
      return data;
    } catch (error) {
      if (layer) layers?.remove(layer, () => false);
      throw error;
    }
  }

  async #send(name: string, args: object, signal: AbortSignal | undefined) {
    const headers: Record<string, string> = { "X-EdgePod-Reactive": "false" };
    const isOnce = ACTIONS.includes(name);
    if (!isOnce) headers["X-EdgePod-Idempotency-Key"] = newId();
    for (let tries = 0; ; tries++) {
      try {
        return await this.#transport.call(name, args, signal, headers);
      } catch (error) {
        if (isOnce || tries === RESENDS || !isInconclusive(error, 502)) throw error;
        await new Promise((resolve) => setTimeout(resolve, FIRST_RESEND_MS * 2 ** tries));
        signal?.throwIfAborted();
      }
    }
  }

  async #read({ queryKey, signal, pageParam }: QueryFunctionContext): Promise<unknown> {
    const [, name, args] = queryKey as unknown as [string, string, object];
    const query = this.queryClient.getQueryCache().find({ queryKey, exact: true }) as Query;
    const hash = query.queryHash;
    const { known } = this.registry;
    const more = pageParam != null;
    this.registry.asked(hash);
    try {
      const { data, meta } = await this.#transport.read(name, more ? { ...args, cursor: pageParam } : args, signal);
      const { tables = ["*"], version = "" } = meta;
      // A reply that was overtaken by a later one has nothing to tell. (Pages have to fit each other.)
      if (
        pageParam === undefined &&
        query.state.data !== undefined &&
        isNewer(this.registry.versionOf(hash), version)
      ) {
        return query.state.data;
      }
      this.registry.answered(hash, known, tables, version, more);
      return this.#layers ? this.#layers.over(query, data) : data;
    } catch (error) {
      if (!signal.aborted) this.registry.answered(hash, known);
      throw error;
    } finally {
      // What changed while the request was under way has to be read again.
      if (this.registry.isStale(hash)) this.#refreshSoon();
    }
  }

  #changed(tables: readonly string[], version: string): void {
    this.registry.changed(tables, version);
    this.#refreshSoon();
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

  /**
   * Requests from before the interruption may hang for ever, so they are given up and made again; and what failed
   * is worth another attempt.
   */
  #resume(): void {
    const given = this.#queries().filter(({ state }) => state.fetchStatus !== "idle" || state.error);
    for (const query of given) {
      // Silently where a new request follows at once, so that the screen does not flicker.
      const silent = query.isActive() && !query.isStatic();
      void query.cancel({ silent, revert: !silent });
    }
    this.#refresh(given);
  }

  /** Reads those again that are on the screen, and marks the others. */
  #refresh(queries: readonly Query[]): void {
    void this.queryClient.invalidateQueries(
      { predicate: (query) => queries.includes(query) },
      { cancelRefetch: false },
    );
  }

  #stale(): Query[] {
    return this.#queries().filter((query) => this.registry.isStale(query.queryHash));
  }

  #queries(): Query[] {
    return this.queryClient.getQueryCache().findAll({ queryKey: [KEY] });
  }

  /** Returns when the screen shows a version, but waits only so long. */
  #settle(version: string): Promise<void> {
    return new Promise((resolve) => {
      const behind = (query: Query) =>
        query.isActive() && (isPaging(query) || this.registry.isBehind(query.queryHash, version));
      const check = (event?: unknown) => {
        if (event !== TIME_IS_UP && this.#queries().some(behind)) return;
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(check, SETTLE_WITHIN_MS, TIME_IS_UP);
      const unsubscribe = this.queryClient.getQueryCache().subscribe(check);
      check();
    });
  }
}

const TIME_IS_UP = 1;

/** Whether some of a query's pages have been answered, and are shown when all have. */
function isPaging({ queryKey, state }: Query): boolean {
  return queryKey.length > 3 && state.fetchStatus === "fetching";
}

/** Whether a call that failed may have had its effect, or, from 502 up, its answer may have been lost on the way. */
function isInconclusive(error: unknown, status: 500 | 502): boolean {
  return error instanceof EdgePodError && (error.code === "NETWORK" || error.status >= status);
}
