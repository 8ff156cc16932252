import {
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
  createTrigger,
  type EdgePodError,
  type FunctionTypes,
  IDLE,
  type MutationOptions,
  pages,
  query,
  type Status,
  type Warned,
} from "../core";
import type {
  UseMutationResult as CoreResult,
  Hooks,
  Reserved,
  ReservedOfPages,
  UseInfiniteQueryOf,
  UseMutationOf,
  UseQueryOf,
} from "../core/adapter";
import { useClient } from "./plugin";

/** What a query may be told: TanStack Query's options, apart from those that EdgePod decides. */
export type QueryOptions<Result, Err, Data = Result> = Omit<QueryObserverOptions<Result, Err, Data>, Reserved>;

/** What `useMutation` returns. */
export type UseMutationResult<A, Result, Err> = InRefs<CoreResult<A, Result, Err>>;

/** Whatever is no function, in a ref. */
type InRefs<T> = {
  [Name in keyof T]: T[Name] extends (...args: never) => unknown ? T[Name] : Readonly<ShallowRef<T[Name]>>;
};

/** What a query has beside what TanStack Query gives. */
type VueWarned = InRefs<Warned>;

/** What Vue's hooks take and give. */
export interface VueHooks extends Hooks {
  parameter: MaybeRefOrGetter<this["value"]>;
  queryOptions: QueryOptions<this["result"], this["error"], this["data"]>;
  query: UseQueryReturnType<this["data"], this["error"]> & VueWarned;
  pagesOptions: Omit<InfiniteQueryObserverOptions<this["result"], this["error"], this["data"]>, ReservedOfPages>;
  pages: UseInfiniteQueryReturnType<this["data"], this["error"]>;
  mutationOptions: MutationOptions<this["result"], this["error"], this["args"], this["updates"]>;
  mutation: UseMutationResult<this["args"], this["result"], this["error"]>;
}

/** The type of `useQuery` for an app's queries. */
export type UseQuery<Queries extends FunctionTypes<Queries>> = UseQueryOf<Queries, VueHooks>;

/** The type of `useInfiniteQuery` for an app's queries of pages. */
export type UseInfiniteQuery<Queries extends FunctionTypes<Queries>> = UseInfiniteQueryOf<Queries, VueHooks>;

/** The type of `useMutation` for an app's functions and actions. */
export type UseMutation<
  Mutations extends FunctionTypes<Mutations>,
  Queries extends FunctionTypes<Queries> = Record<never, never>,
> = UseMutationOf<Mutations, Queries, VueHooks>;

/** `useQuery` before the generated code gives it its types. */
export function useQuery(
  name: string,
  args?: MaybeRefOrGetter<object | null | undefined>,
  options?: MaybeRefOrGetter<QueryOptions<unknown, EdgePodError> | undefined>,
): UseQueryReturnType<unknown, EdgePodError> & VueWarned {
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
