/** The studio's token: it comes in the address, and stays in this tab. */

const KEPT = "edgepod-studio-token";

/** The token in a fragment, and the fragment without it. */
export function splitFragment(fragment: string): { token: string | null; rest: string } {
  const match = /^#token=([^&]*)&?(.*)$/.exec(fragment);
  if (!match) return { token: null, rest: fragment };
  return { token: decodeURIComponent(match[1] ?? "") || null, rest: match[2] ? `#${match[2]}` : "" };
}

/** Takes the token from the address, which then no longer shows it, or from what this tab has kept. */
export function takeToken(): string | null {
  const { token, rest } = splitFragment(location.hash);
  if (token === null) return sessionStorage.getItem(KEPT);
  sessionStorage.setItem(KEPT, token);
  history.replaceState(null, "", `${location.pathname}${location.search}${rest}`);
  return token;
}
