/** The codes a server or this client gives. A function's own error type may add others. */
export type ErrorCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  | "PAYLOAD_TOO_LARGE"
  | "TOO_MANY_REQUESTS"
  | "INTERNAL"
  /** No reply came: the server is down, the network is, or the browser blocked the request. */
  | "NETWORK"
  /** A reply came that EdgePod did not write, for example a proxy's error page. */
  | "INVALID_REPLY"
  | (string & Record<never, never>);

/** What {@link EdgePodError} is made from. */
export interface ErrorFields<Data> {
  code: ErrorCode;
  message: string;
  status: number;
  data?: Data | undefined;
  traceId?: string | undefined;
}

/**
 * Any failure of a call: the server's refusal, or no reply at all.
 *
 * @example
 * const { error } = useQuery("getUserById", { id: 7 });
 * if (error?.code === "NOT_FOUND") return <p>There is no such user.</p>;
 */
export class EdgePodError<Data = unknown> extends Error {
  override readonly name = "EdgePodError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The reply's HTTP status; 0 when there was no reply. */
  readonly status: number;
  /** What the server added: for CONFLICT the columns, for a function's own error its value. */
  readonly data: ([Data] extends [never] ? unknown : Data) | undefined;
  /** Finds this failure in the server's log. */
  readonly traceId: string | undefined;

  constructor(fields: ErrorFields<[Data] extends [never] ? unknown : Data>, options?: ErrorOptions) {
    super(fields.message, options);
    this.code = fields.code;
    this.status = fields.status;
    this.data = fields.data;
    this.traceId = fields.traceId;
  }
}
