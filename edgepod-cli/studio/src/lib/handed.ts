/**
 * Arguments that one view hands to another. They may be secrets, so they are in no address: that would be in the browser's
 * history, which goes to other machines.
 */
const handed = new Map<string, string>();

/** Hands arguments on; under what they are found. A few are kept, for Back. */
export function handOn(args: string): string {
  const key = crypto.randomUUID();
  handed.set(key, args);
  for (const old of [...handed.keys()].slice(0, -20)) handed.delete(old);
  return key;
}

/** What was handed on under this name; none after the page was loaded again. */
export function takeHanded(key: string | undefined): string | undefined {
  return key === undefined ? undefined : handed.get(key);
}
