import type { UseSuspenseQuery } from "../src/react";
import { useSuspenseQuery as anySuspenseQuery } from "../src/react";
import type { EdgePodQueries } from "./types";

/** `useQuery` for a component inside `<Suspense>`: there is always data, and errors go to the nearest boundary. */
export const useSuspenseQuery: UseSuspenseQuery<EdgePodQueries> = anySuspenseQuery as UseSuspenseQuery<EdgePodQueries>;

export type { EdgePodProviderProps, MutationOptions, QueryOptions, UseMutationResult } from "../src/react";
export { EdgePodProvider, useClient, useStatus } from "../src/react";
