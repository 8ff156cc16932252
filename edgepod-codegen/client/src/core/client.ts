import { EdgePodError } from "./error";
import { parse } from "./json";
import { type EdgePodKey, hashOf, isOf, isPaged, KEY, originOf } from "./key";
import { ACTIONS } from "./manifest";
import type { Layers, OptimisticUpdates } from "./optimistic";
import { createRegistry, epochOf, isNewer, type Read, type Registry } from "./registry";
import { newId } from "./session";
import type { StaleSocket } from "./socket";
import {
  type AnyQueryClient,
  type CoreQueryClient,
  notifyManager,
  type Query,
  QueryClient,
  type QueryFunctionContext,
} from "./tanstack";
import type { GetToken } from "./token";
import { createTransport, type Transport, withoutSlash } from "./transport";
import type { Status } from "./types";
import { say } from "./warnings";

/** A function whose reply was lost is sent again after this long, then after twice as long, and so on. */
const FIRST_RESEND_MS = 300;
const RESENDS = 3;
/** The socket's file is asked for again after this long, where it could not be loaded. */
const LOAD_AGAIN_MS = 2_000;
/** How long a mutation stays unfinished at most for the sake of the screen, once its reply is there. */
const SETTLE_WITHIN_MS = 3_000;

/** How a client is made. */
export interface EdgePodOptions {
  /** The server's address, for example `http://localhost:8989`. */
  url: string;
  /** The publishable key, which identifies the app; it is no secret. */
  apiKey: string;
  /**
   * The pod whose data it is, where the app has a database for each tenant and does not find it by the token alone. Another
   * pod is another client.
   */
  pod?: string | undefined;
  /** Called before each call for the user's token, and with `refresh` when that is refused or about to expire. */
  getToken?: GetToken | undefined;
  /** A TanStack query client to share. By default EdgePod keeps its own. */
  queryClient?: AnyQueryClient | undefined;
  /** A WebSocket class, where the platform has none (Node 20). */
  WebSocket?: typeof WebSocket | undefined;
  /** What sends requests instead of the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** How one mutation is made. */
export interface MutateOptions {
  /** What is shown of queries until the server has answered. */
  optimistic?: OptimisticUpdates | undefined;
  /** Gives up waiting, and sending again. What has been sent may have its effect all the same. */
  signal?: AbortSignal | undefined;
}

/** The clients of a query client by what they read from, whichever copy of this file made them. */
const CLIENTS = Symbol.for("edgepod.clients");
type Shared = CoreQueryClient & { [CLIENTS]?: Map<unknown, EdgePodClient> };

/**
 * Calls functions, and keeps what a TanStack query client caches of them in step with the database.
 * It knows no framework.
 */
export class EdgePodClient {
  /** Holds the cached replies. */
  readonly queryClient: CoreQueryClient;
  /** Ties this client's calls to its socket. */
  readonly sessionId: string = newId();
  /** What the cache knows this client's data by: the server's address, as it was given, and behind a `#` the pod. */
  readonly origin: string;
  /** Which query read what, and when. */
  readonly registry: Registry<Query> = createRegistry();
  readonly #transport: Transport;
  /** What users and interruptions both need. */
  readonly #both = {
    queries: () => this.#queries(),
    refresh: (queries: readonly Query[]) => this.#refresh(queries),
  };
  readonly #WebSocket: typeof WebSocket | undefined;
  #socket: StaleSocket | undefined;
  /** The socket's state. */
  #status: Status = "connecting";
  /** The user's token is refused. */
  #refused = false;
  #layers: Layers | undefined;
  readonly #warnings = new WeakMap<Query, readonly string[]>();
  readonly #statusListeners = new Set<() => void>();
  /** What is stale, until the end of the tick. */
  readonly #due = new Set<Query>();
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  /** Whether it keeps the cache fresh. */
  connected = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: EdgePodOptions) {
    this.queryClient = (options.queryClient ?? new QueryClient()) as CoreQueryClient;
    this.origin = withoutSlash(`${options.url}`) + (options.pod ? `#${options.pod}` : "");
    this.#WebSocket = options.WebSocket;
    this.#transport = createTransport({
      ...options,
      sessionId: this.sessionId,
      ...this.#both,
      onRefused: (refused) => {
        this.#refused = refused;
        this.#tell();
      },
      renew: () => {
        // What one user expects is not the next one's to see.
        this.#layers?.clear();
        this.#socket?.renew();
      },
    });
    this.adopt();
  }

  /** The connection's state. */
  get status(): Status {
    return this.#refused ? "unauthorized" : this.#status;
  }

  #tell(status = this.#status): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener();
  }

  /** Calls `listener` whenever the status changes, until the function that it returns is called. */
  readonly onStatus = (listener: () => void): (() => void) => {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  };

  /** Tells the query client how EdgePod's queries are read, and when they count as fresh. */
  adopt(): void {
    const shared = this.queryClient as Shared;
    shared[CLIENTS] ??= new Map();
    const clients = shared[CLIENTS].set(this.origin, this);
    // What names no server is for whoever adopted the query client last. What names one goes there.
    const of = (key: readonly unknown[]) => clients.get(originOf(key)) ?? this;
    this.queryClient.setQueryDefaults([KEY], {
      queryFn: (context) => of(context.queryKey).read(context),
      queryKeyHashFn: (key) => {
        this.#check(key);
        return hashOf(key, this.origin);
      },
      staleTime: (query) => (of(query.queryKey).isFresh(query as Query) ? 1 / 0 : 0),
      // The socket reconnects when the network does, and says what has changed.
      refetchOnReconnect: false,
      // The same call may succeed a moment later.
      retry: (failures, error) =>
        failures < 3 && (isInconclusive(error, 500) || (error as unknown as EdgePodError).status === 429),
    });
    this.queryClient.setMutationDefaults([KEY], {
      mutationFn: async (args: unknown, { mutationKey = [], meta }) => {
        this.#check(mutationKey);
        return of(mutationKey).mutate(mutationKey[1] as string, args as object | undefined, meta);
      },
    });
  }

  /** Refuses a key that names no server where there are several. */
  #check(key: readonly unknown[]): void {
    const clients = (this.queryClient as Shared)[CLIENTS]?.values() ?? [];
    const connected = [...clients].filter((client) => client.connected).map(({ origin }) => origin);
    if (!originOf(key) && connected[1]) throw new Error(`${connected} share a query client: use useApi() or pod.api.`);
  }

  /**
   * Whether what is cached of a query is as the server has it. That signals what this session has read; of data from elsewhere
   * (another client that shares the cache, a page rendered on a server) it knows nothing. Without signals, TanStack's own
   * defaults do the work: read again on mount and on focus.
   */
  isFresh(query: Query): boolean {
    return /^(live|connecting)/.test(this.#status) && !!this.registry.versionOf(query);
  }

  /** Loads what optimistic updates need, which is a file of its own, so that a page without them does not carry it. */
  async prepare(): Promise<Layers | undefined> {
    // One that cannot be loaded now may be the next time; until then the screen waits for the server.
    const file = await import("./optimistic").catch(() => undefined);
    this.#layers ??=
      file &&
      new file.Layers(
        this.queryClient.getQueryCache(),
        (query) => isOf(query, this.origin),
        (query, version) => !isPaging(query) && !isNewer(version, this.registry.versionOf(query)),
      );
    return this.#layers;
  }

  /** Starts keeping the cache fresh. It may be called again after `disconnect`. */
  connect(): void {
    if (this.connected) return;
    this.connected = true;
    // So that it notices when the page gets the focus.
    this.queryClient.mount();
    void this.#open();
  }

  async #open(): Promise<void> {
    try {
      const { createSocket } = await import("./socket");
      if (!this.connected) return;
      this.#socket ??= createSocket({
        ...this.#both,
        ...this.#transport,
        url: this.#transport.socketUrl,
        reads: this.registry.reads,
        known: this.registry.known,
        WebSocket: this.#WebSocket,
        onStale: this.#changed,
        onHello: (topics, version) => {
          this.registry.greeted(topics, version);
          this.#refreshSoon(this.registry.reads.keys());
        },
        onStatus: (status) => this.#tell(status),
        parse,
        epochOf,
        isNewer,
      });
      this.#socket.start();
    } catch {
      // Its file could not be loaded. Until it is, the query client does what it does without signals.
      this.#tell("reconnecting");
      setTimeout(() => this.connected && this.#open(), LOAD_AGAIN_MS);
    }
  }

  /** Closes the socket. What is cached stays; the next `connect` asks what has changed. */
  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.#socket?.stop();
    this.queryClient.unmount();
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
    const layer = layers?.add(optimistic as OptimisticUpdates, args);
    try {
      const { data, meta, warnings } = await this.#send(name, args, signal);
      say(name, warnings);
      const { written = ["*"], stale = [], version = "" } = meta;
      if (layer) layer.version = version;
      await this.#settle(this.#changed([...written, ...stale], version, true), version);
      // What could not be read again yet goes on showing what is expected.
      layers?.remove(layer, (query) => this.registry.isStale(query));
      return data;
    } catch (error) {
      layers?.remove(layer, () => false);
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

  /** Reads a query, for TanStack. */
  async read({ queryKey, signal, pageParam }: QueryFunctionContext): Promise<unknown> {
    const [, name, args] = queryKey as unknown as [string, string, object];
    // By its text: to look for it by its key is to look at all the others.
    const query = this.queryClient.getQueryCache().get(hashOf(queryKey, this.origin)) as Query;
    const known = this.registry.known();
    const more = pageParam != null;
    this.adoptRead(query);
    try {
      const reply = await this.#transport.read(name, more ? { ...args, cursor: pageParam } : args, signal);
      // Of a user before, where who sends requests does not give them up.
      signal.throwIfAborted();
      const { data, meta, warnings } = reply;
      say(name, warnings);
      this.#warnings.set(query, warnings);
      const { tables = ["*"], topics = tables, version = "" } = meta;
      // A reply that was overtaken by a later one has nothing to tell. (Pages have to fit each other.)
      if (
        pageParam === undefined &&
        query?.state.data !== undefined &&
        isNewer(this.registry.versionOf(query), version)
      ) {
        return query.state.data;
      }
      this.registry.answered(query, known, topics, version, more);
      return this.#layers ? this.#layers.over(query, data) : data;
    } catch (error) {
      if (!signal.aborted) this.registry.answered(query, known);
      throw error;
    } finally {
      // What changed while the request was under way has to be read again.
      this.#refreshSoon([query]);
    }
  }

  /** Remembers that a query is read, or what another client knew of it, until the cache forgets it. */
  adoptRead(query: Query, read?: Read): void {
    this.registry.asked(query, read);
    this.#unsubscribe ??= this.queryClient.getQueryCache().subscribe(({ type, query }) => {
      if (type !== "removed") return;
      this.registry.forget(query);
      // Whoever drops this client without a word leaves nothing behind once its queries are gone.
      if (this.registry.reads.size) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    });
  }

  /** What the server's last reply to a query warned of. */
  warningsOf(key: EdgePodKey): readonly string[] {
    const query = this.queryClient.getQueryCache().get(hashOf(key, this.origin)) as Query;
    return this.#warnings.get(query) ?? [];
  }

  #changed = (topics: readonly string[], version: string, isReply?: boolean): Query[] => {
    const readers = this.registry.changed(topics, version, isReply);
    this.#refreshSoon(readers);
    return readers;
  };

  /**
   * Marks what is stale at once, so that a read which begins and is given up in this tick cannot make it look
   * fresh, and refreshes at the end of the tick, so that many signals make one request per query.
   */
  #refreshSoon(queries: Iterable<Query>): void {
    for (const query of queries) {
      if (!this.registry.isStale(query)) continue;
      query.invalidate();
      this.#due.add(query);
    }
    if (!this.#due.size) return;
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      // A query that is being read is left alone: its end comes back here if its reply is too old.
      // Cancelling it instead would starve the screen while others write without pause.
      const due = [...this.#due].filter((query) => this.registry.isStale(query) && !isFetching(query));
      this.#due.clear();
      this.#refresh(due);
    });
  }

  /** Reads those again that are on the screen, and marks the others. */
  #refresh(queries: readonly Query[]): void {
    notifyManager.batch(() => {
      for (const query of queries) {
        query.invalidate();
        if (query.isActive() && !query.isStatic()) query.fetch(undefined, { cancelRefetch: false }).catch(() => {});
      }
    });
  }

  /** Every query of this server. */
  #queries(): Query[] {
    return this.queryClient
      .getQueryCache()
      .getAll()
      .filter((query) => isOf(query, this.origin));
  }

  /** Returns when the screen shows a version, but waits only so long. */
  #settle(readers: readonly Query[], version: string): Promise<void> {
    return new Promise((resolve) => {
      const isBehind = (query: Query) => query.isActive() && (isPaging(query) || this.registry.isStale(query, version));
      const behind = new Set(readers.filter(isBehind));
      const end = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(end, SETTLE_WITHIN_MS);
      const unsubscribe = this.queryClient.getQueryCache().subscribe(({ query }) => {
        if (behind.has(query) && !isBehind(query) && behind.delete(query) && !behind.size) end();
      });
      if (!behind.size) end();
    });
  }
}

function isFetching({ state }: Query): boolean {
  return state.fetchStatus === "fetching";
}

/** Whether some of a query's pages have been answered, and are shown when all have. */
function isPaging(query: Query): boolean {
  return isPaged(query) && isFetching(query);
}

/** Whether a call that failed may have had its effect, or, from 502 up, its answer may have been lost on the way. */
function isInconclusive(error: unknown, status: 500 | 502): boolean {
  return error instanceof EdgePodError && (error.code === "NETWORK" || error.status >= status);
}
