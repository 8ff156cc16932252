/** What the studio's own server answers: its requests, and their replies as types. */

/** Where something is written in the app. */
export interface Source {
  file: string;
  line: number;
}

export type Kind = "query" | "function" | "action";

export interface Argument {
  name: string;
  /** The TypeScript type, as text. */
  type: string;
  optional?: boolean;
}

export interface FunctionInfo {
  name: string;
  kind: Kind;
  docs?: string | null;
  args?: Argument[];
  returns: string;
  error?: string | null;
  middleware?: string[];
  source?: Source | null;
}

export interface NamedType {
  name: string;
  declaration: string;
  docs?: string | null;
}

export interface Manifest {
  edgepod: string;
  app: string;
  functions: FunctionInfo[];
  types: NamedType[];
  /** The app's tables, as its structs declare them. */
  tables?: { name: string; columns?: { name: string; meaning?: string }[] }[];
  internal?: { functions?: FunctionInfo[]; types?: NamedType[] };
  routes?: { method: string; path: string; source?: Source | null }[];
  pods?: boolean;
}

export interface AppInfo {
  name: string;
  host: "native" | "workerd" | "remote";
  url: string;
  page: string | null;
  /** Whether the build tells of its calls, and takes edits. */
  development: boolean;
  /** Whether edits are allowed. */
  write: boolean;
  /** Whether tokens can be signed for users. */
  signs: boolean;
  folder: string | null;
  pods: boolean;
  /** Another with each build, and with what else is learnt of the app. */
  build: string;
  /** What the app says of itself; an empty one where that is not known. */
  manifest: Manifest;
  /** Whether the manifest is known: not before the first build, nor of an app whose folder is not here. */
  described: boolean;
}

/** A value of a database, as JSON has it. */
export type Cell =
  | null
  | number
  | string
  | { integer: string }
  | { blob: string; bytes: number }
  | { text: string; length: number };

export type Row = Record<string, Cell>;

export interface Column {
  name: string;
  type: string;
  notNull: boolean;
  /** Its place in the primary key; 0 where it is in none. */
  key: number;
  generated: boolean;
}

export interface Reference {
  columns: string[];
  table: string;
  to: string[];
}

export interface Table {
  name: string;
  kind: "table" | "view";
  declared: boolean;
  system?: boolean;
  columns: Column[];
  references: Reference[];
  rows: number | null;
}

export const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "contains", "starts", "is null", "is not null"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Condition {
  column: string;
  op: Operator;
  value?: Cell;
}

export interface Order {
  column: string;
  descending: boolean;
}

export interface RowsRequest {
  table: string;
  where: Condition[];
  order: Order[];
  limit: number;
  offset: number;
  count: boolean;
}

export interface RowsReply {
  columns: string[];
  rows: Cell[][];
  total: number | null;
  sql: string;
}

export interface SqlReply {
  columns: string[];
  rows: Cell[][];
  more: boolean;
}

/** A change of one row; the reply has the one that takes it back. */
export type Edit =
  | { table: string; set: Row; where: Row; was?: Row }
  | { table: string; insert: Row }
  | { table: string; delete: Row };

export interface EditReply {
  row: Row | null;
  /** Null where the row cannot be put back, as only the beginning of a value was read. */
  undo: Edit | null;
}

export interface StatementEvent {
  sql: string;
  reads: string[];
  writes: string[];
  rows_read: number;
  rows_written: number;
  plan?: string[];
}

interface Happened {
  n: number;
  /** Milliseconds since 1970. */
  at: number;
}

export interface CallEvent extends Happened {
  type: "call";
  trace: string;
  function: string;
  kind: Kind;
  session: string | null;
  user: string | null;
  job: number | null;
  admin: boolean;
  status: number;
  code: string | null;
  micros: number;
  /** JSON, cut where it is long. */
  args: string;
  reads: string[];
  writes: string[];
  rows_read: number;
  rows_written: number;
  cached: boolean;
  kept: boolean;
  replayed: boolean;
  told: number;
  warnings: string[];
  statements: StatementEvent[];
}

export interface WokeEvent extends Happened {
  type: "woke";
  session: string;
  sockets: number;
  topics: string[];
  /** The call that wrote; null where a time came. */
  trace: string | null;
}

export interface JobEvent extends Happened {
  type: "job";
  job: number;
  function: string;
  state: string;
  attempt: number;
}

export interface SocketEvent extends Happened {
  type: "socket";
  socket: number;
  session: string | null;
  state: "opened" | "restored" | "closed";
}

/** The engine began anew, as after each build. It is the page that notices. */
export interface BeganEvent extends Happened {
  type: "began";
}

export type StudioEvent = CallEvent | WokeEvent | JobEvent | SocketEvent | BeganEvent;

export interface EventsReply {
  life: string;
  next: number;
  lost: boolean;
  events: StudioEvent[];
}

/** Who calls. */
export type Caller = null | { claims: Record<string, unknown> } | { token: string } | "admin";

export interface Explained {
  reads: string[];
  writes: string[];
  kept: boolean;
  told: number;
  statements: StatementEvent[];
}

export interface ReplyError {
  message: string;
  code: string;
  trace_id?: string;
  data?: unknown;
}

export interface CallReply {
  status: number;
  ms: number;
  reply: {
    data?: unknown;
    meta?: { cached?: boolean; explain?: Explained; trace_id?: string; [more: string]: unknown };
    warnings?: string[];
    error?: ReplyError;
  };
}

export interface Job {
  id: number;
  function: string;
  state: string;
  at: string | number;
  attempts: number;
  error: string | null;
}

export interface PodStatus {
  pod: string;
  state: "ready" | "pending" | "failed";
  failure: string | null;
  applied: number;
  pending: string[];
  bytes: number;
  opened_at: number | null;
  life: string | null;
}

/** A request that was refused, or got no answer at all: status 0. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether there was no answer, as while the app is being built again. */
  get away(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }
}

/** The words of something that was thrown. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether it only says that nobody wants the answer any more. */
export function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The studio's server. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async app(): Promise<AppInfo> {
    const app = await this.#ask<Omit<AppInfo, "manifest" | "described"> & { manifest: Manifest | null }>("app");
    const unknown: Manifest = { edgepod: "", app: app.name, functions: [], types: [] };
    return { ...app, manifest: app.manifest ?? unknown, described: app.manifest !== null };
  }

  async pods(after?: string): Promise<{ pods: { pod: string }[]; next: string | null }> {
    return data(await this.#ask<Wrapped<{ pods: { pod: string }[]; next: string | null }>>("pods", { after }));
  }

  async status(pod: string | null): Promise<PodStatus> {
    return data(await this.#ask<Wrapped<PodStatus>>("status", { pod }));
  }

  async jobs(pod: string | null, state: string | null): Promise<{ jobs: Job[]; more: boolean }> {
    return data(await this.#ask<Wrapped<{ jobs: Job[]; more: boolean }>>("jobs", { pod, state }));
  }

  async changeJob(pod: string | null, what: "retry" | "cancel", id: number): Promise<void> {
    await this.#ask(`jobs/${what}`, { pod, id: `${id}` }, {});
  }

  call(pod: string | null, name: string, args: unknown, as: Caller): Promise<CallReply> {
    return this.#ask("call", { pod }, { function: name, args, as });
  }

  schema(pod: string | null): Promise<{ tables: Table[] }> {
    return this.#ask("schema", { pod });
  }

  rows(pod: string | null, request: RowsRequest, signal?: AbortSignal): Promise<RowsReply> {
    return this.#ask("rows", { pod }, request, signal);
  }

  sql(pod: string | null, sql: string): Promise<SqlReply> {
    return this.#ask("sql", { pod }, { sql });
  }

  edit(pod: string | null, edit: Edit): Promise<EditReply> {
    return this.#ask("edit", { pod }, edit);
  }

  events(pod: string | null, after: number, signal?: AbortSignal): Promise<EventsReply> {
    return this.#ask("events", { pod, after: `${after}` }, undefined, signal);
  }

  async #ask<Reply>(
    path: string,
    query: Record<string, string | null | undefined> = {},
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Reply> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value != null) search.set(name, value);
    const address = `/api/${path}${search.size > 0 ? `?${search}` : ""}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
      text = await response.text();
    } catch (error) {
      if (aborted(error)) throw error;
      throw new ApiError(0, "AWAY", "The studio does not answer. Is `edgepod dev` still running in its terminal?");
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new ApiError(response.status, "NO_JSON", `The studio answered ${response.status} without JSON.`);
    }
    if (!response.ok) {
      const error = (parsed as { error?: { message?: string; code?: string } }).error;
      const message = error?.message ?? `The studio answered ${response.status}.`;
      throw new ApiError(response.status, error?.code ?? "UNKNOWN", message);
    }
    return parsed as Reply;
  }
}

type Wrapped<T> = T | { data: T };

/** The admin address wraps what it says in `data`; the studio's server may have taken it out. */
function data<T>(reply: Wrapped<T>): T {
  return reply !== null && typeof reply === "object" && "data" in reply ? (reply as { data: T }).data : (reply as T);
}
