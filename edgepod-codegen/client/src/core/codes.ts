// Written from edgepod-manifest by a test of edgepod-codegen, `codes`.

/** The codes that EdgePod gives, whatever the function: those of the server, and those of this client. */
export type SystemCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "CONFLICT"
  | "PAYLOAD_TOO_LARGE"
  | "UPGRADE_REQUIRED"
  | "TOO_MANY_REQUESTS"
  | "INTERNAL"
  | "UNAVAILABLE"
  /** No reply came: the server is down, the network is, or the browser blocked the request. */
  | "NETWORK"
  /** A reply came that EdgePod did not write, for example a proxy's error page. */
  | "INVALID_REPLY";
