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
 * on the order in which signals and replies arrive, or on how often a signal does. And nothing but a greeting looks at
 * more queries than those that read what changed: one among ten thousand costs what it costs alone.
 */
export interface Registry<Query> {
  /** The queries that this client has read, and what is known of each. */
  readonly reads: ReadonlyMap<Query, Readonly<Read>>;
  /** The latest version that a signal, a greeting or a write has named. */
  known(): Version;
  /** Notes a change of these tables, made by that version or known as of it. */
  changed(tables: readonly string[], version: Version): void;
  /** Notes what the server says on a new connection: its version, and what it changed since the data held here. */
  greeted(tables: readonly string[], version: Version): void;
  /** What to ask the server about: the latest known version, and for each table the version of the oldest data. */
  held(): [since: Version, tables: Map<string, Version>];
  /** Notes that a query's request is sent, or what another client knew of it. */
  asked(query: Query, read?: Read): void;
  /**
   * Notes a query's reply, or without `tables` that its request failed: that counts as an attempt, so that a failing
   * server is not asked without end. `known` is what was when it was sent, and `more` is a further page of what is there already.
   */
  answered(query: Query, known: Version, tables?: readonly string[], version?: Version, more?: boolean): void;
  /** Forgets a query that the cache has forgotten. */
  forget(query: Query): void;
  /** The queries that read one of these tables, or any. */
  readersOf(tables: readonly string[]): Iterable<Query>;
  /** Of which version a query's data is; `""` where this client has not read it. */
  versionOf(query: Query): Version;
  /**
   * Whether what a query holds has changed since it was last asked, and, where a version is given, was asked before that.
   * One that never asked is not stale.
   */
  isStale(query: Query, before?: Version): boolean;
}

/** A registry that knows of nothing yet. */
export function createRegistry<Query>(): Registry<Query> {
  let known: Version = "";
  /** The latest version that changed any table. */
  let latest: Version = "";
  const changes = new Map<string, Version>();
  const reads = new Map<Query, Read>();
  /** The queries that read a table, by its name. */
  const readers = new Map<string, Set<Query>>();

  const changed = (tables: readonly string[], version: Version) => {
    known = later(known, version);
    for (const table of tables) {
      latest = later(latest, version);
      changes.set(table, later(changes.get(table), version));
    }
  };
  const lastChange = (tables: readonly string[]) =>
    tables.includes(EVERY_TABLE)
      ? latest
      : [...tables, EVERY_TABLE].map((table) => changes.get(table)).reduce<Version>(later, "");
  const index = (query: Query, read: Read, tables: readonly string[]) => {
    for (const table of read.tables) {
      const known = readers.get(table);
      // What nobody reads any more is not kept in mind.
      if (known?.delete(query) && !known.size) readers.delete(table);
    }
    read.tables = tables;
    for (const table of tables) readers.set(table, (readers.get(table) ?? new Set()).add(query));
  };

  return {
    reads,
    known: () => known,
    changed,
    greeted: (tables, version) => {
      const isOfAnotherLife = (other: Version) => epochOf(other) !== epochOf(version);
      // Whether the server's clock went back between its lives is not to matter.
      if (isOfAnotherLife(known)) {
        known = latest = "";
        changes.clear();
      }
      for (const read of reads.values()) if (isOfAnotherLife(read.version)) read.version = "";
      changed(tables, version);
    },
    held: () => {
      const held = new Map<string, Version>();
      for (const { tables, version } of reads.values()) {
        if (!version) continue;
        for (const table of tables) {
          const other = held.get(table);
          if (!other || isNewer(other, version)) held.set(table, version);
        }
      }
      return [known, held];
    },
    asked: (query, first = { tables: [EVERY_TABLE], version: "", tried: "" }) => {
      if (reads.has(query)) return;
      const read = { ...first, tables: [] };
      reads.set(query, read);
      index(query, read, first.tables);
    },
    answered: (query, known, tables, version = "", more = false) => {
      const read = reads.get(query);
      if (!read) return;
      read.tried = tables ? "" : known;
      if (!tables) return;
      index(query, read, more ? [...new Set([...read.tables, ...tables])] : tables);
      // Pages are as old as the oldest of them.
      if (!more || isNewer(read.version, version)) read.version = version;
    },
    forget: (query) => {
      const read = reads.get(query);
      if (read) index(query, read, []);
      reads.delete(query);
    },
    readersOf: (tables) =>
      tables.includes(EVERY_TABLE)
        ? reads.keys()
        : new Set([...tables, EVERY_TABLE].flatMap((table) => [...(readers.get(table) ?? [])])),
    versionOf: (query) => reads.get(query)?.version ?? "",
    isStale: (query, before) => {
      const { tables = [], tried, version } = reads.get(query) ?? {};
      const last = later(tried, version);
      return !!tables.length && isNewer(lastChange(tables), last) && isNewer(before ?? latest, last);
    },
  };
}

/** The life of the server that a version belongs to. */
export function epochOf(version: Version): string | undefined {
  return version.split(".")[0];
}

function later(a: Version = "", b: Version = ""): Version {
  return isNewer(a, b) ? a : b;
}
