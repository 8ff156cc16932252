/**
 * The one place that says where TanStack Query comes from.
 *
 * In this package it is the framework-free core. Code generation replaces this file by one that
 * re-exports the same names from the framework's adapter, so that a front end installs one TanStack
 * package and can never end up with two copies of the query core.
 */

export type {
  DataTag,
  DehydratedState,
  InfiniteData,
  MutationObserverOptions,
  Query,
  QueryFunctionContext,
  QueryObserverOptions,
} from "@tanstack/query-core";
export { dehydrate, hashKey, hydrate, notifyManager, QueryClient, skipToken } from "@tanstack/query-core";

import type { QueryClient, QueryObserver } from "@tanstack/query-core";

/** A query client as the query core knows it. An adapter's own may take refs as well, and then its types are others. */
export type CoreQueryClient = ConstructorParameters<typeof QueryObserver>[0];
/** A query client that somebody else made. */
export type AnyQueryClient = CoreQueryClient | QueryClient;
