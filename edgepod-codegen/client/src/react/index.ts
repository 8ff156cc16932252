/** The client for React. */
export type { EdgePodKey } from "../core";
export type { UseMutationResult } from "../core/adapter";
export type { Api, MutationApi, PagesApi, QueryApi } from "./api";
export {
  type MutationOptions,
  type QueryOptions,
  type UseMutation,
  type UseQuery,
  useMutation,
  useQuery,
  useStatus,
} from "./hooks";
export { type UseInfiniteQuery, type UseSuspenseQuery, useInfiniteQuery, useSuspenseQuery } from "./more";
export { EdgePodProvider, type EdgePodProviderProps, useApi, useClient } from "./provider";
