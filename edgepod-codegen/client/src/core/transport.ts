import { EdgePodError } from "./error";

/** A token for `Authorization: Bearer`, or nothing for an anonymous call. */
export type GetToken = () => string | null | undefined | Promise<string | null | undefined>;

/** A successful reply. */
export interface Reply {
  data: unknown;
  meta: {
    /** Tables that the call read. `"*"` stands for any. */
    tables?: string[];
    /** Tables that the call wrote. */
    written?: string[];
  };
}

/** How one call is made. */
export interface CallOptions {
  /** Whether what the call reads is subscribed to. */
  reactive: boolean;
  signal?: AbortSignal | undefined;
}

/** Sends calls over HTTP. It knows the wire, and nothing of caches. */
export class Transport {
  /** The server's address without a trailing slash. */
  readonly base: string;
  readonly #apiKey: string;
  readonly #sessionId: string;
  readonly #getToken: GetToken;

  constructor(url: string, apiKey: string, sessionId: string, getToken: GetToken) {
    this.base = baseUrl(url);
    this.#apiKey = apiKey;
    this.#sessionId = sessionId;
    this.#getToken = getToken;
  }

  /** The invalidation socket's address. */
  get socketUrl(): string {
    return `${this.base.replace(/^http/, "ws")}/ws?${this.#socketQuery}`;
  }

  get #socketQuery(): URLSearchParams {
    return new URLSearchParams({ key: this.#apiKey, sessionId: this.#sessionId });
  }

  /**
   * Calls a function.
   *
   * @throws EdgePodError when the server refuses or cannot be reached; the abort's reason when `signal` aborts.
   */
  async call(name: string, args: object, options: CallOptions): Promise<Reply> {
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      "X-EdgePod-Key": this.#apiKey,
      "X-EdgePod-Session-Id": this.#sessionId,
    };
    if (!options.reactive) headers["X-EdgePod-Reactive"] = "false";
    const token = await this.#token(name);
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const body = JSON.stringify(args);

    let status = 0;
    let text: string;
    try {
      const response = await fetch(`${this.base}/rpc/${encodeURIComponent(name)}`, {
        method: "POST",
        headers,
        body,
        signal: options.signal ?? null,
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new EdgePodError(
        {
          code: "NETWORK",
          status: 0,
          message: `No reply from ${this.base} to ${name}. Check that the server runs and that this device can reach it.`,
        },
        { cause },
      );
    }
    return readReply(name, status, text);
  }

  async #token(name: string): Promise<string | null | undefined> {
    try {
      return await this.#getToken();
    } catch (cause) {
      const message = `getToken failed, so ${name} was not called: ${cause instanceof Error ? cause.message : cause}`;
      throw new EdgePodError({ code: "UNAUTHORIZED", status: 0, message }, { cause });
    }
  }

  /**
   * Whether the server refuses the socket for its key. A browser does not tell a page why a socket was
   * refused; the same address without an upgrade answers 426 to a good key and 401 or 403 to a bad one.
   */
  async socketRefused(): Promise<boolean> {
    try {
      const { status } = await fetch(`${this.base}/ws?${this.#socketQuery}`);
      return status === 401 || status === 403;
    } catch {
      return false;
    }
  }
}

function baseUrl(url: string): string {
  // A path alone ("/api") is relative to the page.
  if (/^https?:\/\/|^\//.test(url)) {
    try {
      return new URL(url, globalThis.location?.href).href.replace(/\/+$/, "");
    } catch {
      // What is wrong with it is said below.
    }
  }
  throw new TypeError(
    `EdgePod's url is ${JSON.stringify(url)}: give the server's address with its protocol, for example "http://localhost:8989".`,
  );
}

function readReply(name: string, status: number, text: string): Reply {
  const body = parse(text);
  if (status >= 200 && status < 300 && body && "data" in body) {
    return { data: body["data"], meta: isObject(body["meta"]) ? body["meta"] : {} };
  }
  const error = body?.["error"];
  if (isObject(error) && typeof error["code"] === "string") {
    throw new EdgePodError({
      code: error["code"],
      status,
      message: String(error["message"]),
      data: error["data"],
      traceId: typeof error["trace_id"] === "string" ? error["trace_id"] : undefined,
    });
  }
  throw new EdgePodError({
    code: "INVALID_REPLY",
    status,
    message: `The reply to ${name} (HTTP ${status}) is not EdgePod's. Check that the url is the server's, and what stands in between.`,
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
