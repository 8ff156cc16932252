/** Stands for every table, in a query's reads as in a signal. */
const EVERY_TABLE = "*";
/** A version of the database, `"<epoch>.<n>"`, or `""` where none is known: which is older than any. */
export type Version = string;

/** Whether `a` is a later version than `b`. Epochs order as text, the numbers within one as numbers. */
export function isNewer(a: Version, b: Version): boolean {
  const [epochA, a2] = a.split(".") as [string, string];
  const [epochB, b2] = b.split(".") as [string, string];
  return epochA === epochB ? +a2 > +b2 : epochA > epochB;
}

/** What is known of one query. */
export interface Read {
  /** The topics that the last reply said the query reads: tables, and values of tables. Before a first reply that may be anything. */
  topics: readonly string[];
  /** Of which version the data is. */
  version: Version;
  /** What was known when a request was sent that has failed since. */
  tried: Version;
}

/**
 * Which query read which topics, and of which version of the database its data is.
 *
 * A query is stale when one of its topics has changed in a later version than that of its data. Nothing depends
 * on the order in which signals and replies arrive, or on how often a signal does. And nothing but a greeting looks at
 * more queries than those that read what changed: one among ten thousand costs what it costs alone.
 */
export interface Registry<Query> {
  /** The queries that this client has read, and what is known of each. */
  readonly reads: ReadonlyMap<Query, Read>;
  /** The latest version that a signal, a greeting or a write has named. */
  known(): Version;
  /**
   * Notes a change of these topics, made by that version or known as of it; from a signal, or from the reply to a write. The
   * queries that read one of them, or any: each once for each of them.
   */
  changed(topics: readonly string[], version: Version, isReply?: boolean): Query[];
  /** Notes what the server says on a new connection: its version, and what it changed since the data held here. */
  greeted(topics: readonly string[], version: Version): void;
  /** Notes that a query's request is sent, or what another client knew of it. */
  asked(query: Query, read?: Read): void;
  /**
   * Notes a query's reply, or without `topics` that its request failed: that counts as an attempt, so that a failing
   * server is not asked without end. `before` is what was known when it was sent, and `more` is a further page of what is there already.
   */
  answered(query: Query, before: Version, topics?: readonly string[], version?: Version, more?: boolean): void;
  /** Forgets a query that the cache has forgotten. */
  forget(query: Query): void;
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
  /** The latest version that changed anything. */
  let latest: Version = "";
  const changes = new Map<string, Version>();
  const reads = new Map<Query, Read>();
  /** The queries that read a topic, by its text. */
  const readers = new Map<string, Set<Query>>();

  const isOfAnotherLife = (version: Version) => epochOf(version) !== epochOf(known);
  const changed = (topics: readonly string[], version: Version, isReply?: boolean) => {
    const queries = topics.includes(EVERY_TABLE)
      ? [...reads.keys()]
      : [...topics, EVERY_TABLE].flatMap((topic) => [...(readers.get(topic) ?? [])]);
    if (isReply && known && isOfAnotherLife(version)) {
      // It may be late, and of a life that is over: what it wrote is read once more. Its name says nothing beside those of this life.
      for (const query of queries) outlived(reads.get(query) as Read);
      version = known;
    }
    known = later(known, version);
    for (const topic of topics) {
      latest = later(latest, version);
      changes.set(topic, later(changes.get(topic), version));
    }
    return queries;
  };
  const lastChange = (topics: readonly string[]) =>
    topics.includes(EVERY_TABLE)
      ? latest
      : [...topics, EVERY_TABLE].map((topic) => changes.get(topic)).reduce<Version>(later, "");
  const index = (query: Query, read: Read, topics: readonly string[]) => {
    for (const topic of read.topics) {
      const known = readers.get(topic);
      // What nobody reads any more is not kept in mind.
      if (known?.delete(query) && !known.size) readers.delete(topic);
    }
    read.topics = topics;
    for (const topic of topics) readers.set(topic, (readers.get(topic) ?? new Set()).add(query));
  };

  /** Data of a life that is over: whatever it depends on may have changed. */
  const outlived = (read: Read) => {
    read.version = read.tried = "";
    changed(read.topics, known);
  };

  return {
    reads,
    known: () => known,
    changed,
    greeted: (topics, version) => {
      // Whether the server's clock went back between its lives is not to matter.
      if (isOfAnotherLife(version)) {
        latest = "";
        changes.clear();
        known = version;
      }
      // What failed is worth another attempt; and what came from another life while this connection was being made, the server could
      // not judge.
      for (const read of reads.values()) {
        read.tried = "";
        if (read.version && isOfAnotherLife(read.version)) outlived(read);
      }
      changed(topics, version);
    },
    asked: (query, first = { topics: [EVERY_TABLE], version: "", tried: "" }) => {
      if (reads.has(query)) return;
      const read = { ...first, topics: [] };
      reads.set(query, read);
      index(query, read, first.topics);
    },
    answered: (query, before, topics, version = "", more = false) => {
      const read = reads.get(query);
      if (!read) return;
      // A life that has not greeted yet is not compared with what is known of this one: the server's clock may have gone back.
      read.tried = isOfAnotherLife(version) ? before : "";
      if (!topics) return;
      index(query, read, more ? [...new Set([...read.topics, ...topics])] : topics);
      // Pages are as old as the oldest of them.
      if (!more || isNewer(read.version, version)) read.version = version;
      // Another life has greeted meanwhile, of which this knows nothing.
      if (isOfAnotherLife(before) && isOfAnotherLife(version)) outlived(read);
    },
    forget: (query) => {
      const read = reads.get(query);
      if (read) index(query, read, []);
      reads.delete(query);
    },
    versionOf: (query) => reads.get(query)?.version ?? "",
    isStale: (query, before) => {
      const { topics = [], tried, version } = reads.get(query) ?? {};
      const last = later(tried, version);
      return !!topics.length && isNewer(lastChange(topics), last) && isNewer(before ?? latest, last);
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
