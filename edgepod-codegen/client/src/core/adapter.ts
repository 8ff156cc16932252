import type { EdgePodError } from "./error";
import type { EdgePodKey, EdgePodPagesKey } from "./key";
import type { DataTag, InfiniteData, MutationObserverOptions, QueryObserverOptions, skipToken } from "./tanstack";
import type { ArgsAndOptions, FunctionType, FunctionTypes, WithoutCursor } from "./types";

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
export type Api<Queries extends FunctionTypes<Queries>, Mutations extends FunctionTypes<Mutations>> = {
  [Name in keyof Queries]: Queries[Name]["args"] extends { cursor?: unknown }
    ? Queries[Name]["result"] extends { items: unknown; next?: unknown }
      ? PagesApi<Queries[Name]>
      : QueryApi<Queries[Name]>
    : QueryApi<Queries[Name]>;
} & { [Name in keyof Mutations]: MutationApi<Mutations[Name]> };
