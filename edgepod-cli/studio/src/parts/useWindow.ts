/** Follows which rows of a list are seen. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from "react";
import { reveal, type Span, span } from "../lib/window.ts";

/** The rows of `box` that are seen, and a way to make one seen. `head` is the height of what stays at its top. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  head = 0,
): Span & { show: (row: number) => void } {
  const [seen, setSeen] = useState<Span>({ first: 0, end: Math.min(count, 40) });
  const measure = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const next = span(element.scrollTop, element.clientHeight - head, rowHeight, count);
    setSeen((before) => (before.first === next.first && before.end === next.end ? before : next));
  }, [box, count, rowHeight, head]);
  useLayoutEffect(measure, [measure]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [box, measure]);
  const show = useCallback(
    (row: number) => {
      const element = box.current;
      if (!element) return;
      const top = reveal(row, element.scrollTop, element.clientHeight - head, rowHeight);
      if (top !== null) element.scrollTop = top;
    },
    [box, rowHeight, head],
  );
  // What was measured may be of more rows than there are now.
  return { first: Math.min(seen.first, count), end: Math.min(seen.end, count), show };
}
