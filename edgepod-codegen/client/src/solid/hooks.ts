import {
  type InfiniteQueryOptions,
  type QueryOptions as SolidQueryOptions,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery as useTanstackInfiniteQuery,
  useQuery as useTanstackQuery,
} from "@tanstack/solid-query";
import { type Accessor, createSignal, onCleanup } from "solid-js";
import {
  createTrigger,
  type EdgePodError,
  type FunctionTypes,
  IDLE,
  type MutationOptions,
  pages,
  query,
  type Status,
  type Warned,
  withWarnings,
} from "../core";
import type {
  Hooks,
  Reserved,
  ReservedOfPages,
  UseInfiniteQueryOf,
  UseMutationOf,
  UseMutationResult,
  UseQueryOf,
} from "../core/adapter";
import { useClient } from "./provider";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<SolidQueryOptions<Result, Err, Data>, Reserved>;

/** A value that does not change, or an accessor of one that may. */
export type MaybeAccessor<T> = T | Accessor<T>;

/** What Solid's hooks take and give. */
export interface SolidHooks extends Hooks {
  parameter: MaybeAccessor<this["value"]>;
  queryOptions: QueryOptions<this["result"], this["error"], this["data"]>;
  query: UseQueryResult<this["data"], this["error"]> & Warned;
  pagesOptions: Omit<InfiniteQueryOptions<this["result"], this["error"], this["data"]>, ReservedOfPages>;
  pages: UseInfiniteQueryResult<this["data"], this["error"]>;
  mutationOptions: MutationOptions<this["result"], this["error"], this["args"], this["updates"]>;
  mutation: UseMutationResult<this["args"], this["result"], this["error"]>;
}

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = UseQueryOf<Queries, SolidHooks>;

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = UseInfiniteQueryOf<Queries, SolidHooks>;

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutation<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries> = Record<never, never>,
> = UseMutationOf<Mutations, Queries, SolidHooks>;

function read<T>(value: T | Accessor<T>): T {
  return typeof value === "function" ? (value as Accessor<T>)() : value;
}

/** `useQuery` before the generated code gives it its types. */
export function useQuery(
  name: string,
  args?: MaybeAccessor<object | null | undefined>,
  options?: MaybeAccessor<QueryOptions<unknown, EdgePodError> | undefined>,
): UseQueryResult<unknown, EdgePodError> & Warned {
  const client = useClient();
  const about = () => query(name, read(args), client.origin);
  const result = useTanstackQuery<unknown, EdgePodError>(
    () => ({ ...about(), ...read(options) }) as never,
    () => client.queryClient as never,
  );
  return withWarnings(result, client, () => about().queryKey);
}

/** `useInfiniteQuery` before the generated code gives it its types. */
export function useInfiniteQuery(
  name: string,
  args?: MaybeAccessor<object | undefined>,
  options?: MaybeAccessor<object | undefined>,
): UseInfiniteQueryResult<unknown, EdgePodError> {
  const { queryClient, origin } = useClient();
  return useTanstackInfiniteQuery<unknown, EdgePodError, unknown>(
    () => ({ ...read(options), ...pages(name, read(args), origin) }) as never,
    () => queryClient as never,
  );
}

/** `useMutation` before the generated code gives it its types. */
export function useMutation(
  name: string,
  options: MutationOptions<unknown, EdgePodError, object | undefined> = {},
): UseMutationResult<object, unknown, EdgePodError> {
  const client = useClient();
  if (options.optimistic) void client.prepare();
  const [state, setState] = createSignal(IDLE);
  const [trigger, reset] = createTrigger(client, name, () => options, setState);
  return {
    trigger,
    reset,
    get isMutating() {
      return state().isMutating;
    },
    get data() {
      return state().data;
    },
    get error() {
      return state().error;
    },
  };
}

/**
 * The state of the connection that keeps the screen fresh.
 *
 * @example
 * const status = useStatus();
 * return <span>{status() === "live" ? "Up to date" : "Reconnecting…"}</span>;
 */
export function useStatus(): Accessor<Status> {
  const client = useClient();
  const [status, setStatus] = createSignal(client.status);
  onCleanup(client.onStatus(() => setStatus(client.status)));
  return status;
}
