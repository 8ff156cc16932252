import type { EdgePodClient } from "./client";
import { isOf, KEY, originOf } from "./key";
import type { Read } from "./registry";
import {
  type DehydratedState,
  dehydrate as dehydrateQueries,
  hashKey,
  hydrate as hydrateQueries,
  type Query,
} from "./tanstack";

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
 * await client.queryClient.prefetchQuery(api.getUsers.queryOptions());
 * const state = JSON.stringify(dehydrate(client));
 */
export function dehydrate(client: EdgePodClient): DehydratedPod {
  return {
    // What a query client holds of other servers is theirs to send.
    queries: dehydrateQueries(client.queryClient, {
      shouldDehydrateQuery: (query) =>
        query.state.status === "success" && (query.queryKey[0] !== KEY || isOf(query, client.origin)),
    }),
    reads: [...client.registry.reads].map(([query, read]) => [query.queryHash, read]),
  };
}

/**
 * Takes over what a client on a server has read. Nothing of it is read again on mount; the first connection asks
 * the server what has changed since.
 *
 * The two may know the server by different addresses: one from within, and one that browsers reach.
 */
export function hydrate(client: EdgePodClient, state: DehydratedPod | undefined): void {
  if (!state) return;
  const reads = new Map(state.reads);
  const cache = client.queryClient.getQueryCache();
  const found: [hash: string, read: Read][] = [];
  const podOf = (origin: unknown) => `${origin}`.split("#")[1];
  const queries = state.queries.queries.flatMap((query) => {
    if (query.queryKey[0] !== KEY) return query;
    // What was read of another pod is not for this screen.
    if (podOf(originOf(JSON.parse(query.queryHash))) !== podOf(client.origin)) return [];
    const queryKey = [...query.queryKey.slice(0, query.queryKey[3] === "pages" ? 4 : 3), client.origin];
    const queryHash = hashKey(queryKey);
    const read = reads.get(query.queryHash);
    if (read) found.push([queryHash, read]);
    return { ...query, queryKey, queryHash };
  });
  hydrateQueries(client.queryClient, { ...state.queries, queries });
  for (const [hash, read] of found) {
    const query = cache.get(hash) as Query | undefined;
    if (query) client.adoptRead(query, read);
  }
}
