// What `glue.mjs` finds inside wasm-bindgen's module.
declare let wasm: WebAssembly.Exports;
declare let WASM_VECTOR_LEN: number;
declare let passStringToWasm0: (
  text: string,
  malloc: (length: number, align: number) => number,
  realloc?: (start: number, length: number, wanted: number, align: number) => number,
) => number;
declare const cachedTextEncoder: TextEncoder;
declare const getUint8ArrayMemory0: () => Uint8Array;
