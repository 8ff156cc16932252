import { EdgePodError } from "./error";
import { parse } from "./json";
import type { GetToken, Tokens } from "./token";

/** How many calls fit into one request. */
const BATCH = 50;

/** A successful reply. */
export interface Reply {
  data: unknown;
  meta: {
    /** Tables that the call read. `"*"` stands for any. */
    tables?: string[];
    /** Tables that the call wrote. */
    written?: string[];
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
export interface TransportOptions {
  url: string;
  apiKey: string;
  sessionId: string;
  getToken?: GetToken | undefined;
  fetch?: typeof fetch | undefined;
  /** The token is another user's than the last one. */
  onUser(): void;
  /** The server has refused the user's token, and a new one as well; or it takes it again. */
  onRefused(refused: boolean): void;
}

/** Sends calls over HTTP. It knows the wire, and nothing of caches. */
export class Transport {
  /** The server's address without a trailing slash. */
  readonly base: string;
  readonly #options: TransportOptions;
  readonly #tokens: Promise<Tokens> | undefined;
  #waiting: Waiting[] = [];

  constructor(options: TransportOptions) {
    this.base = baseUrl(options.url);
    this.#options = options;
    const { getToken, onUser, onRefused } = options;
    this.#tokens =
      getToken && import("./token").then(({ Tokens }) => new Tokens(getToken, onUser, onRefused, EdgePodError));
    // Whoever calls is told.
    this.#tokens?.catch(() => {});
  }

  /** The invalidation socket's address, for who holds data of these versions. */
  socketUrl(since: string, tables: Iterable<[string, string]>): string {
    const { apiKey, sessionId } = this.#options;
    const query = new URLSearchParams({ key: apiKey, sessionId, since });
    for (const [table, version] of tables) query.append("table", `${table}@${version}`);
    return `${this.base.replace("http", "ws")}/ws?${query}`;
  }

  /**
   * Calls a query, and subscribes to what it reads. The queries of one tick travel in one request, and see one
   * version of the database.
   *
   * @throws EdgePodError when the server refuses or cannot be reached; the abort's reason when `signal` aborts.
   */
  read(name: string, args: object, signal: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ name, args, signal, resolve, reject }) === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    const waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    this.#waiting = [];
    while (waiting.length > 0) {
      const calls = waiting.splice(0, BATCH) as [Waiting];
      if (calls.length > 1) void this.#readAll(calls);
      else calls[0].resolve(this.call(calls[0].name, calls[0].args, calls[0].signal));
    }
  }

  async #readAll(calls: Waiting[]): Promise<void> {
    // The request is given up when nobody waits for it any more.
    const abort = new AbortController();
    let wanted = calls.length;
    for (const { signal } of calls) signal.addEventListener("abort", () => --wanted || abort.abort());
    const names = calls.map(({ name }) => name).join(", ");
    try {
      const body = JSON.stringify({ calls: calls.map(({ name, args }) => ({ name, args })) });
      const answer = await this.#post("/rpc", names, body, {}, abort.signal);
      const results = answer.body?.results;
      // What holds for the request holds for each of its calls.
      if (!results) await read(names, answer);
      for (const [index, { name, args, signal, resolve }] of calls.entries()) {
        const body = results[index] ?? {};
        // Too much for one reply may be little enough for one each.
        resolve(body.status === 413 ? this.call(name, args, signal) : read(name, { status: body.status, body }));
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  /**
   * Calls one function.
   *
   * @throws EdgePodError when the server refuses or cannot be reached; the abort's reason when `signal` aborts.
   */
  async call(
    name: string,
    args: object,
    signal: AbortSignal | undefined,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const body = JSON.stringify(args);
    return read(name, await this.#post(`/rpc/${encodeURIComponent(name)}`, name, body, headers, signal));
  }

  async #post(
    path: string,
    name: string,
    body: string,
    more: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { apiKey, sessionId, fetch: send = fetch } = this.#options;
    const attempt = async (authorization?: object) => {
      const response = await send(this.base + path, {
        method: "POST",
        headers: {
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
      const tokens = await this.#tokens;
      return await (tokens ? tokens.send(name, attempt) : attempt());
    } catch (cause) {
      if (signal?.aborted || cause instanceof EdgePodError) throw cause;
      const message = `No reply to ${name} from ${this.base}. Check that it runs and can be reached.`;
      throw new EdgePodError({ code: "NETWORK", status: 0, message }, { cause });
    }
  }

  /**
   * Whether the server refuses the socket for its key. A browser does not tell a page why a socket was
   * refused; the same address without an upgrade answers 426 to a good key and 401 or 403 to a bad one.
   */
  async socketRefused(): Promise<boolean> {
    try {
      const { status } = await fetch(this.socketUrl("", []).replace(/^ws/, "http"));
      return status === 401 || status === 403;
    } catch {
      return false;
    }
  }
}

function baseUrl(url: string): string {
  // A path alone ("/api") is relative to the page.
  if (/^(https?:\/)?\//.test(url)) {
    try {
      return new URL(url, globalThis.location?.href).href.replace(/\/+$/, "");
    } catch {
      // What is wrong with it is said below.
    }
  }
  throw new TypeError(`EdgePod's url is ${JSON.stringify(url)}: give it with its protocol.`);
}

async function read(name: string, { status, body }: Answer): Promise<Reply> {
  if (status < 300 && body?.data !== undefined) return { data: body.data, meta: body.meta ?? {} };
  const error = body?.error;
  throw new EdgePodError(
    error?.code
      ? { code: error.code, message: error.message, data: error.data, traceId: error.trace_id, status }
      : {
          code: "INVALID_REPLY",
          status,
          message: `The reply to ${name} (HTTP ${status}) is not EdgePod's. Check the url.`,
        },
  );
}
