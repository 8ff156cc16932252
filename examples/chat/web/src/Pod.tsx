import type { ReactNode } from "react";
import { type Device, EdgePodProvider } from "./edgepod/client";
import { apiKey, url, useToken } from "./session";

type Props = {
  device: Device | null;
  /** The organisation; without one it is the directory. */
  org?: string;
  children: ReactNode;
};

/** Everything inside it asks this pod, until another one stands around it. */
export function Pod({ device, org, children }: Props) {
  const getToken = useToken(device, org);
  return (
    <EdgePodProvider url={url} apiKey={apiKey ?? ""} pod={org ?? "directory"} getToken={getToken}>
      {children}
    </EdgePodProvider>
  );
}
