/** The client for React. */
export type { Api, EdgePodKey, MutationApi, PagesApi, QueryApi } from "./api";
export {
  type MutationOptions,
  type QueryOptions,
  type UseMutation,
  type UseMutationResult,
  type UseQuery,
  useMutation,
  useQuery,
  useStatus,
} from "./hooks";
export { type UseInfiniteQuery, type UseSuspenseQuery, useInfiniteQuery, useSuspenseQuery } from "./more";
export { EdgePodProvider, type EdgePodProviderProps, useClient } from "./provider";
