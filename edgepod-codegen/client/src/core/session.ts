/**
 * A new session id: it ties this client's calls to its socket.
 *
 * `crypto.randomUUID` exists only in secure contexts, so a page that a phone opens by the developer's
 * LAN address has to do without; `getRandomValues` is there in both. 128 random bits either way.
 */
export function newSessionId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
