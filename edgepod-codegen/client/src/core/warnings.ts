import type { EdgePodClient } from "./client";
import type { EdgePodKey } from "./key";

// Bundlers put a text in its place; TanStack Query needs it as well.
declare const process: { env: { NODE_ENV?: string } };

/** What a query's result has beside TanStack Query's own. */
export interface Warned {
  /** What the server warns of, for example rows that were left out. Empty where all is well. */
  readonly warnings: readonly string[];
}

const said = new Set<string>();

/** Says what the server warns of in the console, each once, while an app is developed. */
export function say(name: string, warnings: readonly string[]): void {
  if (process.env.NODE_ENV === "production") return;
  for (const warning of warnings) {
    const text = `EdgePod: ${name}: ${warning}`;
    if (!said.has(text)) console.warn(text);
    said.add(text);
  }
}

/** A query's result with the server's warnings in it. They are looked up where somebody asks for them. */
export function withWarnings<R extends object>(result: R, client: EdgePodClient, key: () => EdgePodKey): R & Warned {
  return new Proxy(result as R & Warned, {
    get: (target, name) => {
      if (name !== "warnings") return Reflect.get(target, name);
      // Whoever shows them is told when there is another reply.
      void (target as { dataUpdatedAt?: unknown }).dataUpdatedAt;
      return client.warningsOf(key());
    },
  });
}
