import { mutation, pages, query } from "./client";

/** The options of queries and mutations by name, before an adapter and the generated code give them their types. */
export const api: unknown = /* @__PURE__ */ new Proxy(
  {},
  {
    get: (_, name) =>
      // React's tools and promises ask objects for symbols and for `then`.
      typeof name === "string" && name !== "then"
        ? {
            queryKey: (args?: object) => query(name, args).queryKey,
            queryOptions: (args?: object | null, options?: object) => ({ ...query(name, args), ...options }),
            infiniteQueryOptions: (args?: object, options?: object) => ({ ...pages(name, args), ...options }),
            mutationOptions: (options?: object) => ({ ...mutation(name), ...options }),
          }
        : undefined,
  },
);
