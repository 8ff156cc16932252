"use client";

import {
  type InfiniteData,
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  type UseSuspenseQueryOptions,
  type UseSuspenseQueryResult,
  useInfiniteQuery as useTanstackInfiniteQuery,
  useSuspenseQuery as useTanstackSuspenseQuery,
} from "@tanstack/react-query";
import {
  type ArgsAndOptions,
  type EdgePodError,
  type EdgePodPages,
  type FunctionTypes,
  type PagedNames,
  pages,
  query,
  type WithoutCursor,
} from "../core";
import { useClient } from "./provider";

type Reserved = "queryKey" | "queryFn" | "queryHash" | "queryKeyHashFn";

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
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends PagedNames<Queries>,
  Data = InfiniteData<Queries[Name]["result"]>,
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    WithoutCursor<Queries[Name]["args"]>,
    Omit<
      UseInfiniteQueryOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>,
      Reserved | "initialPageParam" | "getNextPageParam" | "getPreviousPageParam"
    >
  >
) => UseInfiniteQueryResult<Data, EdgePodError<Queries[Name]["error"]>>;

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
