export type { MutationOptions, QueryOptions, UseMutationResult } from "../src/vue";
export { EdgePodPlugin, useClient, useStatus } from "../src/vue";
