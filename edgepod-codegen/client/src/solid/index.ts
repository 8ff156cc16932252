/** The client for Solid. */
export type { Api, MutationApi, PagesApi, QueryApi, UseMutationResult } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
export type { MutationOptions } from "../core/types";
export {
  type MaybeAccessor,
  type QueryOptions,
  type UseInfiniteQuery,
  type UseMutation,
  type UseQuery,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useStatus,
} from "./hooks";
export { EdgePodProvider, type EdgePodProviderProps, useApi, useClient } from "./provider";
