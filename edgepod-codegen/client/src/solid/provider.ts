import { QueryClientContext } from "@tanstack/solid-query";
import {
  createComponent,
  createContext,
  createMemo,
  type JSX,
  onCleanup,
  onMount,
  untrack,
  useContext,
} from "solid-js";
import { createApi, EdgePodClient, type EdgePodOptions } from "../core";

const ClientContext = createContext<EdgePodClient>();

/** The properties of {@link EdgePodProvider}. */
export interface EdgePodProviderProps extends EdgePodOptions {
  children?: JSX.Element;
}

/**
 * Connects everything inside it to an EdgePod server: one socket, one cache.
 * It starts anew, and makes its children anew, when `url`, `apiKey`, `pod` or `queryClient` change; `getToken` may change freely.
 *
 * @example
 * <EdgePodProvider url="http://localhost:8989" apiKey="ep_pk_...">
 *   <App />
 * </EdgePodProvider>
 */
export function EdgePodProvider(props: EdgePodProviderProps): JSX.Element {
  return createMemo(() => {
    const { url, apiKey, pod, queryClient } = props;
    const others = untrack(() => ({ WebSocket: props.WebSocket, fetch: props.fetch, withTokens: !!props.getToken }));
    const client = new EdgePodClient({
      url,
      apiKey,
      pod,
      queryClient,
      WebSocket: others.WebSocket,
      fetch: others.fetch,
      getToken: others.withTokens ? (request) => untrack(() => props.getToken)?.(request) : undefined,
    });
    // Not while a page is rendered on a server: there is no screen to keep fresh.
    onMount(() => client.connect());
    onCleanup(() => client.disconnect());
    return createComponent(ClientContext.Provider, {
      value: client,
      get children() {
        return createComponent(QueryClientContext.Provider, {
          value: () => client.queryClient as never,
          get children() {
            return props.children;
          },
        });
      },
    });
  }) as unknown as JSX.Element;
}

/** The client of the nearest provider. */
export function useClient(): EdgePodClient {
  const client = useContext(ClientContext);
  if (!client) {
    throw new Error("EdgePod's functions need <EdgePodProvider> around them.");
  }
  return client;
}

/** `api` before the generated code gives it its types: for the server of the nearest provider. */
export function useApi(): unknown {
  return createApi(useClient().origin);
}
