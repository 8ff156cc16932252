/** The client for Svelte. */
export type { Api, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
export { provideEdgePod, useApi, useClient } from "./context";
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
