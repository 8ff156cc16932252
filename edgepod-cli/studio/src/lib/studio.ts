/** What the whole page knows: the app, whether it answers, the pod that is looked at, its events, its schema. */
import { createContext, useContext, useSyncExternalStore } from "react";
import { type Api, ApiError, type AppInfo, type PodStatus, type StudioEvent, type Table, words } from "./api.ts";
import { EventLog } from "./log.ts";
import { tablesOf } from "./topics.ts";
import { did, dropped, type History, NO_HISTORY, redid, type Step, took } from "./undo.ts";

/** How often events are asked for while the page is visible. */
const POLL = 400;
/** How often an app is asked that tells of no events, or that does not answer. */
const SLOW = 2000;
/** How long a view of counts may be behind what is written. */
const SCHEMA_PAUSE = 700;
/** After so many rounds it is asked whether the app is another build, or has got a page. */
const ROUNDS = 8;

export type Connection = "connecting" | "answers" | "away" | "denied";

/** Something to tell the user. */
export interface Notice {
  id: number;
  kind: "good" | "bad";
  text: string;
  undo?: boolean;
}

export interface State {
  connection: Connection;
  /** Why it does not answer, in words. */
  trouble: string;
  app: AppInfo | null;
  /** The pod that is looked at; null for an app without pods, or while none is chosen. */
  pod: string | null;
  pods: string[];
  morePods: string | null;
  /** Counts the lives of the engine: what was read in an earlier one is read again. */
  life: number;
  /** Counts what the log has got. */
  version: number;
  lost: boolean;
  schema: Table[] | null;
  schemaError: string;
  /** When each table was written last, by the numbers of events. */
  changed: ReadonlyMap<string, number>;
  history: History;
  notice: Notice | null;
}

const POD = "edgepod-studio-pod";

export class Studio {
  readonly api: Api;
  readonly log = new EventLog();
  #state: State = {
    connection: "connecting",
    trouble: "",
    app: null,
    pod: null,
    pods: [],
    morePods: null,
    life: 0,
    version: 0,
    lost: false,
    schema: null,
    schemaError: "",
    changed: new Map(),
    history: NO_HISTORY,
    notice: null,
  };
  #listeners = new Set<() => void>();
  #next = 0;
  #engine: string | null = null;
  /** Added to the numbers of events: each life of the engine counts from 1. */
  #base = 0;
  #last = 0;
  #notices = 0;
  #rounds = 0;
  #schemaTimer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;

  constructor(api: Api) {
    this.api = api;
  }

  get state(): State {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): State => this.#state;

  /** Asks until the page goes. */
  async run(stopped: AbortSignal): Promise<void> {
    const onVisible = () => this.#wake?.();
    document.addEventListener("visibilitychange", onVisible);
    stopped.addEventListener("abort", onVisible);
    while (!stopped.aborted) {
      if (document.hidden && this.#state.connection === "answers") {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const pause = await this.#round();
      if (pause === null) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    document.removeEventListener("visibilitychange", onVisible);
  }

  /** Looks at another pod. */
  choosePod(pod: string): void {
    if (pod === this.#state.pod) return;
    sessionStorage.setItem(POD, pod);
    this.#engine = null;
    this.#next = 0;
    this.log.clear();
    this.#set({ pod, schema: null, schemaError: "", changed: new Map(), version: this.log.version, lost: false });
    this.#wake?.();
    this.refreshSchema();
  }

  async loadPods(more = false): Promise<void> {
    const after = more ? (this.#state.morePods ?? undefined) : undefined;
    const { pods, next } = await this.api.pods(after);
    const names = pods.map(({ pod }) => pod);
    this.#set({ pods: more ? [...this.#state.pods, ...names] : names, morePods: next });
  }

  /** Reads the schema and the counts of rows again, once for many wishes. */
  refreshSchema(pause = 0): void {
    if (this.#schemaTimer !== undefined) return;
    this.#schemaTimer = setTimeout(async () => {
      this.#schemaTimer = undefined;
      const { pod, app } = this.#state;
      if (!app || (app.pods && pod === null)) return;
      try {
        const { tables } = await this.api.schema(pod);
        if (pod === this.#state.pod) this.#set({ schema: tables, schemaError: "" });
      } catch (error) {
        if (pod === this.#state.pod) this.#set({ schemaError: words(error) });
      }
    }, pause);
  }

  tell(text: string, kind: Notice["kind"] = "good", undo = false): void {
    this.#notices += 1;
    const id = this.#notices;
    this.#set({ notice: { id, kind, text, undo } });
    if (kind === "good") setTimeout(() => this.dismiss(id), 8000);
  }

  dismiss(id?: number): void {
    if (id === undefined || this.#state.notice?.id === id) this.#set({ notice: null });
  }

  /** Notes a change that can be taken back. */
  did(step: Step): void {
    this.#set({ history: did(this.#state.history, step) });
  }

  /** Takes the last change back, or does again what was taken back last. */
  async undo(which: "undo" | "redo" = "undo"): Promise<void> {
    const { history } = this.#state;
    const from = which === "undo" ? "done" : "undone";
    const step = history[from].at(-1);
    if (!step) {
      this.tell(which === "undo" ? "There is nothing to undo." : "There is nothing to do again.");
      return;
    }
    try {
      const { undo } = await this.api.edit(step.pod, step.edit);
      const move = which === "undo" ? took : redid;
      this.#set({ history: undo ? move(this.#state.history, undo) : dropped(this.#state.history, from) });
      this.tell(which === "undo" ? `Undone: ${step.label}.` : `Done again: ${step.label}.`);
      this.touch(step.edit.table);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        this.#set({ history: dropped(this.#state.history, from) });
        this.tell(`This cannot be undone: somebody has changed the row since. (${step.label})`, "bad");
        this.touch(step.edit.table);
      } else this.tell(words(error), "bad");
    }
  }

  /** A table was written by this page: its rows are read again at once, and not when the event comes. */
  touch(table: string): void {
    this.#last += 0.001;
    this.#set({ changed: new Map(this.#state.changed).set(table, this.#last) });
    this.refreshSchema(SCHEMA_PAUSE);
  }

  clearLog(): void {
    this.log.clear();
    this.#set({ version: this.log.version, lost: false });
  }

  status(): Promise<PodStatus> {
    return this.api.status(this.#state.pod);
  }

  /** One question; how long to wait for the next, or null to ask no more. */
  async #round(): Promise<number | null> {
    try {
      this.#rounds = (this.#rounds + 1) % ROUNDS;
      if (this.#state.app === null || this.#state.connection !== "answers" || this.#rounds === 0) await this.#meetApp();
      const { app, pod } = this.#state;
      if (!app) return SLOW;
      if (app.pods && pod === null) {
        await this.loadPods();
        this.#set({ connection: "answers", trouble: "" });
        const [first] = this.#state.pods;
        const kept = sessionStorage.getItem(POD);
        const choice = kept !== null && this.#state.pods.includes(kept) ? kept : first;
        if (choice === undefined) return SLOW;
        this.choosePod(choice);
        return 0;
      }
      if (!app.development) {
        await this.api.status(pod);
        this.#set({ connection: "answers", trouble: "" });
        return SLOW * 2;
      }
      await this.#readEvents(pod);
      this.#set({ connection: "answers", trouble: "" });
      return POLL;
    } catch (error) {
      const denied = error instanceof ApiError && (error.status === 401 || error.status === 403);
      this.#set({ connection: denied ? "denied" : "away", trouble: words(error) });
      return denied ? null : SLOW / 2;
    }
  }

  async #meetApp(): Promise<void> {
    const app = await this.api.app();
    const another = app.build !== this.#state.app?.build;
    // What has not changed stays the same object, so that nothing is drawn anew.
    if (another || JSON.stringify(app) !== JSON.stringify(this.#state.app)) this.#set({ app });
    document.title = `${app.name} · EdgePod studio`;
    if (another || this.#state.schema === null) this.refreshSchema();
  }

  async #readEvents(pod: string | null): Promise<void> {
    const reply = await this.api.events(pod, this.#next);
    if (pod !== this.#state.pod) return;
    const anew = this.#engine !== null && reply.life !== this.#engine;
    if (anew && this.#next > 0) {
      // The numbers are of the engine before: all of the new one is wanted.
      this.#engine = reply.life;
      this.#next = 0;
      this.#base = Math.ceil(this.#last) + 1;
      this.#take([{ type: "began", n: 0, at: Date.now() }]);
      this.#set({ life: this.#state.life + 1 });
      await this.#meetApp();
      this.refreshSchema();
      return this.#readEvents(pod);
    }
    if (this.#engine === null) this.#base = Math.ceil(this.#last) + 1;
    this.#engine = reply.life;
    this.#next = reply.next;
    if (reply.lost && this.#state.version > 0) this.#set({ lost: true });
    if (reply.events.length > 0) this.#take(reply.events);
  }

  #take(events: readonly StudioEvent[]): void {
    const numbered = events.map((event) => ({ ...event, n: this.#base + event.n }));
    this.#last = Math.max(this.#last, numbered.at(-1)?.n ?? 0);
    this.log.add(numbered);
    let changed: Map<string, number> | undefined;
    for (const event of numbered) {
      if (event.type !== "call" || event.writes.length === 0) continue;
      changed ??= new Map(this.#state.changed);
      for (const table of tablesOf(event.writes)) changed.set(table, event.n);
    }
    this.#set({ version: this.log.version, ...(changed && { changed }) });
    if (changed) this.refreshSchema(SCHEMA_PAUSE);
  }

  #set(change: Partial<State>): void {
    const entries = Object.entries(change) as [keyof State, unknown][];
    if (entries.every(([name, value]) => Object.is(this.#state[name], value))) return;
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("this component is outside of the studio");
  return studio;
}

export function useStudioState(): State {
  const studio = useStudio();
  return useSyncExternalStore(studio.subscribe, studio.snapshot);
}
