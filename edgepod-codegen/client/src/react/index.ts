/** The client for React. */
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
export { EdgePodProvider, type EdgePodProviderProps } from "./provider";
