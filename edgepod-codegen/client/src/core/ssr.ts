import type { EdgePodClient } from "./client";
import type { Read } from "./registry";
import { type DehydratedState, dehydrate as dehydrateQueries, hydrate as hydrateQueries } from "./tanstack";

/** What one client has read, as plain data that JSON can carry. */
export interface DehydratedPod {
  queries: DehydratedState;
  reads: [hash: string, read: Read][];
}

/**
 * What a client on a server has read for a page, to be sent along with it.
 *
 * @example
 * const client = new EdgePodClient({ url, apiKey });
 * await client.queryClient.prefetchQuery(query("getUsers"));
 * const state = JSON.stringify(dehydrate(client));
 */
export function dehydrate(client: EdgePodClient): DehydratedPod {
  return { queries: dehydrateQueries(client.queryClient), reads: [...client.registry.reads] };
}

/**
 * Takes over what a client on a server has read. Nothing of it is read again on mount; the first connection asks
 * the server what has changed since.
 */
export function hydrate(client: EdgePodClient, state: DehydratedPod | undefined): void {
  if (!state) return;
  hydrateQueries(client.queryClient, state.queries);
  for (const [hash, read] of state.reads) {
    if (!client.registry.reads.has(hash)) client.registry.reads.set(hash, { ...read });
  }
}
