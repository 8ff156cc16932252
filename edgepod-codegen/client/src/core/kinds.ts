// Written from edgepod-manifest by a test of edgepod-codegen, `codes`.

/** What a function may do. */
export type FunctionKind =
  /** Only reads. */
  | "query"
  /** Reads and writes in one transaction. */
  | "function"
  /** May await the outside world. */
  | "action";
