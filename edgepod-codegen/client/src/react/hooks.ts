"use client";

import {
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  type UseMutationOptions,
  type UseQueryOptions,
  type UseQueryResult,
  useQuery as useTanstackQuery,
} from "@tanstack/react-query";
import { useEffect, useInsertionEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import {
  type MutationOptions as CoreMutationOptions,
  createTrigger,
  type EdgePodError,
  type FunctionTypes,
  IDLE,
  type MutateOptions,
  query,
  type Status,
  type Warned,
  withWarnings,
} from "../core";
import type { Hooks, Reserved, ReservedOfPages, UseMutationOf, UseMutationResult, UseQueryOf } from "../core/adapter";
import { useClient } from "./provider";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<UseQueryOptions<Result, Err, Data>, Reserved>;

/** What a mutation may be told: TanStack Query's callbacks, and what it is expected to change. */
export interface MutationOptions<Result, Err, Args, Updates = MutateOptions["optimistic"]>
  extends CoreMutationOptions<Result, Err, Args, Updates>,
    Pick<UseMutationOptions<Result, Err, Args>, "throwOnError"> {}

/** What React's hooks take and give. */
export interface ReactHooks extends Hooks {
  parameter: this["value"];
  queryOptions: QueryOptions<this["result"], this["error"], this["data"]>;
  query: UseQueryResult<this["data"], this["error"]> & Warned;
  pagesOptions: Omit<UseInfiniteQueryOptions<this["result"], this["error"], this["data"]>, ReservedOfPages>;
  pages: UseInfiniteQueryResult<this["data"], this["error"]>;
  mutationOptions: MutationOptions<this["result"], this["error"], this["args"], this["updates"]>;
  mutation: UseMutationResult<this["args"], this["result"], this["error"]>;
}

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = UseQueryOf<Queries, ReactHooks>;

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutation<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries> = Record<never, never>,
> = UseMutationOf<Mutations, Queries, ReactHooks>;

/** `useQuery` before the generated code gives it its types. */
export function useQuery(
  name: string,
  args?: object | null,
  options?: QueryOptions<unknown, EdgePodError>,
): UseQueryResult<unknown, EdgePodError> & Warned {
  const client = useClient();
  const about = query(name, args, client.origin);
  const result = useTanstackQuery<unknown, EdgePodError>({ ...about, ...options }, client.queryClient);
  return withWarnings(result, client, () => about.queryKey);
}

/** `useMutation` before the generated code gives it its types. */
export function useMutation(
  name: string,
  options: MutationOptions<unknown, EdgePodError, object | undefined> = {},
): UseMutationResult<object, unknown, EdgePodError> {
  const client = useClient();
  const latest = useRef(options);
  useInsertionEffect(() => {
    latest.current = options;
  });
  const isOptimistic = options.optimistic !== undefined;
  useEffect(() => {
    if (isOptimistic) void client.prepare();
  }, [client, isOptimistic]);
  const [state, setState] = useState(IDLE);
  const [trigger, reset] = useMemo(() => createTrigger(client, name, () => latest.current, setState), [client, name]);
  const { error } = state;
  const { throwOnError } = options;
  if (error && (typeof throwOnError === "function" ? throwOnError(error) : throwOnError)) throw error;
  return { trigger, reset, ...state };
}

/**
 * The state of the connection that keeps the screen fresh.
 *
 * @example
 * const status = useStatus();
 * return <span>{status === "live" ? "Up to date" : "Reconnecting…"}</span>;
 */
export function useStatus(): Status {
  const client = useClient();
  return useSyncExternalStore(
    client.onStatus,
    () => client.status,
    () => "connecting",
  );
}
