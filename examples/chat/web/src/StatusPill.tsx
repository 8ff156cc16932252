import { useStatus } from "./edgepod/client";

const WORDS = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "Offline",
  unauthorized: "Key refused",
} as const;

/** Whether what is on the screen is kept fresh. */
export function StatusPill() {
  const status = useStatus();
  return (
    <span className={`pill pill-${status}`} role="status" aria-label={`Connection: ${WORDS[status]}`}>
      <span className="pill-dot" aria-hidden="true" />
      {WORDS[status]}
    </span>
  );
}
