"use client";

import {
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  type UseSuspenseQueryOptions,
  type UseSuspenseQueryResult,
  useInfiniteQuery as useTanstackInfiniteQuery,
  useSuspenseQuery as useTanstackSuspenseQuery,
} from "@tanstack/react-query";
import { type ArgsAndOptions, type EdgePodError, type EdgePodPages, type FunctionTypes, pages, query } from "../core";
import type { Reserved, UseInfiniteQueryOf } from "../core/adapter";
import type { ReactHooks } from "./hooks";
import { useClient } from "./provider";

/** The type of `useSuspenseQuery` for an app's queries. */
export type UseSuspenseQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends keyof Queries & string,
  Data = Queries[Name]["result"],
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    Queries[Name]["args"],
    Omit<UseSuspenseQueryOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>, Reserved>
  >
) => UseSuspenseQueryResult<Data, EdgePodError<Queries[Name]["error"]>>;

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = UseInfiniteQueryOf<Queries, ReactHooks>;

/** `useSuspenseQuery` before the generated code gives it its types. */
export function useSuspenseQuery(
  name: string,
  args?: object,
  options?: Omit<UseSuspenseQueryOptions<unknown, EdgePodError>, Reserved>,
): UseSuspenseQueryResult<unknown, EdgePodError> {
  const client = useClient();
  return useTanstackSuspenseQuery<unknown, EdgePodError>(
    { queryKey: query(name, args, client.origin).queryKey, ...options },
    client.queryClient,
  );
}

/** `useInfiniteQuery` before the generated code gives it its types. */
export function useInfiniteQuery(
  name: string,
  args?: object,
  options?: Omit<UseInfiniteQueryOptions<unknown, EdgePodError>, Reserved>,
): UseInfiniteQueryResult<unknown, EdgePodError> {
  const client = useClient();
  return useTanstackInfiniteQuery<unknown, EdgePodError, unknown>(
    { ...options, ...(pages(name, args, client.origin) as EdgePodPages<unknown>) },
    client.queryClient,
  );
}
