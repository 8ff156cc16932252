/** A form for the arguments of a function. */
import type { Argument } from "./api.ts";
import { alternatives, mismatch, readType, sample, type Type, type Types } from "./tstype.ts";

export interface Field {
  name: string;
  /** The type, as it is written. */
  written: string;
  type: Type;
  optional: boolean;
  nullable: boolean;
  input: Input;
}

export type Input = { kind: "text" | "number" | "json" } | { kind: "select"; options: (string | number | boolean)[] };

/** What stands in a field. */
export interface Entry {
  text: string;
  /** Whether it is to be null, whatever the text. */
  isNull: boolean;
}

export const EMPTY: Entry = { text: "", isNull: false };

export function fieldOf(argument: Argument, types: Types): Field {
  const type = readType(argument.type);
  const all = alternatives(type, types);
  const some = all.filter(({ kind }) => kind !== "null" && kind !== "undefined");
  return {
    name: argument.name,
    written: argument.type,
    type,
    optional: argument.optional === true || all.some(({ kind }) => kind === "undefined"),
    nullable: all.some(({ kind }) => kind === "null"),
    input: inputOf(some),
  };
}

function inputOf(some: Type[]): Input {
  if (some.length > 0 && some.every((type) => type.kind === "string")) return { kind: "text" };
  if (some.length > 0 && some.every((type) => type.kind === "number")) return { kind: "number" };
  const options: (string | number | boolean)[] = [];
  for (const type of some) {
    if (type.kind === "boolean") options.push(true, false);
    else if (type.kind === "literal") options.push(type.value);
    else return { kind: "json" };
  }
  return options.length > 0 ? { kind: "select", options: [...new Set(options)] } : { kind: "json" };
}

export type Read = { ok: true; value: unknown; given: boolean } | { ok: false; why: string };

/** The value of a field. */
export function readField(field: Field, entry: Entry, types: Types): Read {
  if (entry.isNull) return { ok: true, value: null, given: true };
  const text = entry.text.trim();
  const leftOut: Read = { ok: true, value: undefined, given: false };
  switch (field.input.kind) {
    case "text":
      if (entry.text === "" && field.optional) return leftOut;
      return { ok: true, value: entry.text, given: true };
    case "number": {
      if (text === "") return field.optional ? leftOut : { ok: false, why: "A number is missing." };
      const value = Number(text);
      if (!Number.isFinite(value)) return { ok: false, why: "This is no number." };
      if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(value)) {
        return { ok: false, why: "JSON from a page does not hold this integer exactly: more than 9007199254740991." };
      }
      return { ok: true, value, given: true };
    }
    case "select": {
      if (text === "") return field.optional ? leftOut : { ok: false, why: "Choose one." };
      return { ok: true, value: JSON.parse(text), given: true };
    }
    case "json": {
      if (text === "") return field.optional ? leftOut : { ok: false, why: "JSON is missing." };
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        return { ok: false, why: `This is no JSON: ${error instanceof Error ? error.message : error}.` };
      }
      const wrong = mismatch(value, field.type, types);
      return wrong === null ? { ok: true, value, given: true } : { ok: false, why: `By its type, ${wrong}.` };
    }
  }
}

export type Entries = Readonly<Record<string, Entry>>;

/** The arguments of a form, or what is wrong with which field. */
export function readForm(
  fields: readonly Field[],
  entries: Entries,
  types: Types,
): { ok: true; args: Record<string, unknown> } | { ok: false; wrong: Record<string, string> } {
  const args: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  for (const field of fields) {
    const read = readField(field, entries[field.name] ?? EMPTY, types);
    if (!read.ok) wrong[field.name] = read.why;
    else if (read.given) args[field.name] = read.value;
  }
  return Object.keys(wrong).length > 0 ? { ok: false, wrong } : { ok: true, args };
}

/** The arguments as JSON to go on with by hand: what the form has, and samples for the rest that is needed. */
export function formJson(fields: readonly Field[], entries: Entries, types: Types): string {
  const args: Record<string, unknown> = {};
  for (const field of fields) {
    const entry = entries[field.name] ?? EMPTY;
    const read = readField(field, entry, types);
    if (read.ok && read.given) args[field.name] = read.value;
    else if (!field.optional) args[field.name] = sample(field.type, types);
  }
  return JSON.stringify(args, null, 2);
}

/** Arguments that are JSON already, as a call of the log has them, as entries of the form. */
export function entriesOf(fields: readonly Field[], args: Record<string, unknown>): Record<string, Entry> {
  const entries: Record<string, Entry> = {};
  for (const field of fields) {
    const value = args[field.name];
    if (value === undefined) continue;
    const asText = field.input.kind === "text" && typeof value === "string";
    entries[field.name] = {
      isNull: value === null && field.nullable,
      text: value === null ? "" : asText ? value : JSON.stringify(value, null, field.input.kind === "json" ? 2 : 0),
    };
  }
  return entries;
}
