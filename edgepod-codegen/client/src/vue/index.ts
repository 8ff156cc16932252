/** The client for Vue. */
export type { Api, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
export type { MutationOptions } from "../core/types";
export {
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
export { EdgePodPlugin, provideEdgePod, useApi, useClient } from "./plugin";
