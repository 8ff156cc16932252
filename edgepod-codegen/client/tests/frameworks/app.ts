import type { EdgePodOptions } from "../../src/core";

export interface User {
  id: number;
  name: string;
}

export interface Queries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: User[]; error: never };
  getUserById: { kind: "query"; args: { id: number }; result: User; error: never };
}

export interface Mutations {
  insertUser: { kind: "function"; args: { name: string }; result: User; error: never };
}

/** A small app in one of the frameworks, mounted. Each shows the same elements: `users`, `one`,
 * `warnings`, `status`, `error`, `added`. */
export interface Mounted {
  /** Calls the mutation. */
  trigger: (name: string) => Promise<User>;
  /** Forgets the last call. */
  reset: () => void;
  /** Chooses the user of which `one` shows the name; null reads none. */
  choose: (id: number | null) => void;
  unmount: () => void;
}

/** Mounts the app in `target`. */
export type Mount = (target: HTMLElement, options: EdgePodOptions) => Mounted;

/** What an element of the app shows. */
export function text(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/** The optimistic update of the app's mutation. */
export const optimistic = {
  getUsers: (users: User[], { name }: { name: string }) => [...users, { id: 0, name: `${name}?` }],
};

/** What `users` shows. */
export function names(users: User[] | undefined): string {
  return users ? users.map(({ name }) => name).join(",") || "nobody" : "loading";
}
