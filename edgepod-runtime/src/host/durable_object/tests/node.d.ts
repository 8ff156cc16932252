// What the tests use of Node and of Vite, whose types beside the platform's would be two of everything.
declare module "node:fs/promises" {
  export function readFile(file: URL, encoding: "utf8"): Promise<string>;
}

declare class Buffer extends Uint8Array {
  static from(value: string | ArrayBuffer | Uint8Array): Buffer;
  equals(other: Uint8Array): boolean;
  toString(encoding?: "base64"): string;
}

interface ImportMeta {
  readonly url: string;
}
