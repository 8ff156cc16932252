/** The client for plain TypeScript. */
export type { Api, EdgePodKey, MutationApi, PagesApi, QueryApi } from "../core/adapter";
export { type CreateEdgePod, createEdgePod, type Pod, type WatchOptions } from "./pod";
