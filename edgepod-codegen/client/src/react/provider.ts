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
import { EdgePodClient, type EdgePodOptions } from "../core";

const ClientContext = createContext<EdgePodClient | undefined>(undefined);

/** The properties of {@link EdgePodProvider}. */
export interface EdgePodProviderProps extends EdgePodOptions {
  children?: ReactNode;
}

/**
 * Connects everything inside it to an EdgePod server: one socket, one cache.
 * It starts anew, and mounts its children anew, when `url`, `apiKey` or `queryClient` change; `getToken` may be a new function on each render.
 *
 * @example
 * <EdgePodProvider url="http://localhost:8989" apiKey="ep_pk_...">
 *   <App />
 * </EdgePodProvider>
 */
export function EdgePodProvider(props: EdgePodProviderProps): ReactNode {
  const { url, apiKey, queryClient, children } = props;
  const latest = useRef(props);
  // Before any other effect, so that a call made by one already asks the new `getToken`.
  useInsertionEffect(() => {
    latest.current = props;
  });
  const client = useMemo(
    () =>
      new EdgePodClient({
        url,
        apiKey,
        queryClient,
        getToken: () => latest.current.getToken?.(),
        WebSocket: latest.current.WebSocket,
      }),
    [url, apiKey, queryClient],
  );
  useEffect(() => {
    client.connect();
    return () => client.disconnect();
  }, [client]);
  // TanStack's hooks keep the query client that they began with, so another client needs another tree.
  return createElement(ClientContext.Provider, { value: client, key: client.sessionId }, children);
}

/** The client of the nearest provider. */
export function useClient(): EdgePodClient {
  const client = useContext(ClientContext);
  if (!client) {
    throw new Error("EdgePod's hooks need <EdgePodProvider url=… apiKey=…> around the component that calls them.");
  }
  return client;
}
