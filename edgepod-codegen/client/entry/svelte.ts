export type { MaybeGetter, MutationOptions, QueryOptions, UseMutationResult } from "../src/svelte";
export { provideEdgePod, useClient, useStatus } from "../src/svelte";
