import type { SystemCode } from "./codes";

export type { SystemCode };

/** EdgePod's codes, or one of a function's own. */
export type ErrorCode = SystemCode | (string & Record<never, never>);

/** What {@link EdgePodError} is made from. */
export interface ErrorFields<Data> {
  code: ErrorCode;
  message: string;
  status: number;
  data?: Data | undefined;
  traceId?: string | undefined;
}

/** One member of a union of failures: what `code` says decides what `data` is. */
type Of<E> = E extends { code: infer Code extends string; data?: infer Data }
  ? Omit<Failure, "code" | "data"> & { readonly code: Code; readonly data: Data }
  : never;

/**
 * Any failure of a call: the server's refusal, or no reply at all. A function's own errors `E`, an `#[edgepod::error]`
 * enum, are members of the union beside EdgePod's, so that `code` tells what `data` is, and a `switch` may be exhaustive.
 */
export type EdgePodError<E = unknown> = unknown extends E ? Failure : Of<E | { code: SystemCode; data?: unknown }>;

/**
 * Any failure of a call: the server's refusal, or no reply at all.
 *
 * @example
 * const { error } = useQuery("getUserById", { id: 7 });
 * if (error?.code === "NOT_FOUND") return <p>There is no such user.</p>;
 */
class Failure<Data = unknown> extends Error {
  override readonly name = "EdgePodError";
  /** What went wrong, for programs. */
  declare readonly code: ErrorCode;
  /** The reply's HTTP status; 0 when there was no reply. */
  declare readonly status: number;
  /** What the server added: for CONFLICT the columns, for a function's own error its value. */
  declare readonly data: ([Data] extends [never] ? unknown : Data) | undefined;
  /** Finds this failure in the server's log. */
  declare readonly traceId: string | undefined;

  constructor({ message, ...fields }: ErrorFields<[Data] extends [never] ? unknown : Data>, options?: ErrorOptions) {
    super(message, options);
    Object.assign(this, fields);
  }
}

export const EdgePodError: typeof Failure = Failure;
