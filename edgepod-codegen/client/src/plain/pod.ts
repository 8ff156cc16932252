import { QueryObserver, type QueryObserverOptions, type QueryObserverResult } from "@tanstack/query-core";
import {
  type Args,
  createApi,
  EdgePodClient,
  type EdgePodError,
  type EdgePodOptions,
  type FunctionTypes,
  type Optimistic,
  query,
  type Status,
  type Warned,
  withWarnings,
} from "../core";
import type { Api, Reserved } from "../core/adapter";

/** What a watched query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type WatchOptions<Result, Err> = Omit<QueryObserverOptions<Result, Err>, Reserved>;

/** A connection to an EdgePod server: one socket, one cache. */
export interface Pod<Queries extends FunctionTypes<Queries>, Mutations extends FunctionTypes<Mutations>> {
  /**
   * Reads a query, and reads it again whenever what was read has changed. `callback` is called with each new state:
   * with the first one at once, before `watch` returns.
   *
   * @param args the query's arguments; `null` reads nothing
   * @returns a function that ends it
   */
  watch: <Name extends keyof Queries & string>(
    name: Name,
    args: Queries[Name]["args"] | null,
    callback: (
      state: QueryObserverResult<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>> & Warned,
    ) => void,
    options?: WatchOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>>,
  ) => () => void;
  /** Reads a query once, from the cache where that is fresh. */
  read: <Name extends keyof Queries & string>(
    name: Name,
    ...args: Args<Queries[Name]["args"]>
  ) => Promise<Queries[Name]["result"]>;
  /**
   * Calls a function or an action. The promise is fulfilled with its result once the watched queries that read what it
   * wrote have been refreshed, and rejected with an `EdgePodError` when it fails.
   */
  mutate: <Name extends keyof Mutations & string>(
    name: Name,
    args: Mutations[Name]["args"],
    options?: { optimistic?: Optimistic<Queries, Mutations[Name]["args"]>; signal?: AbortSignal },
  ) => Promise<Mutations[Name]["result"]>;
  /** The state of the connection. */
  readonly status: Status;
  /** Calls `listener` with the status now, before it returns, and whenever it changes, until the function that it returns is called. */
  onStatus: (listener: (status: Status) => void) => () => void;
  /** `api` for this server: where several share one query client, that of each is another. */
  readonly api: Api<Queries, Mutations>;
  /** The client beneath, with TanStack Query's query client in it. */
  readonly client: EdgePodClient;
  /** Closes the socket. */
  close: () => void;
}

/** The type of `createEdgePod` for an app's functions. */
export type CreateEdgePod<Queries extends FunctionTypes<Queries>, Mutations extends FunctionTypes<Mutations>> = (
  options: EdgePodOptions,
) => Pod<Queries, Mutations>;

type Any = Record<string, { kind: "query"; args: object; result: unknown; error: unknown }>;

/** `createEdgePod` before the generated code gives it its types. */
export function createEdgePod(options: EdgePodOptions): Pod<Any, Any> {
  const client = new EdgePodClient(options);
  client.connect();
  return {
    client,
    api: createApi(client.origin) as Api<Any, Any>,
    watch: (name, args, callback, options) => {
      const about = query(name, args, client.origin);
      const observer = new QueryObserver<unknown, EdgePodError<unknown>>(client.queryClient, {
        ...about,
        ...options,
      } as QueryObserverOptions<unknown, EdgePodError<unknown>>);
      const show = (result: QueryObserverResult<unknown, EdgePodError<unknown>>) =>
        callback(withWarnings(result, client, () => about.queryKey));
      const unsubscribe = observer.subscribe(show);
      show(observer.getCurrentResult());
      return unsubscribe;
    },
    read: (name, args?: object) => client.queryClient.fetchQuery<unknown>(query(name, args, client.origin)),
    mutate: (name, args, options) => client.mutate(name, args, options as object),
    get status() {
      return client.status;
    },
    onStatus: (listener) => {
      listener(client.status);
      return client.onStatus(() => listener(client.status));
    },
    close: () => client.disconnect(),
  };
}
