// The glue stands inside wasm-bindgen's module. Here it stands inside one of the same names, over a memory of its own.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const BINDGEN = `
let wasm = { name: "raw" };
let WASM_VECTOR_LEN = 0;
let memory = new Uint8Array(16);
let end = 0;
const cachedTextEncoder = new TextEncoder();
const getUint8ArrayMemory0 = () => memory;
function passStringToWasm0(text, malloc, realloc) {
  short += 1;
  const bytes = cachedTextEncoder.encode(text);
  const start = malloc(bytes.length, 1);
  memory.set(bytes, start);
  WASM_VECTOR_LEN = bytes.length;
  return start;
}
export let short = 0;
// As in an instance, memory that grows is another.
function malloc(length) {
  const start = end;
  end += length;
  if (end > memory.length) {
    const grown = new Uint8Array(end * 2);
    grown.set(memory);
    memory = grown;
  }
  return start;
}
function realloc(start, length, wanted) {
  const moved = malloc(wanted);
  memory.copyWithin(moved, start, start + Math.min(length, wanted));
  return moved;
}
export function pass(text) {
  const start = passStringToWasm0(text, malloc, realloc);
  return memory.slice(start, start + WASM_VECTOR_LEN);
}
export const current = () => wasm;
`;

const glue = await readFile(new URL("../glue.mjs", import.meta.url), "utf8");
const bindgen = await import(`data:text/javascript,${encodeURIComponent(BINDGEN + glue)}`);

const encoder = new TextEncoder();

/** Texts of about this many characters. */
function* texts(length) {
  for (const end of ["", "é", "€", "🦀", "\ud83e", "\udd80", "\ud83e\ud83e", "\0"]) {
    yield "a".repeat(length) + end;
    yield end + "a".repeat(length);
    yield end.repeat(length);
    yield `${"a".repeat(length / 2)}${end}${"é".repeat(length / 2)}`;
  }
}

test("strings of any length and kind arrive as the platform encodes them", () => {
  for (const length of [0, 1, 127, 128, 254, 255, 256, 257, 1000, 100_000]) {
    for (const text of texts(length)) {
      expect(
        Buffer.from(bindgen.pass(text)).equals(Buffer.from(encoder.encode(text))),
        `${length} ${text.slice(-3)}`,
      ).toBe(true);
    }
  }
});

test("short strings are left to wasm-bindgen", () => {
  const before = bindgen.short;
  bindgen.pass("a".repeat(255));
  bindgen.pass("a".repeat(256));
  expect(bindgen.short).toBe(before + 1);
});

test("the ways into the instance are replaced", () => {
  bindgen.enter_by((raw) => ({ raw }));
  expect(bindgen.current()).toEqual({ raw: { name: "raw" } });
});
