export type {
  EdgePodProviderProps,
  MaybeAccessor,
  MutationOptions,
  QueryOptions,
  UseMutationResult,
} from "../src/solid";
export { EdgePodProvider, useClient, useStatus } from "../src/solid";
