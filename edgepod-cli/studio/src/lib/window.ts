/** Which of many rows of one height are seen. */

/** Browsers draw nothing below some 33 million pixels. */
export const TALLEST = 30_000_000;

export interface Span {
  first: number;
  /** The one after the last. */
  end: number;
}

/** The rows that are seen, and some around them so that scrolling does not show gaps. */
export function span(top: number, height: number, rowHeight: number, count: number, around = 8): Span {
  // Where there are fewer rows than there were, the place may be behind the last one.
  const first = Math.min(count, Math.max(0, Math.floor(top / rowHeight) - around));
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + around);
  return { first, end: Math.max(first, end) };
}

/** The pages that a span lies on. */
export function pagesOf({ first, end }: Span, size: number): number[] {
  if (end <= first) return [];
  const pages: number[] = [];
  for (let page = Math.floor(first / size); page <= Math.floor((end - 1) / size); page += 1) pages.push(page);
  return pages;
}

/** Where to scroll so that a row is seen; null where it is. */
export function reveal(row: number, top: number, height: number, rowHeight: number): number | null {
  if (row * rowHeight < top) return row * rowHeight;
  if ((row + 1) * rowHeight > top + height) return (row + 1) * rowHeight - height;
  return null;
}
