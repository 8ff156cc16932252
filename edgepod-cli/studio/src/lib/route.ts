/** Which view is shown, and of what: it stands in the fragment of the address, so that Back and bookmarks work. */

export const VIEWS = ["calls", "data", "functions", "graph", "schema", "operations"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** A function, a table. */
  name: string | null;
  /** More, as a filter of rows. */
  more: Readonly<Record<string, string>>;
}

/** `#/data/users?column=id&value=7`. */
export function readRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?");
  const [view = "", ...name] = path.split("/");
  let decoded: string | null = null;
  try {
    decoded = name.length > 0 ? decodeURIComponent(name.join("/")) : null;
  } catch {
    // A fragment that somebody typed.
  }
  return {
    view: (VIEWS as readonly string[]).includes(view) ? (view as View) : "calls",
    name: decoded || null,
    more: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function routeTo(view: View, name?: string | null, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  return `#/${view}${name ? `/${encodeURIComponent(name)}` : ""}${query.size > 0 ? `?${query}` : ""}`;
}
