import { EdgePodError } from "./error";
import { parse } from "./json";
import { PODS } from "./manifest";
import type { GetToken, Tokens, Users } from "./token";

/** How many calls fit into one request. */
const BATCH = 50;

/** A successful reply. */
export interface Reply {
  data: unknown;
  /** What whoever wrote the function should know. */
  warnings: readonly string[];
  meta: {
    /** Tables that the call read. `"*"` stands for any. */
    tables?: string[];
    /** The same more exactly: tables that it read in whole, and values of tables. */
    topics?: string[];
    /** Tables that the call wrote. */
    written?: string[];
    /** What it made stale of the topics that this client reads. */
    stale?: string[];
    /** The version of the database that the data is at least as new as; of a write, the one that it made. */
    version?: string;
  };
}

/** A reply before anyone has looked at it. */
interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: it is whatever came
  body: any;
}

/** A read that waits for the others of its tick. */
interface Waiting {
  name: string;
  args: object;
  signal: AbortSignal;
  resolve: (reply: Reply | Promise<Reply>) => void;
  reject: (reason: unknown) => void;
}

/** Who tells a transport about its user, and whom it tells. */
export interface TransportOptions extends Omit<Users, "getToken"> {
  getToken?: GetToken | undefined;
  url: string;
  apiKey: string;
  pod?: string | undefined;
  sessionId: string;
  fetch?: typeof fetch | undefined;
}

/** Sends calls over HTTP. It knows the wire, and nothing of caches. */
export interface Transport {
  /** The user's tokens, where the socket has to bring one along: it may say which pod it is of. */
  tokens: (() => Promise<Tokens>) | undefined;
  /** The invalidation socket's address, for who holds data of these versions. */
  socketUrl(since: string, topics: Iterable<[string, string]>): string;
  /**
   * Calls a query, and subscribes to what it reads. The queries of one tick travel in one request, and see one
   * version of the database.
   *
   * @throws EdgePodError when the server refuses or cannot be reached; the abort's reason when `signal` aborts.
   */
  read(name: string, args: object, signal: AbortSignal): Promise<Reply>;
  /**
   * Calls one function.
   *
   * @throws EdgePodError when the server refuses or cannot be reached; the abort's reason when `signal` aborts.
   */
  call(name: string, args: object, signal: AbortSignal | undefined, headers?: Record<string, string>): Promise<Reply>;
  /** What sends requests. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** A transport to the server that `url` names. */
export function createTransport(options: TransportOptions): Transport {
  const { apiKey, pod, sessionId, fetch: send = (...request: Parameters<typeof fetch>) => fetch(...request) } = options;
  const base = baseUrl(options.url);
  // What no header can have would look like a network that fails.
  if (!/^[ -~]*$/.test(apiKey)) wrong("apiKey", apiKey, "copy it anew");
  let loading: Promise<Tokens> | undefined;
  let waiting: Waiting[] = [];

  /** What knows of users is loaded when there are any. What could not be loaded is asked for again with the next call. */
  const load = () => {
    loading ??= import("./token").then(({ Tokens }) => new Tokens(options as Users, EdgePodError));
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };

  const socketUrl = (since: string, topics: Iterable<[string, string]>) => {
    const query = new URLSearchParams({ ...(pod && { pod }), key: apiKey, sessionId, since });
    for (const [topic, version] of topics) query.append("table", `${topic}@${version}`);
    return `${base.replace("http", "ws")}/ws?${query}`;
  };

  const post = async (
    path: string,
    name: string,
    body: string,
    more: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    const attempt = async (authorization?: object) => {
      const response = await send(base + path, {
        method: "POST",
        headers: {
          ...(pod && { "X-EdgePod-Pod": pod }),
          "Content-Type": "application/json",
          "X-EdgePod-Key": apiKey,
          "X-EdgePod-Session-Id": sessionId,
          ...more,
          ...authorization,
        },
        body,
        signal: signal as AbortSignal,
      });
      return { status: response.status, body: parse(await response.text()) };
    };
    try {
      return await (options.getToken ? (await load()).send(name, attempt) : attempt());
    } catch (cause) {
      if (signal?.aborted || cause instanceof EdgePodError) throw cause;
      const message = `No reply to ${name} from ${base}. Check that it runs.`;
      throw new EdgePodError({ code: "NETWORK", status: 0, message }, { cause });
    }
  };

  const call = async (
    name: string,
    args: object,
    signal: AbortSignal | undefined,
    headers: Record<string, string> = {},
  ) => {
    const body = JSON.stringify(args);
    return read(name, await post(`/rpc/${encodeURIComponent(name)}`, name, body, headers, signal));
  };

  const flush = () => {
    const wanted = waiting.filter(({ signal }) => !signal.aborted);
    waiting = [];
    while (wanted.length > 0) {
      const calls = wanted.splice(0, BATCH) as [Waiting];
      if (calls.length > 1) void readAll(calls);
      else calls[0].resolve(call(calls[0].name, calls[0].args, calls[0].signal));
    }
  };

  const readAll = async (calls: Waiting[]) => {
    // The request is given up when nobody waits for it any more.
    const abort = new AbortController();
    let wanted = calls.length;
    for (const { signal } of calls) signal.addEventListener("abort", () => --wanted || abort.abort());
    const names = calls.map(({ name }) => name).join(", ");
    try {
      const body = JSON.stringify({ calls: calls.map(({ name, args }) => ({ name, args })) });
      const answer = await post("/rpc", names, body, {}, abort.signal);
      const results = answer.body?.results;
      // What holds for the request holds for each of its calls.
      if (!results) await read(names, answer);
      for (const [index, { name, args, signal, resolve }] of calls.entries()) {
        const body = results[index] ?? {};
        // Too much for one reply may be little enough for one each.
        resolve(body.status === 413 ? call(name, args, signal) : read(name, { status: body.status, body }));
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  };

  return {
    tokens: (pod || PODS) && options.getToken ? load : undefined,
    socketUrl,
    read: (name, args, signal) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ name, args, signal, resolve, reject }) === 1) queueMicrotask(flush);
      }),
    call,
    fetch: send,
  };
}

/** An address without slashes at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function wrong(what: string, value: unknown, why: string): never {
  throw new TypeError(`EdgePod's ${what} is ${JSON.stringify(value)}: ${why}.`);
}

function baseUrl(url: string): string {
  // A path alone ("/api") is relative to the page. A server that renders pages has none, and calls nothing.
  if (/^(https?:\/)?\//.test(url)) {
    try {
      return withoutSlash(new URL(url, globalThis.location?.href ?? "http://a-path-needs-a-page.invalid").href);
    } catch {
      // What is wrong with it is said below.
    }
  }
  return wrong("url", url, "give it with its protocol");
}

async function read(name: string, { status, body }: Answer): Promise<Reply> {
  if (status < 300 && body?.data !== undefined) {
    return { data: body.data, warnings: body.warnings ?? [], meta: body.meta ?? {} };
  }
  const { trace_id: traceId, ...fields }: { trace_id?: string } = body?.error?.code ? body.error : {};
  const message = `The reply to ${name} (HTTP ${status}) is not EdgePod's. Check the url.`;
  throw new EdgePodError({ code: "INVALID_REPLY", message, ...fields, traceId, status });
}
