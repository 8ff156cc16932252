/** The events that the page keeps, and what follows from them: whom a call woke, and why a query was asked again. */
import type { CallEvent, StudioEvent, WokeEvent } from "./api.ts";
import { meeting } from "./topics.ts";

/** How many events are kept. */
export const KEPT = 2000;
/** How many more there may be before the oldest go: not for each event that comes. */
const SLACK = 200;

/** Why a query was asked again: its session was woken for what it reads. */
export interface Reason {
  woke: WokeEvent;
  /** What it reads of what was written. */
  topics: string[];
  /** The call that wrote; undefined where a time came, or it is forgotten. */
  writer: CallEvent | undefined;
}

/** Events in their order. Whoever shows it is told by `version` that there are more. */
export class EventLog {
  /** The oldest first. */
  events: StudioEvent[] = [];
  version = 0;
  #byTrace = new Map<string, CallEvent>();
  #wokenBy = new Map<string, WokeEvent[]>();
  #wakesOf = new Map<string, WokeEvent[]>();
  /** When a session asked for the same the last time. */
  #asked = new Map<string, number>();
  #cause = new Map<number, WokeEvent>();
  #refetches = new Map<number, CallEvent[]>();

  add(events: readonly StudioEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) {
      this.events.push(event);
      this.#note(event);
    }
    if (this.events.length > KEPT + SLACK) {
      const kept = this.events.slice(-KEPT);
      this.#forget();
      this.events = kept;
      for (const event of kept) this.#note(event);
    }
    this.version += 1;
  }

  clear(): void {
    this.#forget();
    this.version += 1;
  }

  call(trace: string | null): CallEvent | undefined {
    return trace === null ? undefined : this.#byTrace.get(trace);
  }

  /** Whom a call woke. */
  wokenBy(trace: string): readonly WokeEvent[] {
    return this.#wokenBy.get(trace) ?? [];
  }

  /** The queries that were asked again for a wake-up. */
  refetches(woke: WokeEvent): readonly CallEvent[] {
    return this.#refetches.get(woke.n) ?? [];
  }

  /** Why a query was asked again, if it was. */
  why(call: CallEvent): Reason | undefined {
    const woke = this.#cause.get(call.n);
    if (!woke) return undefined;
    return { woke, topics: meeting(call.reads, woke.topics), writer: this.call(woke.trace) };
  }

  #note(event: StudioEvent): void {
    if (event.type === "woke") {
      if (event.trace !== null) push(this.#wokenBy, event.trace, event);
      push(this.#wakesOf, event.session, event);
    }
    if (event.type !== "call") return;
    // A query has no writes to find by its trace, and a trace of the client's may be in several calls: what wrote wins.
    const known = this.#byTrace.get(event.trace);
    if (!known || event.writes.length > 0 || known.writes.length === 0) this.#byTrace.set(event.trace, event);
    if (event.kind !== "query" || event.session === null) return;
    const asked = `${event.session} ${event.function} ${event.args}`;
    const last = this.#asked.get(asked) ?? -1;
    this.#asked.set(asked, event.n);
    // What was asked since the wake-up has answered it; this call then has another reason, as a page that is opened.
    const wakes = this.#wakesOf.get(event.session) ?? [];
    for (let i = wakes.length - 1; i >= 0; i -= 1) {
      const woke = wakes[i] as WokeEvent;
      if (woke.n < last) return;
      if (meeting(event.reads, woke.topics).length === 0) continue;
      this.#cause.set(event.n, woke);
      push(this.#refetches, woke.n, event);
      return;
    }
  }

  #forget(): void {
    this.events = [];
    for (const map of [this.#byTrace, this.#wokenBy, this.#wakesOf, this.#asked, this.#cause, this.#refetches])
      map.clear();
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const there = map.get(key);
  if (there) there.push(value);
  else map.set(key, [value]);
}

/** What the list of calls is narrowed to. */
export interface LogFilter {
  text: string;
  kind: "all" | "query" | "function" | "action" | "other";
  errors: boolean;
}

/** Whether a call went wrong. */
export function failed(call: CallEvent): boolean {
  return call.status >= 400;
}

/** Whether an event is shown. Wake-ups stand with the call that caused them; those of a time stand for themselves. */
export function shown(event: StudioEvent, filter: LogFilter): boolean {
  if (event.type === "woke" && event.trace !== null) return false;
  if (filter.errors) {
    if (event.type === "job") return event.state === "failed" && matches(event, filter.text);
    if (event.type !== "call" || !failed(event)) return false;
  }
  if (filter.kind !== "all") {
    const kind = event.type === "call" ? event.kind : "other";
    if (kind !== filter.kind) return false;
  }
  return matches(event, filter.text);
}

/** Each word has to be in something that the event says. */
function matches(event: StudioEvent, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const said = sayings(event).join("\n").toLowerCase();
  return words.every((word) => said.includes(word));
}

function sayings(event: StudioEvent): string[] {
  switch (event.type) {
    case "call":
      return [
        event.function,
        event.kind,
        event.user ?? "",
        event.session ?? "",
        event.code ?? "",
        `${event.status}`,
        event.args,
        event.trace,
        ...event.reads,
        ...event.writes,
      ];
    case "woke":
      return ["woke", event.session, ...event.topics];
    case "job":
      return ["job", event.function, event.state, `${event.job}`];
    case "socket":
      return ["socket", event.session ?? "", event.state];
    case "began":
      return ["began", "engine"];
  }
}
