/**
 * A new id of 128 random bits: of a session, which ties this client's calls to its socket, or of a mutation.
 *
 * Not `crypto.randomUUID`, which exists only in secure contexts: a page that a phone opens by the developer's
 * LAN address has to do without.
 */
export function newId(): string {
  return crypto.getRandomValues(new BigUint64Array(2)).join("-");
}
