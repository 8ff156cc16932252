/** The client without a framework. */
export { EdgePodClient, type EdgePodOptions, type EdgePodQuery } from "./client";
export { EdgePodError, type ErrorCode, type SystemCode } from "./error";
export type { GetToken } from "./transport";
export type { Args, ArgsAndOptions, FunctionType, FunctionTypes, Status } from "./types";
