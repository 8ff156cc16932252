import { api as anyApi } from "../src/core";
import type { Api, UseInfiniteQuery, UseMutation, UseQuery } from "../src/vue";
import {
  useInfiniteQuery as anyInfiniteQuery,
  useMutation as anyMutation,
  useQuery as anyQuery,
  useApi as anyUseApi,
} from "../src/vue";
import type { EdgePodMutations, EdgePodQueries } from "./types";

/**
 * Reads, and reads again whenever what was read has changed.
 *
 * @param name the query
 * @param args its arguments; `null` reads nothing yet
 * @param options TanStack Query's options
 * @example
 * const { data, isLoading, error } = useQuery("getUsers");
 */
export const useQuery: UseQuery<EdgePodQueries> = anyQuery as UseQuery<EdgePodQueries>;

/** `useQuery` for pages: for a query that takes a `cursor` and gives `{ items, next }`. */
export const useInfiniteQuery: UseInfiniteQuery<EdgePodQueries> = anyInfiniteQuery as UseInfiniteQuery<EdgePodQueries>;

/**
 * Writes, and refreshes what shows it.
 *
 * @param name the function or action
 * @param options TanStack Query's callbacks, and `optimistic`: what queries show until the server has answered
 * @example
 * const { trigger, isMutating, error } = useMutation("insertUser");
 */
export const useMutation: UseMutation<EdgePodMutations, EdgePodQueries> = anyMutation as UseMutation<
  EdgePodMutations,
  EdgePodQueries
>;

/** Every function, as TanStack Query's own functions take it: `api.name.queryOptions(args)`. */
export const api: Api<EdgePodQueries, EdgePodMutations> = anyApi as Api<EdgePodQueries, EdgePodMutations>;

/** `api` for the server of the nearest provider: where several share one query client, that of each is another. */
export const useApi: () => Api<EdgePodQueries, EdgePodMutations> = anyUseApi as () => Api<
  EdgePodQueries,
  EdgePodMutations
>;

export type {
  DehydratedPod,
  EdgePodOptions,
  ErrorCode,
  GetToken,
  Status,
  SystemCode,
} from "../src/core";
export { dehydrate, EdgePodClient, EdgePodError, hydrate } from "../src/core";
export type * from "./types";
