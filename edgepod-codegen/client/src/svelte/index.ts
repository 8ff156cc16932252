/** The client for Svelte. */
export type { Api, EdgePodKey, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export { provideEdgePod, useClient } from "./context";
export {
  type MaybeGetter,
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
