/** The client for Solid. */
export type { Api, EdgePodKey, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export {
  type MaybeAccessor,
  type QueryOptions,
  type UseInfiniteQuery,
  type UseMutation,
  type UseMutationResult,
  type UseQuery,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useStatus,
} from "./hooks";
export { EdgePodProvider, type EdgePodProviderProps, useClient } from "./provider";
