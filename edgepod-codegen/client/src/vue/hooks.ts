import {
  type InfiniteData,
  type InfiniteQueryObserverOptions,
  type QueryObserverOptions,
  type UseInfiniteQueryReturnType,
  type UseQueryReturnType,
  useInfiniteQuery as useTanstackInfiniteQuery,
  useQuery as useTanstackQuery,
} from "@tanstack/vue-query";
import {
  computed,
  type MaybeRefOrGetter,
  onScopeDispose,
  type ShallowRef,
  shallowReadonly,
  shallowRef,
  toValue,
} from "vue";
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
  type WithoutCursor,
} from "../core";
import type { Reserved, ReservedOfPages } from "../core/adapter";
import { useClient } from "./plugin";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<QueryObserverOptions<Result, Err, Data>, Reserved>;

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends keyof Queries & string,
  Data = Queries[Name]["result"],
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    Queries[Name]["args"],
    MaybeRefOrGetter<QueryOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>>,
    MaybeRefOrGetter<Queries[Name]["args"] | null>
  >
) => UseQueryReturnType<Data, EdgePodError<Queries[Name]["error"]>> & {
  warnings: Readonly<ShallowRef<readonly string[]>>;
};

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = <
  Name extends PagedNames<Queries>,
  Data = InfiniteData<Queries[Name]["result"]>,
>(
  name: Name,
  ...argsAndOptions: ArgsAndOptions<
    WithoutCursor<Queries[Name]["args"]>,
    MaybeRefOrGetter<
      Omit<
        InfiniteQueryObserverOptions<Queries[Name]["result"], EdgePodError<Queries[Name]["error"]>, Data>,
        ReservedOfPages
      >
    >,
    MaybeRefOrGetter<WithoutCursor<Queries[Name]["args"]>>
  >
) => UseInfiniteQueryReturnType<Data, EdgePodError<Queries[Name]["error"]>>;

/** What `useMutation` returns. */
export interface UseMutationResult<A, Result, Err> {
  /**
   * Calls the function. The promise is fulfilled with its result once the queries on the screen that read
   * what it wrote have been refreshed. It is rejected with the same `EdgePodError` that `error` shows; a
   * caller that ignores the promise needs no `catch`.
   */
  trigger: (...args: ArgsAndOptions<A, CallOptions>) => Promise<Result>;
  /** A call is under way, or the screen is being refreshed after it. */
  isMutating: Readonly<ShallowRef<boolean>>;
  /** The last call's result. */
  data: Readonly<ShallowRef<Result | undefined>>;
  /** Why the last call failed. */
  error: Readonly<ShallowRef<Err | null>>;
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
  args?: MaybeRefOrGetter<object | null | undefined>,
  options?: MaybeRefOrGetter<QueryOptions<unknown, EdgePodError> | undefined>,
): UseQueryReturnType<unknown, EdgePodError> & { warnings: Readonly<ShallowRef<readonly string[]>> } {
  const client = useClient();
  const about = () => query(name, toValue(args), client.origin);
  const result = useTanstackQuery<unknown, EdgePodError>(
    computed(() => ({ ...about(), ...toValue(options) })) as never,
    client.queryClient as never,
  );
  const warnings = computed(() => {
    // Again with each reply.
    void result.dataUpdatedAt.value;
    return client.warningsOf(about().queryKey);
  });
  return Object.assign(result, { warnings });
}

/** `useInfiniteQuery` before the generated code gives it its types. */
export function useInfiniteQuery(
  name: string,
  args?: MaybeRefOrGetter<object | undefined>,
  options?: MaybeRefOrGetter<object | undefined>,
): UseInfiniteQueryReturnType<unknown, EdgePodError> {
  const { queryClient, origin } = useClient();
  return useTanstackInfiniteQuery<unknown, EdgePodError>(
    computed(() => ({ ...toValue(options), ...pages(name, toValue(args), origin) })) as never,
    queryClient as never,
  );
}

/** `useMutation` before the generated code gives it its types. */
export function useMutation(
  name: string,
  options: MutationOptions<unknown, EdgePodError, object | undefined> = {},
): UseMutationResult<object, unknown, EdgePodError> {
  const client = useClient();
  if (options.optimistic) void client.prepare();
  const state = shallowRef(IDLE);
  const [trigger, reset] = createTrigger(
    client,
    name,
    () => options,
    (next) => {
      state.value = next;
    },
  );
  return {
    trigger,
    reset,
    isMutating: computed(() => state.value.isMutating),
    data: computed(() => state.value.data),
    error: computed(() => state.value.error),
  };
}

/**
 * The state of the connection that keeps the screen fresh.
 *
 * @example
 * const status = useStatus(); // in a template: {{ status }}
 */
export function useStatus(): Readonly<ShallowRef<Status>> {
  const client = useClient();
  const status = shallowRef(client.status);
  onScopeDispose(
    client.onStatus(() => {
      status.value = client.status;
    }),
  );
  return shallowReadonly(status);
}
