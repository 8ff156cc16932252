/** The changes of rows that can be taken back. */
import type { Edit } from "./api.ts";

export interface Step {
  /** What was done, in words: `name of users, id 7`. */
  label: string;
  /** What takes it back. */
  edit: Edit;
  pod: string | null;
}

export interface History {
  readonly done: readonly Step[];
  readonly undone: readonly Step[];
}

export const NO_HISTORY: History = { done: [], undone: [] };

/** How many steps are kept. */
const STEPS = 100;

/** A change was made: what was taken back before can no longer be done again. */
export function did(history: History, step: Step): History {
  return { done: [...history.done, step].slice(-STEPS), undone: [] };
}

/** The last step was taken back; `again` does it again. */
export function took(history: History, again: Edit): History {
  const step = history.done.at(-1);
  if (!step) return history;
  return { done: history.done.slice(0, -1), undone: [...history.undone, { ...step, edit: again }] };
}

/** The last step that was taken back was done again; `undo` takes it back once more. */
export function redid(history: History, undo: Edit): History {
  const step = history.undone.at(-1);
  if (!step) return history;
  return { done: [...history.done, { ...step, edit: undo }], undone: history.undone.slice(0, -1) };
}

/** A step that cannot be taken back, as the row is not what it was, stands in the way of nothing else. */
export function dropped(history: History, where: "done" | "undone"): History {
  return { ...history, [where]: history[where].slice(0, -1) };
}
