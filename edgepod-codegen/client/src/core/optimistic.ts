import type { CoreQueryClient, InfiniteData, Query } from "./tanstack";

type QueryCache = ReturnType<CoreQueryClient["getQueryCache"]>;

/** What a mutation expects to happen to the result of each query, by the query's name. */
export type OptimisticUpdates = Record<string, (old: never, args: never, queryArgs: never) => unknown>;

type Update = (old: unknown, args: object, queryArgs: object) => unknown;

/** What one mutation under way expects. */
export interface Layer {
  updates: OptimisticUpdates;
  args: object;
  /** The version that holds what was expected, once the mutation has succeeded. */
  version?: string;
}

/**
 * What mutations under way expect, laid over what the server said.
 *
 * The server's own data is kept beside what is shown, so that a reply that arrives in between gets the layers that it
 * does not hold yet, and a mutation that fails takes its own layer away and no other.
 */
export class Layers {
  #layers: Layer[] = [];
  #base = new WeakMap<Query, unknown>();
  readonly #cache: QueryCache;
  readonly #isOurs: (query: Query) => boolean;
  readonly #holds: (query: Query, version: string) => boolean;
  #unsubscribe: (() => void) | undefined;

  /** `isOurs` tells the client's queries, `holds` whether what the server said last of one has a version in it. */
  constructor(cache: QueryCache, isOurs: (query: Query) => boolean, holds: (query: Query, version: string) => boolean) {
    this.#cache = cache;
    this.#isOurs = isOurs;
    this.#holds = holds;
  }

  /** Shows what a mutation expects. */
  add(updates: OptimisticUpdates, args: object): Layer {
    const layer: Layer = { updates, args };
    this.#layers.push(layer);
    // Pages are replies of their own, and are shown when all are there.
    this.#unsubscribe ??= this.#cache.subscribe((event) => {
      const { type, query } = event;
      if (type !== "updated" || event.action.type !== "success" || !isPaged(query) || !this.#isOurs(query)) return;
      const data = this.#lay(query, query.state.data);
      if (data !== query.state.data) query.setState({ data });
    });
    this.#touched(layer).forEach(this.#show, this);
    return layer;
  }

  /** Takes a layer away. Queries that `keep` names go on showing it until their next reply. */
  remove(layer: Layer | undefined, keep: (query: Query) => boolean): void {
    // The expectation of a user before is gone already.
    if (!layer || !this.#layers.includes(layer)) return;
    this.#layers = this.#layers.filter((other) => other !== layer);
    for (const query of this.#touched(layer)) {
      if (keep(query)) this.#base.set(query, this.#apply(query, this.#base.get(query), [layer]));
      this.#show(query);
    }
    if (this.#layers.length === 0) this.clear();
  }

  /** Forgets everything, without a change of what is shown: there is another user. */
  clear(): void {
    this.#layers = [];
    this.#base = new WeakMap();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** What to show of a reply. */
  over(query: Query, data: unknown): unknown {
    return isPaged(query) ? data : this.#lay(query, data);
  }

  /** What to show of a query's new data. */
  #lay(query: Query, data: unknown): unknown {
    const shown = this.#apply(query, data);
    if (shown === data) this.#base.delete(query);
    else this.#base.set(query, data);
    return shown;
  }

  #show(query: Query): void {
    const data = this.#lay(query, this.#base.get(query));
    // Not `setData`, which would call it fresh.
    if (data !== query.state.data) query.setState({ data });
  }

  /** The queries that a layer changes, with their base noted. */
  #touched(layer: Layer): Query[] {
    const queries = this.#cache.findAll({
      predicate: (query) =>
        query.state.data !== undefined && updateOf(query, layer) !== undefined && this.#isOurs(query),
    });
    for (const query of queries) if (!this.#base.has(query)) this.#base.set(query, query.state.data);
    return queries;
  }

  #apply(query: Query, base: unknown, layers = this.#layers): unknown {
    return layers.reduce((data, layer) => {
      const { args, version } = layer;
      const update = updateOf(query, layer);
      if (!update || (version && this.#holds(query, version))) return data;
      const queryArgs = query.queryKey[2] as object;
      if (!isPaged(query)) return update(data, args, queryArgs);
      const { pages, pageParams } = data as InfiniteData<unknown>;
      const updated = pages.map((page, index) => update(page, args, { ...queryArgs, cursor: pageParams[index] }));
      return { pages: updated, pageParams };
    }, base);
  }
}

function updateOf({ queryKey: [, name] }: Query, { updates }: Layer): Update | undefined {
  // Its own, for `valueOf` may be a query as well.
  return Object.hasOwn(updates, name as string) ? (updates[name as string] as Update | undefined) : undefined;
}

// Not imported, lest bundlers make a third file of what the page and this one share.
function isPaged({ queryKey }: Query): boolean {
  return queryKey[3] === "pages";
}
