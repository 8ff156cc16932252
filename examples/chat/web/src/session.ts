import { useMemo, useState } from "react";
import type { Device } from "./edgepod/client";

export const url = import.meta.env.VITE_EDGEPOD_URL ?? "http://127.0.0.1:8989";
export const apiKey = import.meta.env.VITE_EDGEPOD_KEY;

/** `?as=bob` is another person in the same browser: two windows can talk to each other. */
const KEPT = `chat-device-${new URLSearchParams(location.search).get("as") ?? ""}`;

/** The device's account: `null` before it has one. */
export function useDevice() {
  const [device, setDevice] = useState(kept);
  return {
    device,
    begin(device: Device) {
      localStorage.setItem(KEPT, JSON.stringify(device));
      setDevice(device);
    },
    forget() {
      localStorage.removeItem(KEPT);
      setDevice(null);
    },
  };
}

/** What a provider takes as `getToken`: for the directory, or for an organisation. */
export function useToken(device: Device | null, org?: string) {
  const key = device?.key;
  const token = useMemo(() => (key === undefined ? null : new Token(key, org)), [key, org]);
  return ({ refresh }: { refresh: boolean }) => token?.get(refresh);
}

/** The token that is good now. The key asks for the next one. */
class Token {
  #token: Promise<string> | undefined;

  constructor(
    readonly key: string,
    readonly org: string | undefined,
  ) {}

  get(refresh: boolean): Promise<string> {
    if (refresh || !this.#token) {
      this.#token = signIn(this.key, this.org);
      // The next call tries again.
      this.#token.catch(() => {
        this.#token = undefined;
      });
    }
    return this.#token;
  }
}

/** Before there is a token there is no signed-in client: this call is made by hand, and without one it is for the directory. */
async function signIn(key: string, org: string | undefined): Promise<string> {
  const reply = await fetch(`${url.replace(/\/$/, "")}/rpc/signIn`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-edgepod-key": apiKey ?? "" },
    body: JSON.stringify({ key, org }),
  });
  const { data, error } = await reply.json();
  if (!reply.ok) throw new Error(error?.message ?? "This device could not sign in.");
  return data;
}

function kept(): Device | null {
  try {
    const device: Device = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return typeof device?.key === "string" ? device : null;
  } catch {
    return null;
  }
}
