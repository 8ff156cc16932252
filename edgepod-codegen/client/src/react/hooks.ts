"use client";

import {
  type UseMutationOptions,
  type UseQueryOptions,
  type UseQueryResult,
  useQuery as useTanstackQuery,
} from "@tanstack/react-query";
import { useEffect, useInsertionEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import {
  type ArgsAndOptions,
  type CallOptions,
  type MutationOptions as CoreMutationOptions,
  createTrigger,
  type EdgePodError,
  type FunctionTypes,
  IDLE,
  type MutateOptions,
  type Optimistic,
  query,
  type Status,
  type Warned,
  withWarnings,
} from "../core";
import { useClient } from "./provider";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<
  UseQueryOptions<Result, Err, Data>,
  "queryKey" | "queryFn" | "queryHash" | "queryKeyHashFn"
>;

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends keyof Queries & string,
  Data = Queries[Name]["result"],
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    Queries[Name]["args"],
    QueryOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>,
    null
  >
) => UseQueryResult<Data, EdgePodError<Queries[Name]["error"]>> & Warned;

/** What a mutation may be told: TanStack Query's callbacks, and what it is expected to change. */
export interface MutationOptions<Result, Err, Args, Updates = MutateOptions["optimistic"]>
  extends CoreMutationOptions<Result, Err, Args, Updates>,
    Pick<UseMutationOptions<Result, Err, Args>, "throwOnError"> {}

/** What `useMutation` returns. */
export interface UseMutationResult<A, Result, Err> {
  /**
   * Calls the function. The promise is fulfilled with its result once the queries on the screen that read
   * what it wrote have been refreshed. It is rejected with the same `EdgePodError` that `error` shows; a
   * caller that ignores the promise needs no `catch`.
   */
  trigger: (...args: ArgsAndOptions<A, CallOptions>) => Promise<Result>;
  /** A call is under way, or the screen is being refreshed after it. */
  isMutating: boolean;
  /** The last call's result. */
  data: Result | undefined;
  /** Why the last call failed. */
  error: Err | null;
  /** Forgets `data` and `error`. */
  reset: () => void;
}

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutation<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries> = Record<never, never>,
> = <Name extends keyof Mutations & string>(
  name: Name,
  options?: MutationOptions<
    Mutations[Name]["result"],
    EdgePodError<Mutations[Name]["error"]>,
    Mutations[Name]["args"],
    Optimistic<Queries, Mutations[Name]["args"]>
  >,
) => UseMutationResult<Mutations[Name]["args"], Mutations[Name]["result"], EdgePodError<Mutations[Name]["error"]>>;

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
