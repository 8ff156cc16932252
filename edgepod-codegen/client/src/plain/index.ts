/** The client for plain TypeScript. */
export type { Api, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export type { EdgePodKey } from "../core/key";
export { type CreateEdgePod, createEdgePod, type Pod, type WatchOptions } from "./pod";
