/** Stands for every table, in a query's reads as in a signal. */
const EVERY_TABLE = "*";

interface Read {
  /** What the last reply said that the query reads. Before a first reply that may be anything. */
  tables: readonly string[];
  /** When the last request was sent. */
  asked: number;
  /** When the request was sent that the last reply answered. */
  answered: number;
}

/**
 * Which query read which tables, and as of when.
 *
 * Time is a counter of signals. A read is as old as the moment its request was *sent*, so a signal that
 * arrives while the request is under way makes its reply stale already, whichever of the two the server
 * did first. That is all there is to losing no invalidation: nothing depends on the order in which
 * signals and replies arrive, or on how often a signal does.
 */
export class Registry {
  #now = 0;
  #changed = new Map<string, number>();
  #reads = new Map<string, Read>();

  /** The moment of the last signal. */
  get now(): number {
    return this.#now;
  }

  /** Notes a signal. */
  changed(tables: readonly string[]): void {
    this.#now++;
    for (const table of tables) this.#changed.set(table, this.#now);
  }

  /** Notes that everything may have changed. */
  everythingChanged(): void {
    this.changed([EVERY_TABLE]);
  }

  /** Notes that a query's request is sent. */
  asked(hash: string): void {
    const read = this.#reads.get(hash);
    if (read) read.asked = this.#now;
    else this.#reads.set(hash, { tables: [EVERY_TABLE], asked: this.#now, answered: -1 });
  }

  /** Notes a query's reply, or its failure where `tables` is absent. `asked` is when its request was sent. */
  answered(hash: string, asked: number, tables?: readonly string[]): void {
    const read = this.#reads.get(hash);
    if (!read) return;
    read.answered = Math.max(read.answered, asked);
    if (tables) read.tables = tables;
  }

  /** Forgets a query. */
  forget(hash: string): void {
    this.#reads.delete(hash);
  }

  /** Whether a query was ever read by this client. */
  isKnown(hash: string): boolean {
    return this.#reads.has(hash);
  }

  /** Whether what a query last asked for has changed since. One that never asked is not stale. */
  isStale(hash: string): boolean {
    const read = this.#reads.get(hash);
    return read !== undefined && this.lastChange(read.tables) > read.asked;
  }

  /** Whether a query reads one of these tables, and its last reply answers a request from before `moment`. */
  isBehind(hash: string, tables: readonly string[], moment: number): boolean {
    const read = this.#reads.get(hash);
    return read !== undefined && read.answered < moment && overlap(read.tables, tables);
  }

  /** Whether any query reads one of these tables. */
  isRead(tables: readonly string[]): boolean {
    return [...this.#reads.values()].some((read) => overlap(read.tables, tables));
  }

  /** The moment of the last signal for any of these tables. */
  lastChange(tables: readonly string[]): number {
    if (tables.length === 0) return 0;
    if (tables.includes(EVERY_TABLE)) return this.#now;
    return Math.max(...[...tables, EVERY_TABLE].map((table) => this.#changed.get(table) ?? 0));
  }
}

function overlap(reads: readonly string[], changed: readonly string[]): boolean {
  if (reads.length === 0 || changed.length === 0) return false;
  if (reads.includes(EVERY_TABLE) || changed.includes(EVERY_TABLE)) return true;
  return reads.some((table) => changed.includes(table));
}
