/** The client for Vue. */
export type { Api, EdgePodKey, MutationApi, PagesApi, QueryApi } from "../core/adapter";
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
export { EdgePodPlugin, useClient } from "./plugin";
