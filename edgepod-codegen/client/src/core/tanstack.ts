/**
 * The one place that says where TanStack Query comes from.
 *
 * In this package it is the framework-free core. Code generation replaces this file by one that
 * re-exports the same names from the framework's adapter, so that a front end installs one TanStack
 * package and can never end up with two copies of the query core.
 */

export type { DataTag, DehydratedState, Query, QueryFunctionContext } from "@tanstack/query-core";
export { dehydrate, hydrate, QueryClient, skipToken } from "@tanstack/query-core";
