/** The client for Solid. */
export type { Api, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
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
export { EdgePodProvider, type EdgePodProviderProps, useApi, useClient } from "./provider";
