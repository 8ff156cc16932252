import type { Query } from "./tanstack";

/** What a mutation expects to happen to the result of each query, by the query's name. */
export type OptimisticUpdates = Record<string, (old: never, args: never, queryArgs: never) => unknown>;

type Update = OptimisticUpdates[string];

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
  readonly #queries: (name: string) => Query[];
  readonly #holds: (query: Query, version: string) => boolean;

  /** `queries` finds those of a name, `holds` tells whether what the server said last of a query has a version in it. */
  constructor(queries: (name: string) => Query[], holds: (query: Query, version: string) => boolean) {
    this.#queries = queries;
    this.#holds = holds;
  }

  /** Shows what a mutation expects. */
  add(updates: OptimisticUpdates, args: object): Layer {
    const layer: Layer = { updates, args };
    this.#layers.push(layer);
    this.#show(layer);
    return layer;
  }

  /** Takes a layer away. Queries that `keep` names go on showing it until their next reply. */
  remove(layer: Layer, keep: (query: Query) => boolean): void {
    this.#layers = this.#layers.filter((other) => other !== layer);
    for (const query of this.#touched(layer)) {
      const { queryHash } = query;
      if (keep(query)) this.#base.set(queryHash, this.#apply(query, this.#base.get(queryHash), [layer]));
    }
    this.#show(layer);
  }

  /** What to show of a query's new data. */
  over(query: Query, data: unknown): unknown {
    const shown = this.#apply(query, data);
    if (shown === data) this.#base.delete(query.queryHash);
    else this.#base.set(query.queryHash, data);
    return shown;
  }

  #show(layer: Layer): void {
    for (const query of this.#touched(layer)) {
      const data = this.over(query, this.#base.get(query.queryHash));
      // Not `setData`, which would call it fresh.
      if (data !== query.state.data) query.setState({ data });
    }
  }

  /** The queries that a layer changes, with their base noted. */
  #touched({ updates }: Layer): Query[] {
    return Object.keys(updates)
      .flatMap(this.#queries)
      .filter(({ queryHash, state: { data } }) => {
        if (data !== undefined && !this.#base.has(queryHash)) this.#base.set(queryHash, data);
        return data !== undefined;
      });
  }

  #apply(query: Query, base: unknown, layers = this.#layers): unknown {
    return layers.reduce((data, { updates, args, version }) => {
      const update = updates[query.queryKey[1] as string] as Update | undefined;
      return !update || (version && this.#holds(query, version))
        ? data
        : update(data as never, args as never, query.queryKey[2] as never);
    }, base);
  }
}
