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
  readonly #base = new Map<string, unknown>();
  readonly #cache: QueryCache;
  readonly #holds: (query: Query, version: string) => boolean;
  #unsubscribe: (() => void) | undefined;

  /** `holds` tells whether what the server said last of a query has a version in it. */
  constructor(cache: QueryCache, holds: (query: Query, version: string) => boolean) {
    this.#cache = cache;
    this.#holds = holds;
  }

  /** Shows what a mutation expects. */
  add(updates: OptimisticUpdates, args: object): Layer {
    const layer: Layer = { updates, args };
    this.#layers.push(layer);
    // Pages are replies of their own, and are shown when all are there.
    this.#unsubscribe ??= this.#cache.subscribe((event) => {
      const { type, query } = event;
      if (type !== "updated" || event.action.type !== "success" || !isPaged(query)) return;
      const data = this.#lay(query, query.state.data);
      if (data !== query.state.data) query.setState({ data });
    });
    this.#touched(layer).forEach(this.#show, this);
    return layer;
  }

  /** Takes a layer away. Queries that `keep` names go on showing it until their next reply. */
  remove(layer: Layer, keep: (query: Query) => boolean): void {
    this.#layers = this.#layers.filter((other) => other !== layer);
    for (const query of this.#touched(layer)) {
      const { queryHash } = query;
      if (keep(query)) this.#base.set(queryHash, this.#apply(query, this.#base.get(queryHash), [layer]));
      this.#show(query);
    }
    if (this.#layers.length > 0) return;
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
    if (shown === data) this.#base.delete(query.queryHash);
    else this.#base.set(query.queryHash, data);
    return shown;
  }

  #show(query: Query): void {
    const data = this.#lay(query, this.#base.get(query.queryHash));
    // Not `setData`, which would call it fresh.
    if (data !== query.state.data) query.setState({ data });
  }

  /** The queries that a layer changes, with their base noted. */
  #touched(layer: Layer): Query[] {
    const queries = this.#cache.findAll({
      predicate: (query) => query.state.data !== undefined && updateOf(query, layer) !== undefined,
    });
    for (const { queryHash, state } of queries) if (!this.#base.has(queryHash)) this.#base.set(queryHash, state.data);
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

function updateOf({ queryKey }: Query, { updates }: Layer): Update | undefined {
  return queryKey[0] === "edgepod" ? (updates[queryKey[1] as string] as Update | undefined) : undefined;
}

function isPaged({ queryKey }: Query): boolean {
  return queryKey.length > 3;
}
