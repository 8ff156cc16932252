import { api as anyApi } from "../src/core";
import type { Api, CreateEdgePod } from "../src/plain";
import { createEdgePod as anyEdgePod } from "../src/plain";
import type { EdgePodMutations, EdgePodQueries } from "./types";

/** A connection to the server. */
export type Pod = import("../src/plain").Pod<EdgePodQueries, EdgePodMutations>;

/**
 * Connects to the server: one socket, one cache.
 *
 * @example
 * const pod = createEdgePod({ url: "http://localhost:8989", apiKey: "ep_pk_..." });
 * const stop = pod.watch("getUsers", {}, ({ data, error }) => show(data, error));
 * await pod.mutate("insertUser", {});
 */
export const createEdgePod: CreateEdgePod<EdgePodQueries, EdgePodMutations> = anyEdgePod as unknown as CreateEdgePod<
  EdgePodQueries,
  EdgePodMutations
>;

/** Every function, as TanStack Query's query client takes it: `api.name.queryOptions(args)`. */
export const api: Api<EdgePodQueries, EdgePodMutations> = anyApi as Api<EdgePodQueries, EdgePodMutations>;

export type { DehydratedPod, EdgePodOptions, ErrorCode, GetToken, Status, SystemCode } from "../src/core";
export { dehydrate, EdgePodClient, EdgePodError, hydrate } from "../src/core";
export type { WatchOptions } from "../src/plain";
export type * from "./types";
