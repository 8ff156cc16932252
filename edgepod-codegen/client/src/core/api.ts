import { mutation, pages, query } from "./key";

/**
 * The options of queries and mutations by name, before an adapter and the generated code give them their types. Without
 * an origin they mean the one server of the query client that they are given to.
 */
export const createApi = (...origin: [origin?: string]): unknown =>
  new Proxy(
    {},
    {
      get: (_, name) =>
        // React's tools and promises ask objects for symbols. (A `then` that is no function makes no promise.)
        typeof name === "string"
          ? {
              queryKey: (args?: object) => query(name, args, ...origin).queryKey,
              queryOptions: (args?: object | null, options?: object) => ({
                ...query(name, args, ...origin),
                ...options,
              }),
              infiniteQueryOptions: (args?: object, options?: object) => ({
                ...pages(name, args, ...origin),
                ...options,
              }),
              mutationOptions: (options?: object) => ({ ...mutation(name, ...origin), ...options }),
            }
          : undefined,
    },
  );

/** For the one server of a query client. */
export const api: unknown = /* @__PURE__ */ createApi();
