import type { MutateOptions } from "./client";
import type { FunctionKind } from "./kinds";
import type { MutationObserverOptions } from "./tanstack";

/** What the generated code says about one function of the server. */
export interface FunctionType {
  /** What it may do. */
  kind: FunctionKind;
  /** The named arguments. */
  args: object;
  /** What the reply's `data` holds. */
  result: unknown;
  /** What `EdgePodError.data` holds when the function fails in a way of its own; `never` if it declares none. */
  error: unknown;
}

/** A generated interface: function names to their types. */
export type FunctionTypes<F> = { [Name in keyof F]: FunctionType };

type NoFields = Record<never, never>;

/**
 * The parameters that follow a function's name: `args` may be left out only when every one of its
 * fields may, so that forgetting a required one is a type error.
 */
export type ArgsAndOptions<Args, Options, Skip = never> = NoFields extends Args
  ? [args?: Args | Skip, options?: Options]
  : [args: Args | Skip, options?: Options];

/** The parameter of a call, which may be left out only when every field may. */
export type Args<A> = NoFields extends A ? [args?: A] : [args: A];

/**
 * The state of the invalidation socket, which is what keeps screens fresh.
 *
 * - `connecting`: the first attempt is under way.
 * - `live`: connected; what the screen shows is what the database holds.
 * - `reconnecting`: the connection was lost or refused; attempts go on. Everything is read again once it is back.
 * - `offline`: as `reconnecting`, and the device says that it has no network.
 * - `unauthorized`: the server refuses the API key. Slower attempts go on, in case it is corrected.
 */
export type Status = "connecting" | "live" | "reconnecting" | "offline" | "unauthorized";

/**
 * What an object has under a name without having been given it: TypeScript looks at that, too, where a function is called
 * `valueOf` or `constructor` and the object says nothing of it.
 */
// biome-ignore lint/complexity/noBannedTypes: it is about what every object has
export type Inherited<Name> = Name extends keyof Object ? Function : never;

/** What a mutation expects of queries' results: given what a query shows, what it will show. */
export type Optimistic<Queries extends FunctionTypes<Queries>, A> = {
  [Name in keyof Queries]?:
    | ((old: Queries[Name]["result"], args: A, queryArgs: Queries[Name]["args"]) => Queries[Name]["result"])
    | Inherited<Name>;
};

/** The names of the queries that give pages: they take a `cursor` and give `{ items, next }`. */
export type PagedNames<Queries extends FunctionTypes<Queries>> = {
  [Name in keyof Queries & string]: Queries[Name]["result"] extends { items: unknown; next?: unknown }
    ? Queries[Name]["args"] extends { cursor?: unknown }
      ? Name
      : never
    : never;
}[keyof Queries & string];

/** The arguments of a query of pages, apart from the cursor, which TanStack Query gives. */
export type WithoutCursor<A> = Omit<A, "cursor"> & { cursor?: never };

/** What a mutation may be told: TanStack Query's callbacks, and what it is expected to change. */
export interface MutationOptions<Result, Err, Args, Updates = MutateOptions["optimistic"]>
  extends Pick<MutationObserverOptions<Result, Err, Args>, "onMutate" | "onSuccess" | "onError" | "onSettled"> {
  /**
   * What queries show until the server has answered: by a query's name, a function of what it shows now and of the
   * mutation's arguments. It must not change what it is given. It is undone when the mutation fails, and gives way
   * to what the server says.
   */
  optimistic?: Updates;
}
