import { VUE_QUERY_CLIENT } from "@tanstack/vue-query";
import { type App, type InjectionKey, inject } from "vue";
import { createApi, EdgePodClient, type EdgePodOptions } from "../core";

const CLIENT: InjectionKey<EdgePodClient> = Symbol("EdgePod");

/**
 * Connects a Vue app to an EdgePod server: one socket, one cache. It disconnects when the app is unmounted.
 *
 * @example
 * createApp(App).use(EdgePodPlugin, { url: "http://localhost:8989", apiKey: "ep_pk_..." }).mount("#app");
 */
export const EdgePodPlugin = {
  install(app: App, options: EdgePodOptions): void {
    const client = new EdgePodClient(options);
    app.provide(CLIENT, client);
    // For TanStack Query's own composables.
    app.provide(VUE_QUERY_CLIENT, client.queryClient);
    // A page that is rendered on a server has no screen to keep fresh.
    if (typeof window === "undefined") return;
    client.connect();
    app.onUnmount(() => client.disconnect());
  },
};

/** The app's client. */
export function useClient(): EdgePodClient {
  const client = inject(CLIENT, undefined);
  if (!client) {
    throw new Error("EdgePod's composables need app.use(EdgePodPlugin, { url, apiKey }), and to be called in setup.");
  }
  return client;
}

/** `api` before the generated code gives it its types: for the server of the app. */
export function useApi(): unknown {
  return createApi(useClient().origin);
}
