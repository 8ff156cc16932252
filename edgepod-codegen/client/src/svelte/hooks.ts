import {
  type CreateInfiniteQueryResult,
  type CreateQueryResult,
  createInfiniteQuery,
  createQuery,
  type InfiniteData,
  type InfiniteQueryObserverOptions,
  type QueryObserverOptions,
} from "@tanstack/svelte-query";
import { createSubscriber } from "svelte/reactivity";
import {
  type ArgsAndOptions,
  type CallOptions,
  createTrigger,
  type EdgePodError,
  type FunctionTypes,
  IDLE,
  type MutationOptions,
  type Optimistic,
  type PagedNames,
  pages,
  query,
  type Status,
  type Warned,
  type WithoutCursor,
  withWarnings,
} from "../core";
import type { Reserved, ReservedOfPages } from "../core/adapter";
import { useClient } from "./context";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<QueryObserverOptions<Result, Err, Data>, Reserved>;

/** A value that does not change, or a function that gives one that may: `() => ({ id })`. */
export type MaybeGetter<T> = T | (() => T);

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends keyof Queries & string,
  Data = Queries[Name]["result"],
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    Queries[Name]["args"],
    MaybeGetter<QueryOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>>,
    MaybeGetter<Queries[Name]["args"] | null>
  >
) => CreateQueryResult<Data, EdgePodError<Queries[Name]["error"]>> & Warned;

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends PagedNames<Queries>,
  Data = InfiniteData<Queries[Name]["result"]>,
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    WithoutCursor<Queries[Name]["args"]>,
    MaybeGetter<
      Omit<
        InfiniteQueryObserverOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>,
        ReservedOfPages
      >
    >,
    MaybeGetter<WithoutCursor<Queries[Name]["args"]>>
  >
) => CreateInfiniteQueryResult<Data, EdgePodError<Queries[Name]["error"]>>;

/** What `useMutation` returns. The fields are reactive where they are read, so it is not to be destructured. */
export interface UseMutationResult<A, Result, Err> {
  /**
   * Calls the function. The promise is fulfilled with its result once the queries on the screen that read
   * what it wrote have been refreshed. It is rejected with the same `EdgePodError` that `error` shows; a
   * caller that ignores the promise needs no `catch`.
   */
  trigger: (...args: ArgsAndOptions<A, CallOptions>) => Promise<Result>;
  /** A call is under way, or the screen is being refreshed after it. */
  readonly isMutating: boolean;
  /** The last call's result. */
  readonly data: Result | undefined;
  /** Why the last call failed. */
  readonly error: Err | null;
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
