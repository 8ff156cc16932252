import type {
  DataTag,
  InfiniteData,
  UnusedSkipTokenInfiniteOptions,
  UnusedSkipTokenOptions,
  UseMutationOptions,
  UseQueryOptions,
} from "@tanstack/react-query";
import type {
  ArgsAndOptions,
  EdgePodError,
  EdgePodKey,
  EdgePodPagesKey,
  FunctionType,
  FunctionTypes,
  WithoutCursor,
} from "../core";
import type { ApiOf } from "../core/adapter";
import type { QueryOptions } from "./hooks";

type Tagged<F extends FunctionType> = {
  queryKey: DataTag<EdgePodKey, F["result"], EdgePodError<F["error"]>>;
};

/** A query as TanStack Query's hooks and functions take it. */
export interface QueryApi<F extends FunctionType> {
  /** The key in the cache, with its data's type: for `getQueryData` and its kin. */
  queryKey: (...args: ArgsAndOptions<F["args"], never>) => Tagged<F>["queryKey"];
  /** For `useQuery`, `useSuspenseQuery`, `useQueries`, `prefetchQuery` and so on of TanStack Query. */
  queryOptions: {
    <Data = F["result"]>(
      ...args: ArgsAndOptions<F["args"], QueryOptions<F["result"], EdgePodError<F["error"]>, Data>>
    ): UnusedSkipTokenOptions<F["result"], EdgePodError<F["error"]>, Data, EdgePodKey> & Tagged<F>;
    <Data = F["result"]>(
      args: F["args"] | null,
      options?: QueryOptions<F["result"], EdgePodError<F["error"]>, Data>,
    ): UseQueryOptions<F["result"], EdgePodError<F["error"]>, Data, EdgePodKey> & Tagged<F>;
  };
}

/** A query that takes a `cursor` and gives `{ items, next }`. */
export interface PagesApi<F extends FunctionType> extends QueryApi<F> {
  /** For `useInfiniteQuery` and `prefetchInfiniteQuery` of TanStack Query. */
  infiniteQueryOptions: (...args: ArgsAndOptions<WithoutCursor<F["args"]>, never>) => UnusedSkipTokenInfiniteOptions<
    F["result"],
    EdgePodError<F["error"]>,
    InfiniteData<F["result"]>,
    EdgePodPagesKey,
    unknown
  > & {
    queryKey: DataTag<EdgePodPagesKey, InfiniteData<F["result"]>, EdgePodError<F["error"]>>;
  };
}

/** A function or an action. */
export interface MutationApi<F extends FunctionType> {
  /** For `useMutation` of TanStack Query. */
  mutationOptions: (
    options?: Omit<UseMutationOptions<F["result"], EdgePodError<F["error"]>, F["args"]>, "mutationFn" | "mutationKey">,
  ) => UseMutationOptions<F["result"], EdgePodError<F["error"]>, F["args"]>;
}

interface Shapes {
  of: FunctionType;
  query: QueryApi<this["of"]>;
  pages: PagesApi<this["of"]>;
  mutation: MutationApi<this["of"]>;
}

/** Every function of an app, by its name. */
export type Api<Queries extends FunctionTypes<Queries>, Mutations extends FunctionTypes<Mutations>> = ApiOf<
  Queries,
  Mutations,
  Shapes
>;
