// What the core offers, as wasm-bindgen makes `core.js` of `exports.rs`; `enter_by` is `glue.mjs`'s.
import type { Outside, Ports } from "./ports.mjs";

/** Starts the first instance. */
export function initSync(from: { module: WebAssembly.Module }): void;
/** Starts another, in place of the one that ran. */
export function __wbg_reset_state(): void;
/** Replaces the ways into the instance that runs. */
export function enter_by(ways: (exports: WebAssembly.Exports) => WebAssembly.Exports): void;

export function start(generation: number, on_panic: (message: string) => void): void;
export function configure(environment: unknown): string;

export function route(head: string, trace_id: string): string;
export function verified(head: string, version: number, right: boolean, trace_id: string): string;
export function refresh_keys(): string | undefined;
export function route_batch(head: string, body: string, trace_id: string): string;
export function keys_fetched(text: string | undefined, failure: string): void;
export function refuse_body(length: number, trace_id: string): string;
export function refuse_route(trace_id: string): string;
export function refuse_socket(trace_id: string): string;
export function refuse_overload(trace_id: string): string;
export function refuse_unserved(trace_id: string): string;
export function refuse_admin(
  code: "BAD_REQUEST" | "UNAUTHORIZED" | "NOT_FOUND" | "METHOD_NOT_ALLOWED",
  message: string,
  trace_id: string,
): string;
export function refuse_internal(message: string, name: string, trace_id: string): string;

export function open(engine: number, ports: Ports): string | undefined;
export function close(engine: number): void;
export function socket_restored(engine: number, socket: number, attachment: string): void;
export function socket_opened(
  engine: number,
  socket: number,
  session: string,
  since: string | undefined,
  tables: string,
): void;
export function socket_closed(engine: number, socket: number): void;
export function fetched(number: number, head: string | undefined, body: Uint8Array, failure: string): void;
export function call(engine: number, message: string, takes_bytes: boolean): string | Uint8Array;
export function call_action(
  engine: number,
  message: string,
  body: Uint8Array | undefined,
  outside: Outside | undefined,
): Promise<string | [head: string, body: Uint8Array | number]>;
export function cut(stream: number): void;
export function status(
  engine: number | undefined,
  number: number,
  ports: Ports,
  failure: string | undefined,
  bytes: number,
  opened_at: number | undefined,
): string;
export function jobs(engine: number, what: string, of: string, trace_id: string): string;
export function run_job(engine: number): boolean | undefined;
export function call_batch(
  engine: number,
  message: string,
  lost: Uint32Array,
  begins: (place: number) => void,
  takes_bytes: boolean,
): string | Uint8Array;
