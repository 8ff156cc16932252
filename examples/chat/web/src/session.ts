import { useMemo, useState } from "react";
import type { NewDevice, Session } from "./edgepod/client";

export const url = import.meta.env.VITE_EDGEPOD_URL ?? "http://127.0.0.1:8989";
export const apiKey = import.meta.env.VITE_EDGEPOD_KEY;

/** Who this device is, and the key by which it comes back. */
export type Device = { key: string; memberId: number; name: string };

/** `?as=bob` is another person in the same browser: two windows can talk to each other. */
const KEPT = `chat-device-${new URLSearchParams(location.search).get("as") ?? ""}`;

/** The device's account: `null` before it has one. */
export function useDevice() {
  const [device, setDevice] = useState(kept);
  const tokens = useMemo(() => new Tokens(), []);
  return {
    device,
    getToken: ({ refresh }: { refresh: boolean }) => device && tokens.of(device, refresh),
    begin({ key, session }: NewDevice) {
      const next = { key, memberId: session.member_id, name: session.name };
      localStorage.setItem(KEPT, JSON.stringify(next));
      tokens.take(session);
      setDevice(next);
    },
    forget() {
      localStorage.removeItem(KEPT);
      setDevice(null);
    },
  };
}

/** The token that is good now. The key asks for the next one. */
class Tokens {
  #token: Promise<string> | undefined;

  take({ token }: Session) {
    this.#token = Promise.resolve(token);
  }

  of(device: Device, refresh: boolean): Promise<string> {
    if (refresh || !this.#token) {
      this.#token = signIn(device);
      // The next call tries again.
      this.#token.catch(() => {
        this.#token = undefined;
      });
    }
    return this.#token;
  }
}

/** Before there is a token there is no signed-in client: this call is made by hand. */
async function signIn({ key }: Device): Promise<string> {
  const reply = await fetch(`${url.replace(/\/$/, "")}/rpc/signIn`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-edgepod-key": apiKey ?? "" },
    body: JSON.stringify({ key }),
  });
  const { data, error } = await reply.json();
  if (!reply.ok) throw new Error(error?.message ?? "This device could not sign in.");
  return data.token;
}

function kept(): Device | null {
  try {
    const device: Device = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return typeof device?.key === "string" ? device : null;
  } catch {
    return null;
  }
}
