import type { Pod } from "./pod";

/** The pod of a token, whose claim names it. */
const podOf = (token = "") => JSON.parse(atob(token.split(".")[1] as string)).org as string;

/** A server with pods, for its clients: each has a server of its own behind the one address, and is named or that of the token. */
export function oneAddress(of: (pod: string) => Pod, Socket: typeof WebSocket = WebSocket) {
  const to = (pod: string, url: string) => url.replace("pods.test", of(pod).url.slice("http://".length));
  return {
    url: "http://pods.test",
    apiKey: "ep_pk_test",
    fetch: (async (url: string, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      return fetch(to(headers.get("x-edgepod-pod") ?? podOf(headers.get("authorization") ?? ""), url), init);
    }) as typeof fetch,
    WebSocket: class extends Socket {
      constructor(url: string, protocols: string[]) {
        const token = protocols?.[1]?.slice("edgepod.bearer.".length);
        super(to(new URL(url).searchParams.get("pod") ?? podOf(token), url), protocols);
      }
    } as unknown as typeof WebSocket,
  };
}
