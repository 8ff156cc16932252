/** Reads the TypeScript types of a manifest, as far as a form needs them. What it does not know is `other`: JSON of any kind. */
import type { NamedType } from "./api.ts";

export interface Member {
  name: string;
  type: Type;
  optional: boolean;
}

export type Type =
  | { kind: "string" | "number" | "boolean" | "null" | "undefined" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "union"; members: Type[] }
  | { kind: "array"; item: Type }
  | { kind: "object"; members: Member[] }
  | { kind: "named"; name: string }
  | { kind: "other"; text: string };

/** The types that have names, by them. */
export type Types = ReadonlyMap<string, Type>;

/** Reads one type. */
export function readType(text: string): Type {
  try {
    const reader = new Reader(tokens(text));
    const type = reader.type();
    if (!reader.ended) throw new Unknown();
    return type;
  } catch (error) {
    if (error instanceof Unknown) return { kind: "other", text: text.trim() };
    throw error;
  }
}

/** Reads declarations: `type User = { id: number };`. Those with parameters of their own are of no use to a form. */
export function readTypes(declarations: readonly NamedType[]): Types {
  const types = new Map<string, Type>();
  for (const { name, declaration } of declarations) {
    const match = /^\s*(?:export\s+)?type\s+([\w$]+)\s*=([\s\S]*?);?\s*$/u.exec(declaration);
    types.set(name, match ? readType(match[2] ?? "") : { kind: "other", text: name });
  }
  return types;
}

/** What a type is behind its name. A type that is only its own name is `other`. */
export function resolve(type: Type, types: Types): Type {
  let seen = type;
  for (let depth = 0; depth < 20 && seen.kind === "named"; depth += 1) {
    seen = types.get(seen.name) ?? { kind: "other", text: seen.name };
  }
  return seen.kind === "named" ? { kind: "other", text: seen.name } : seen;
}

/** The alternatives of a type: those of a union, and of unions in it. */
export function alternatives(type: Type, types: Types, depth = 0): Type[] {
  const resolved = resolve(type, types);
  if (resolved.kind !== "union" || depth > 20) return [resolved];
  return resolved.members.flatMap((member) => alternatives(member, types, depth + 1));
}

/** What of a value is not as its type says, in words; null where nothing is. Errs to the side of letting through. */
export function mismatch(value: unknown, type: Type, types: Types, path = ""): string | null {
  const at = path || "it";
  const resolved = resolve(type, types);
  switch (resolved.kind) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === resolved.kind ? null : `${at} should be a ${resolved.kind}, and is ${kindOf(value)}`;
    case "null":
      return value === null ? null : `${at} should be null, and is ${kindOf(value)}`;
    case "undefined":
      return value === undefined ? null : `${at} should be left out`;
    case "literal":
      return value === resolved.value ? null : `${at} should be ${JSON.stringify(resolved.value)}`;
    case "array": {
      if (!Array.isArray(value)) return `${at} should be an array, and is ${kindOf(value)}`;
      for (const [i, item] of value.entries()) {
        const wrong = mismatch(item, resolved.item, types, `${path}[${i}]`);
        if (wrong) return wrong;
      }
      return null;
    }
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return `${at} should be an object, and is ${kindOf(value)}`;
      }
      const given = value as Record<string, unknown>;
      for (const member of resolved.members) {
        const inner = path ? `${path}.${member.name}` : member.name;
        if (!Object.hasOwn(given, member.name)) {
          if (member.optional || alternatives(member.type, types).some(({ kind }) => kind === "undefined")) continue;
          return `${inner} is missing`;
        }
        const wrong = mismatch(given[member.name], member.type, types, inner);
        if (wrong) return wrong;
      }
      return null;
    }
    case "union": {
      const wrongs = resolved.members.map((member) => mismatch(value, member, types, path));
      if (wrongs.includes(null)) return null;
      // Of several that do not fit, the one that goes deepest is most likely meant.
      const deepest = wrongs.filter((wrong) => wrong !== null).sort((a, b) => depth(b) - depth(a))[0];
      const values = alternatives(resolved, types).map((one) =>
        one.kind === "literal" ? JSON.stringify(one.value) : one.kind === "null" ? "null" : undefined,
      );
      return values.includes(undefined) ? (deepest ?? null) : `${at} should be one of ${values.join(", ")}`;
    }
    default:
      return null;
  }
}

function depth(wrong: string): number {
  return wrong.split(" ")[0]?.split(/[.[]/).length ?? 0;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A value to begin with where JSON is typed by hand. */
export function sample(type: Type, types: Types, depth = 0): unknown {
  const resolved = resolve(type, types);
  switch (resolved.kind) {
    case "string":
      return "";
    case "number":
      return 0;
    case "boolean":
      return false;
    case "literal":
      return resolved.value;
    case "array":
      return [];
    case "object":
      if (depth > 4) return {};
      return Object.fromEntries(
        resolved.members
          .filter((member) => !member.optional)
          .map((member) => [member.name, sample(member.type, types, depth + 1)]),
      );
    case "union": {
      const first = alternatives(resolved, types).find(({ kind }) => kind !== "null" && kind !== "undefined");
      return first ? sample(first, types, depth + 1) : null;
    }
    default:
      return null;
  }
}

/** What is written is no type that is read here. */
class Unknown extends Error {}

type Token = { kind: "name" | "string" | "number" | "sign"; text: string };

const TOKEN =
  /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*|([\p{L}_$][\p{L}\p{N}_$]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([{}[\]()<>|&;:,?.=])/uy;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) throw new Unknown();
    if (match[1] !== undefined) found.push({ kind: "name", text: match[1] });
    else if (match[2] !== undefined) found.push({ kind: "string", text: unquote(match[2]) });
    else if (match[3] !== undefined) found.push({ kind: "number", text: match[3] });
    else if (match[4] !== undefined) found.push({ kind: "sign", text: match[4] });
  }
  return found;
}

function unquote(text: string): string {
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text);
    } catch {
      throw new Unknown();
    }
  }
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

class Reader {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  get ended(): boolean {
    return this.#at === this.#tokens.length;
  }

  type(): Type {
    this.#take("|");
    const members = [this.#postfix()];
    while (this.#take("|")) members.push(this.#postfix());
    return members.length === 1 ? (members[0] as Type) : { kind: "union", members };
  }

  #postfix(): Type {
    let type = this.#primary();
    while (this.#peek("[") && this.#peek("]", 1)) {
      this.#at += 2;
      type = { kind: "array", item: type };
    }
    return type;
  }

  #primary(): Type {
    const token = this.#tokens[this.#at];
    if (!token) throw new Unknown();
    this.#at += 1;
    if (token.kind === "string") return { kind: "literal", value: token.text };
    if (token.kind === "number") return { kind: "literal", value: Number(token.text) };
    if (token.kind === "name") return this.#named(token.text);
    if (token.text === "(") {
      const inner = this.type();
      this.#need(")");
      return inner;
    }
    if (token.text === "{") return this.#object();
    throw new Unknown();
  }

  #named(name: string): Type {
    switch (name) {
      case "string":
      case "number":
      case "boolean":
      case "null":
      case "undefined":
        return { kind: name };
      case "true":
      case "false":
        return { kind: "literal", value: name === "true" };
      case "Array": {
        this.#need("<");
        const item = this.type();
        this.#need(">");
        return { kind: "array", item };
      }
      case "any":
      case "unknown":
        return { kind: "other", text: name };
    }
    // `Page<User>`, `keyof User`, `a.B`: nothing that a form is made of.
    const next = this.#tokens[this.#at];
    if (next && (next.kind !== "sign" || ["<", ".", "=", "("].includes(next.text))) throw new Unknown();
    return { kind: "named", name };
  }

  #object(): Type {
    const members: Member[] = [];
    while (!this.#take("}")) {
      const token = this.#tokens[this.#at];
      if (!token || token.kind === "sign") throw new Unknown();
      this.#at += 1;
      const optional = this.#take("?");
      this.#need(":");
      members.push({ name: token.text, type: this.type(), optional });
      if (!this.#take(",") && !this.#take(";") && !this.#peek("}")) throw new Unknown();
    }
    return { kind: "object", members };
  }

  #peek(sign: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === "sign" && token.text === sign;
  }

  #take(sign: string): boolean {
    const found = this.#peek(sign);
    if (found) this.#at += 1;
    return found;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) throw new Unknown();
  }
}
