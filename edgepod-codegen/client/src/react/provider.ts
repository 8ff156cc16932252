"use client";

import { QueryClientContext } from "@tanstack/react-query";
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
} from "react";
import { createApi, EdgePodClient, type EdgePodOptions } from "../core";

const ClientContext = createContext<EdgePodClient | undefined>(undefined);

/** The properties of {@link EdgePodProvider}. */
export interface EdgePodProviderProps extends EdgePodOptions {
  children?: ReactNode;
}

/**
 * Connects everything inside it to an EdgePod server: one socket, one cache.
 * It starts anew, and mounts its children anew, when `url`, `apiKey`, `pod` or `queryClient` change; `getToken` may be a new function on each render.
 *
 * @example
 * <EdgePodProvider url="http://localhost:8989" apiKey="ep_pk_...">
 *   <App />
 * </EdgePodProvider>
 */
export function EdgePodProvider(props: EdgePodProviderProps): ReactNode {
  const { url, apiKey, pod, queryClient, children } = props;
  const withTokens = props.getToken !== undefined;
  const latest = useRef(props);
  // Before any other effect, so that a call made by one already asks the new `getToken`.
  useInsertionEffect(() => {
    latest.current = props;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the other properties may be new on each render
  const client = useMemo(
    () =>
      new EdgePodClient({
        ...props,
        getToken: withTokens ? (request) => latest.current.getToken?.(request) : undefined,
      }),
    [url, apiKey, pod, queryClient, withTokens],
  );
  // A query client that is given may have served another, for example the one that StrictMode makes and drops.
  client.adopt();
  useEffect(() => {
    client.connect();
    return () => client.disconnect();
  }, [client]);
  // TanStack's hooks keep the query client that they began with, so another client needs another tree.
  return createElement(
    ClientContext.Provider,
    { value: client, key: client.sessionId },
    createElement(QueryClientContext.Provider, { value: client.queryClient }, children),
  );
}

/** The client of the nearest provider. */
export function useClient(): EdgePodClient {
  const client = useContext(ClientContext);
  if (!client) {
    throw new Error("EdgePod's hooks need <EdgePodProvider> around them.");
  }
  return client;
}

/** `api` before the generated code gives it its types: for the server of the nearest provider. */
export function useApi(): unknown {
  return createApi(useClient().origin);
}
