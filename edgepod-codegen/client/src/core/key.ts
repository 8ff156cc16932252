import { hashKey, type Query, skipToken } from "./tanstack";

/** The first part of every key of EdgePod's. */
export const KEY = "edgepod";
const PAGES = "pages";

/**
 * A query's key: its name, its arguments and the server that it is read from. That may be left out where a query client
 * has one server only; and a shorter key still names all that begin with it, as TanStack Query's filters take it.
 */
export type EdgePodKey = readonly [typeof KEY, name: string, args: object | null, origin?: string];

/** The key of a query of pages. */
export type EdgePodPagesKey = readonly [typeof KEY, name: string, args: object, pages: typeof PAGES, origin?: string];

/** What identifies a query. Every function of TanStack Query's takes it; EdgePod's query client knows the rest. */
export interface EdgePodQuery {
  queryKey: EdgePodKey;
  queryFn?: typeof skipToken;
}

/** A query of pages, likewise. */
export interface EdgePodPages<Page = never> {
  queryKey: EdgePodPagesKey;
  initialPageParam: null;
  getNextPageParam: (page: Page) => unknown;
}

/** A mutation, likewise. */
export interface EdgePodMutation {
  mutationKey: readonly [typeof KEY, name: string, args: undefined, origin?: string];
  networkMode: "always";
}

type Origin = [origin?: string];

/** A query and its arguments. `null` for `args` is a query that is never read. */
export function query(name: string, args: object | null = {}, ...origin: Origin): EdgePodQuery {
  return { queryKey: [KEY, name, args, ...origin], ...(!args && { queryFn: skipToken }) };
}

/** A query over pages: each is `{ items, next }`, and `next` is the `cursor` of the one after it. */
export function pages(name: string, args: object = {}, ...origin: Origin): EdgePodPages {
  return {
    queryKey: [KEY, name, args, PAGES, ...origin],
    initialPageParam: null,
    getNextPageParam: ({ next }: { next?: unknown }) => next,
  };
}

/** A function or an action. */
export function mutation(name: string, ...origin: Origin): EdgePodMutation {
  // The call fails where there is no network, rather than being sent unasked much later.
  return { mutationKey: [KEY, name, undefined, ...origin], networkMode: "always" };
}

/** Whether a query is one of pages. */
export function isPaged({ queryKey }: Query): boolean {
  return queryKey[3] === PAGES;
}

/** The server that a key names, if any. */
export function originOf(key: readonly unknown[]): unknown {
  return key[key[3] === PAGES ? 4 : 3];
}

/** A key's text, by which the cache finds it: with `origin` where the key leaves that out. */
export function hashOf(key: readonly unknown[], origin: string): string {
  return hashKey(originOf(key) ? key : [...key, origin]);
}

/** Whether a query is read from a server, which its key may have left out. */
export function isOf({ queryKey, queryHash }: Query, origin: string): boolean {
  return queryKey[0] === KEY && originOf(JSON.parse(queryHash)) === origin;
}
