/** The client without a framework. */
export { api } from "./api";
export {
  EdgePodClient,
  type EdgePodMutation,
  type EdgePodOptions,
  type EdgePodPages,
  type EdgePodQuery,
  type MutateOptions,
  mutation,
  pages,
  query,
} from "./client";
export { EdgePodError, type ErrorCode, type SystemCode } from "./error";
export { type CallOptions, createTrigger, IDLE, type MutationState, type Trigger } from "./mutation";
export type { OptimisticUpdates } from "./optimistic";
export { type DehydratedPod, dehydrate, hydrate } from "./ssr";
export type { GetToken, Token } from "./token";
export type {
  Args,
  ArgsAndOptions,
  FunctionType,
  FunctionTypes,
  MutationOptions,
  Optimistic,
  PagedNames,
  Status,
  WithoutCursor,
} from "./types";
