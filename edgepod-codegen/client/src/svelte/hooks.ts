import {
  type CreateInfiniteQueryResult,
  type CreateQueryResult,
  createInfiniteQuery,
  createQuery,
  type InfiniteQueryObserverOptions,
  type QueryObserverOptions,
} from "@tanstack/svelte-query";
import { createSubscriber } from "svelte/reactivity";
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
import { useClient } from "./context";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<QueryObserverOptions<Result, Err, Data>, Reserved>;

/** A value that does not change, or a function that gives one that may: `() => ({ id })`. */
export type MaybeGetter<T> = T | (() => T);

/** What Svelte's hooks take and give. */
export interface SvelteHooks extends Hooks {
  parameter: MaybeGetter<this["value"]>;
  queryOptions: QueryOptions<this["result"], this["error"], this["data"]>;
  query: CreateQueryResult<this["data"], this["error"]> & Warned;
  pagesOptions: Omit<InfiniteQueryObserverOptions<this["result"], this["error"], this["data"]>, ReservedOfPages>;
  pages: CreateInfiniteQueryResult<this["data"], this["error"]>;
  mutationOptions: MutationOptions<this["result"], this["error"], this["args"], this["updates"]>;
  mutation: UseMutationResult<this["args"], this["result"], this["error"]>;
}

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = UseQueryOf<Queries, SvelteHooks>;

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = UseInfiniteQueryOf<Queries, SvelteHooks>;

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutation<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries> = Record<never, never>,
> = UseMutationOf<Mutations, Queries, SvelteHooks>;

function read<T>(value: T | (() => T)): T {
  return typeof value === "function" ? (value as () => T)() : value;
}

/** `useQuery` before the generated code gives it its types. */
export function useQuery(
  name: string,
  args?: MaybeGetter<object | null | undefined>,
  options?: MaybeGetter<QueryOptions<unknown, EdgePodError> | undefined>,
): CreateQueryResult<unknown, EdgePodError> & Warned {
  const client = useClient();
  const about = () => query(name, read(args), client.origin);
  const result = createQuery<unknown, EdgePodError>(
    () => ({ ...about(), ...read(options) }) as never,
    () => client.queryClient as never,
  );
  return withWarnings(result, client, () => about().queryKey);
}

/** `useInfiniteQuery` before the generated code gives it its types. */
export function useInfiniteQuery(
  name: string,
  args?: MaybeGetter<object | undefined>,
  options?: MaybeGetter<object | undefined>,
): CreateInfiniteQueryResult<unknown, EdgePodError> {
  const { queryClient, origin } = useClient();
  return createInfiniteQuery<unknown, EdgePodError, unknown>(
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
  let state = IDLE;
  let changed = () => {};
  const subscribe = createSubscriber((update) => {
    changed = update;
    return () => {
      changed = () => {};
    };
  });
  const current = () => {
    subscribe();
    return state;
  };
  const [trigger, reset] = createTrigger(
    client,
    name,
    () => options,
    (next) => {
      state = next;
      changed();
    },
  );
  return {
    trigger,
    reset,
    get isMutating() {
      return current().isMutating;
    },
    get data() {
      return current().data;
    },
    get error() {
      return current().error;
    },
  };
}

/**
 * The state of the connection that keeps the screen fresh, in `current`.
 *
 * @example
 * const status = useStatus(); // in the markup: {status.current}
 */
export function useStatus(): { readonly current: Status } {
  const client = useClient();
  const subscribe = createSubscriber(client.onStatus);
  return {
    get current() {
      subscribe();
      return client.status;
    },
  };
}
