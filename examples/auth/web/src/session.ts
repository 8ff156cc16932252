import { useEffect, useState } from "react";
import type { Session } from "./edgepod/client";

/** Somebody who has signed in, and until when, in milliseconds since 1970. */
export type SignedIn = { token: string; email: string; until: number };

const KEPT = "private-notes";

/** What a session is while this tab is open: `null` for nobody. */
export function useSession() {
  const [session, setSession] = useState(kept);
  const now = useNow(session?.until);
  const keep = (next: SignedIn | null) => {
    if (next) sessionStorage.setItem(KEPT, JSON.stringify(next));
    else sessionStorage.removeItem(KEPT);
    setSession(next);
  };
  return {
    session,
    expired: session !== null && now >= session.until,
    /** Seconds that are left. */
    left: session === null ? 0 : Math.max(0, Math.ceil((session.until - now) / 1000)),
    begin: ({ token, email, expires_in }: Session) => keep({ token, email, until: Date.now() + expires_in * 1000 }),
    /** The server says that it is over: this device's clock may be wrong. */
    expire: () => session && keep({ ...session, until: Math.min(session.until, Date.now()) }),
    end: () => keep(null),
  };
}

/** The time, each second until it is `until`. */
function useNow(until: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  return now;
}

/** What this tab kept over a reload. It is gone with the tab. */
function kept(): SignedIn | null {
  try {
    const session: SignedIn = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    return typeof session?.token === "string" && typeof session.until === "number" ? session : null;
  } catch {
    return null;
  }
}
