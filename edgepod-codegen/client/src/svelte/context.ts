import { setQueryClientContext } from "@tanstack/svelte-query";
import { getContext, onMount, setContext } from "svelte";
import { createApi, EdgePodClient, type EdgePodOptions } from "../core";

const CLIENT = Symbol("EdgePod");

/**
 * Connects a component and everything inside it to an EdgePod server: one socket, one cache. It is called once, while
 * the component is made, and disconnects when the component goes.
 *
 * @example
 * provideEdgePod({ url: "http://localhost:8989", apiKey: "ep_pk_..." });
 */
export function provideEdgePod(options: EdgePodOptions): EdgePodClient {
  const client = new EdgePodClient(options);
  setContext(CLIENT, client);
  // For TanStack Query's own functions.
  setQueryClientContext(client.queryClient as never);
  // Not while a page is rendered on a server: there is no screen to keep fresh.
  onMount(() => {
    client.connect();
    return () => client.disconnect();
  });
  return client;
}

/** The client of the nearest component that provides one. */
export function useClient(): EdgePodClient {
  const client = getContext<EdgePodClient | undefined>(CLIENT);
  if (!client) {
    throw new Error("EdgePod's functions need a component around them that calls provideEdgePod({ url, apiKey }).");
  }
  return client;
}

/** `api` before the generated code gives it its types: for the server of the nearest component that provides one. */
export function useApi(): unknown {
  return createApi(useClient().origin);
}
