/** Stands for every table, in a query's reads as in a signal. */
const EVERY_TABLE = "*";

/** A version of the database, `"<epoch>.<n>"`, or `""` where none is known: which is older than any. */
export type Version = string;

/** Whether `a` is a later version than `b`. Epochs order as text, the numbers within one as numbers. */
export function isNewer(a: Version, b: Version): boolean {
  const [epochA = "", a2] = a.split(".");
  const [epochB = "", b2] = b.split(".");
  return epochA === epochB ? Number(a2) > Number(b2) : epochA > epochB;
}

/** What is known of one query. */
export interface Read {
  /** What the last reply said that the query reads. Before a first reply that may be anything. */
  tables: readonly string[];
  /** Of which version the data is. */
  version: Version;
  /** What was known when a request was sent that has failed since. */
  tried: Version;
}

/**
 * Which query read which tables, and of which version of the database its data is.
 *
 * A query is stale when one of its tables has changed in a later version than that of its data. Nothing depends
 * on the order in which signals and replies arrive, or on how often a signal does.
 */
export class Registry {
  /** The latest version that a signal, a greeting or a write has named. */
  known: Version = "";
  /** The latest version that changed any table. */
  #latest: Version = "";
  #changed = new Map<string, Version>();
  /** The queries that this client has read, by their hashes. */
  readonly reads = new Map<string, Read>();

  /** Notes a change of these tables, made by that version or known as of it. */
  changed(tables: readonly string[], version: Version): void {
    this.known = later(this.known, version);
    for (const table of tables) {
      this.#latest = later(this.#latest, version);
      this.#changed.set(table, later(this.#changed.get(table), version));
    }
  }

  /** Notes what the server says on a new connection: its version, and what it changed since the data held here. */
  greeted(tables: readonly string[], version: Version): void {
    const isOfAnotherLife = (other: Version) => epochOf(other) !== epochOf(version);
    // Whether the server's clock went back between its lives is not to matter.
    if (isOfAnotherLife(this.known)) {
      this.known = this.#latest = "";
      this.#changed.clear();
    }
    for (const read of this.reads.values()) if (isOfAnotherLife(read.version)) read.version = "";
    this.changed(tables, version);
  }

  /** What to ask the server about: the latest known version, and for each table the version of the oldest data. */
  get held(): [since: Version, tables: Map<string, Version>] {
    const held = new Map<string, Version>();
    for (const { tables, version } of this.reads.values()) {
      if (!version) continue;
      for (const table of tables) {
        const other = held.get(table);
        if (!other || isNewer(other, version)) held.set(table, version);
      }
    }
    return [this.known, held];
  }

  /** Notes that a query's request is sent. */
  asked(hash: string): void {
    if (!this.reads.has(hash)) this.reads.set(hash, { tables: [EVERY_TABLE], version: "", tried: "" });
  }

  /**
   * Notes a query's reply, or without `tables` that its request failed: that counts as an attempt, so that a failing
   * server is not asked without end. `known` is what was when it was sent, and `more` is a further page of what is there already.
   */
  answered(hash: string, known: Version, tables?: readonly string[], version: Version = "", more = false): void {
    const read = this.reads.get(hash);
    if (!read) return;
    read.tried = tables ? "" : known;
    if (!tables) return;
    read.tables = more ? [...read.tables, ...tables] : tables;
    // Pages are as old as the oldest of them.
    if (!more || isNewer(read.version, version)) read.version = version;
  }

  /** Of which version a query's data is; `""` where this client has not read it. */
  versionOf(hash: string): Version {
    return this.reads.get(hash)?.version ?? "";
  }

  /** Whether what a query holds has changed since. One that never asked is not stale. */
  isStale(hash: string): boolean {
    const read = this.reads.get(hash);
    return !!read?.tables.length && isNewer(this.#lastChange(read.tables), later(read.tried, read.version));
  }

  /** Whether a stale query was last asked before `version`. */
  isBehind(hash: string, version: Version): boolean {
    const { tried, version: held } = this.reads.get(hash) ?? {};
    return this.isStale(hash) && isNewer(version, later(tried, held));
  }

  #lastChange(tables: readonly string[]): Version {
    if (tables.includes(EVERY_TABLE)) return this.#latest;
    return [...tables, EVERY_TABLE].map((table) => this.#changed.get(table)).reduce<Version>(later, "");
  }
}

/** The life of the server that a version belongs to. */
export function epochOf(version: Version): string | undefined {
  return version.split(".")[0];
}

function later(a: Version = "", b: Version = ""): Version {
  return isNewer(a, b) ? a : b;
}
