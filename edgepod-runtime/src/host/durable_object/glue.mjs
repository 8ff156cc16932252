// What `edgepod build` adds to the end of wasm-bindgen's `core.js`: this stands inside that module, and sees what it keeps.

// Replaces the ways into the instance that runs, all of them: those that callbacks take, too.
export function enter_by(ways) {
  wasm = ways(wasm);
}

// Nothing is to be done: that the module imports it says enough (`bridge.mjs`).
export function headersAreRead() {}

// wasm-bindgen copies strings one character at a time for as long as they are ASCII. That is the fastest for short ones; from
// this length on, in characters, the platform's encoder is.
const LONG = 256;

const passShortString = passStringToWasm0;

// Writes a long string into the memory of the instance, as UTF-8.
passStringToWasm0 = (text, malloc, realloc) => {
  if (text.length < LONG || realloc === undefined) return passShortString(text, malloc, realloc);
  const room = text.length;
  let start = malloc(room, 1) >>> 0;
  let { read, written } = cachedTextEncoder.encodeInto(text, getUint8ArrayMemory0().subarray(start, start + room));
  if (read < text.length) {
    // A character took more than a byte; none takes more than three for each unit of UTF-16.
    const rest = text.slice(read);
    const most = written + rest.length * 3;
    start = realloc(start, room, most, 1) >>> 0;
    const view = getUint8ArrayMemory0().subarray(start + written, start + most);
    written += cachedTextEncoder.encodeInto(rest, view).written;
    start = realloc(start, most, written, 1) >>> 0;
  }
  WASM_VECTOR_LEN = written;
  return start;
};
