/** The types of what the adapters for the frameworks export, each declared once. */

import type { EdgePodError } from "./error";
import type { EdgePodKey, EdgePodPagesKey } from "./key";
import type { CallOptions } from "./mutation";
import type { DataTag, InfiniteData, MutationObserverOptions, QueryObserverOptions, skipToken } from "./tanstack";
import type { ArgsAndOptions, FunctionType, FunctionTypes, Optimistic, PagedNames, WithoutCursor } from "./types";

/** What EdgePod decides of a query, so that nobody else may. */
export type Reserved = "queryKey" | "queryFn" | "queryHash" | "queryKeyHashFn";

/** What EdgePod decides of a query of pages. */
export type ReservedOfPages = Reserved | "initialPageParam" | "getNextPageParam" | "getPreviousPageParam";

type Tagged<F extends FunctionType> = {
  queryKey: DataTag<EdgePodKey, F["result"], EdgePodError<F["error"]>>;
};

/** The options that are no functions of a query, since the adapters differ in what those are given. */
export interface Options<Result, Err, Data>
  extends Pick<
    QueryObserverOptions<Result, Err, Data>,
    "gcTime" | "meta" | "networkMode" | "retry" | "retryDelay" | "select"
  > {
  enabled?: boolean;
  refetchInterval?: number | false;
  staleTime?: number;
  throwOnError?: boolean;
}

type OptionsOf<F extends FunctionType, Data> = Options<F["result"], EdgePodError<F["error"]>, Data>;

/** A query as the functions of TanStack Query's adapters take it. */
export interface QueryApi<F extends FunctionType> {
  /** The key in the cache, with its data's type: for `getQueryData` and its kin. */
  queryKey: (...args: ArgsAndOptions<F["args"], never>) => Tagged<F>["queryKey"];
  /** For the adapter's functions and the query client's. */
  queryOptions: {
    <Data = F["result"]>(...args: ArgsAndOptions<F["args"], OptionsOf<F, Data>>): OptionsOf<F, Data> & Tagged<F>;
    <Data = F["result"]>(
      args: F["args"] | null,
      options?: OptionsOf<F, Data>,
    ): OptionsOf<F, Data> & Tagged<F> & { queryFn?: typeof skipToken };
  };
}

/** A query that takes a `cursor` and gives `{ items, next }`. */
export interface PagesApi<F extends FunctionType> extends QueryApi<F> {
  /** For the adapter's function for infinite queries, and `prefetchInfiniteQuery`. */
  infiniteQueryOptions: (...args: ArgsAndOptions<WithoutCursor<F["args"]>, never>) => {
    queryKey: DataTag<EdgePodPagesKey, InfiniteData<F["result"]>, EdgePodError<F["error"]>>;
    initialPageParam: null;
    getNextPageParam: (page: F["result"]) => unknown;
  };
}

/** A function or an action. */
export interface MutationApi<F extends FunctionType> {
  /** For the adapter's function for mutations. */
  mutationOptions: (
    options?: Omit<
      MutationObserverOptions<F["result"], EdgePodError<F["error"]>, F["args"]>,
      "mutationFn" | "mutationKey"
    >,
  ) => Omit<MutationObserverOptions<F["result"], EdgePodError<F["error"]>, F["args"]>, "mutationFn">;
}

/** Every function of an app, by its name. */
export type Api<Queries extends FunctionTypes<Queries>, Mutations extends FunctionTypes<Mutations>> = ApiOf<
  Queries,
  Mutations,
  ApiShapes
>;

/** What an `api` has of a function `this["of"]`. */
export interface ApiShapes {
  of: FunctionType;
  query: QueryApi<this["of"]>;
  pages: PagesApi<this["of"]>;
  mutation: MutationApi<this["of"]>;
}

/** The type of an `api` whose entries have these shapes. */
export type ApiOf<
  Queries extends FunctionTypes<Queries>,
  Mutations extends FunctionTypes<Mutations>,
  Shapes extends { of: FunctionType; query: unknown; pages: unknown; mutation: unknown },
> = {
  [Name in keyof Queries]: (Shapes & { of: Queries[Name] })[Name extends PagedNames<Queries> ? "pages" : "query"];
} & { [Name in keyof Mutations]: (Shapes & { of: Mutations[Name] })["mutation"] };

/**
 * What the hooks of a framework take and give. Each adapter has an interface of this kind, in which `this` stands for the
 * types that a function gives it.
 */
export interface Hooks {
  /** Given: the result of a function, its error, its arguments, what `select` makes of the result, what it updates. */
  result: unknown;
  error: unknown;
  args: unknown;
  data: unknown;
  updates: unknown;
  /** Given: the type of a parameter. */
  value: unknown;
  /** A parameter, as the framework takes one that may change. */
  parameter: unknown;
  queryOptions: unknown;
  query: unknown;
  pagesOptions: unknown;
  pages: unknown;
  mutationOptions: unknown;
  mutation: unknown;
}

type Given<F extends FunctionType, Data> = {
  result: F["result"];
  error: EdgePodError<F["error"]>;
  args: F["args"];
  data: Data;
};

type Parameter<H extends Hooks, T> = (H & { value: T })["parameter"];

/** The type of `useQuery` for an app's queries. */
export type UseQueryOf<Queries extends FunctionTypes<Queries>, H extends Hooks> = <
  Name extends keyof Queries & string,
  Data = Queries[Name]["result"],
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    Queries[Name]["args"],
    Parameter<H, (H & Given<Queries[Name], Data>)["queryOptions"]>,
    Parameter<H, Queries[Name]["args"] | null>
  >
) => (H & Given<Queries[Name], Data>)["query"];

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQueryOf<Queries extends FunctionTypes<Queries>, H extends Hooks> = <
  Name extends PagedNames<Queries>,
  Data = InfiniteData<Queries[Name]["result"]>,
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    WithoutCursor<Queries[Name]["args"]>,
    Parameter<H, (H & Given<Queries[Name], Data>)["pagesOptions"]>,
    Parameter<H, WithoutCursor<Queries[Name]["args"]>>
  >
) => (H & Given<Queries[Name], Data>)["pages"];

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutationOf<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries>,
  H extends Hooks,
> = <Name extends keyof Mutations & string>(
  name: Name,
  options?: (H &
    Given<Mutations[Name], unknown> & { updates: Optimistic<Queries, Mutations[Name]["args"]> })["mutationOptions"],
) => (H & Given<Mutations[Name], unknown>)["mutation"];

/** What `useMutation` returns. Where fields are reactive they are so where they are read, and not to be destructured. */
export interface UseMutationResult<A, Result, Err> {
  /**
   * Calls the function. The promise is fulfilled with its result once the queries on the screen that read
   * what it wrote have been refreshed. It is rejected with the same `EdgePodError` that `error` shows; a
   * caller that ignores the promise needs no `catch`.
   */
  trigger: (...args: ArgsAndOptions<A, CallOptions>) => Promise<Result>;
  /** A call is under way, or the screen is being refreshed after it. */
  readonly isMutating: boolean;
  /** The last call's result. */
  readonly data: Result | undefined;
  /** Why the last call failed. */
  readonly error: Err | null;
  /** Forgets `data` and `error`. */
  reset: () => void;
}
