/** Keys that hold everywhere, and for whom they are not meant. */
import { useEffect } from "react";

/** Whether somebody is typing. */
export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** Whether the platform's main modifier is held: Command on a Mac, Control elsewhere. */
export function mainKey(event: { metaKey: boolean; ctrlKey: boolean }): boolean {
  return event.metaKey || event.ctrlKey;
}

/** Hears keys of the whole page. */
export function useKeys(listener: (event: KeyboardEvent) => void): void {
  useEffect(() => {
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, [listener]);
}

/** How far a key moves in a list; 0 for other keys. */
export function step(
  event: { key: string; metaKey: boolean; ctrlKey: boolean; altKey: boolean },
  page: number,
): number {
  if (mainKey(event) || event.altKey) return 0;
  switch (event.key) {
    case "j":
    case "ArrowDown":
      return 1;
    case "k":
    case "ArrowUp":
      return -1;
    case "PageDown":
      return page;
    case "PageUp":
      return -page;
    case "Home":
      return -1e9;
    case "End":
      return 1e9;
    default:
      return 0;
  }
}
