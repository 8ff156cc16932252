/** The client for Svelte. */
export type { Api, MutationApi, PagesApi, QueryApi, UseMutationResult } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
export type { MutationOptions } from "../core/types";
export { provideEdgePod, useApi, useClient } from "./context";
export {
  type MaybeGetter,
  type QueryOptions,
  type UseInfiniteQuery,
  type UseMutation,
  type UseQuery,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useStatus,
} from "./hooks";
