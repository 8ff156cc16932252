/** What a text says in JSON; nothing where it is none. */
// biome-ignore lint/suspicious/noExplicitAny: it is whatever came
export function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
