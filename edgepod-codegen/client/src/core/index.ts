/** The client without a framework. */
export { api, createApi } from "./api";
export { EdgePodClient, type EdgePodOptions, type MutateOptions } from "./client";
export { EdgePodError, type ErrorCode, type SystemCode } from "./error";
export {
  type EdgePodKey,
  type EdgePodMutation,
  type EdgePodPages,
  type EdgePodPagesKey,
  type EdgePodQuery,
  mutation,
  pages,
  query,
} from "./key";
export { type CallOptions, createTrigger, IDLE, type MutationState, type Trigger } from "./mutation";
export type { OptimisticUpdates } from "./optimistic";
export { type DehydratedPod, dehydrate, hydrate } from "./ssr";
export type { GetToken, Token } from "./token";
export type {
  Args,
  ArgsAndOptions,
  FunctionType,
  FunctionTypes,
  Inherited,
  MutationOptions,
  Optimistic,
  PagedNames,
  Status,
  WithoutCursor,
} from "./types";
export { type Warned, withWarnings } from "./warnings";
