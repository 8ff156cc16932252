export type { MutationOptions, QueryOptions, UseMutationResult } from "../src/vue";
export { EdgePodPlugin, provideEdgePod, useClient, useStatus } from "../src/vue";
