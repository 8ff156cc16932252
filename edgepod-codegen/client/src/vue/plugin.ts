import { VUE_QUERY_CLIENT } from "@tanstack/vue-query";
import { type App, type InjectionKey, inject, onScopeDispose, provide } from "vue";
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

/**
 * Connects everything inside a component to an EdgePod server, or to another pod of the app's: one socket, one cache. It is called in
 * `setup`, and disconnects when the component goes. Composables of the component itself are still those of the client around it.
 *
 * @example
 * provideEdgePod({ url: "http://localhost:8989", apiKey: "ep_pk_...", pod: "globex" });
 */
export function provideEdgePod(options: EdgePodOptions): EdgePodClient {
  const client = new EdgePodClient(options);
  provide(CLIENT, client);
  provide(VUE_QUERY_CLIENT, client.queryClient);
  if (typeof window !== "undefined") {
    client.connect();
    onScopeDispose(() => client.disconnect());
  }
  return client;
}

/** The client of the nearest component that provides one, or the app's. */
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
