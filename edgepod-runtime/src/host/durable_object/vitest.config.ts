import { defineConfig } from "vitest/config";

const fake = (name: string) => new URL(`tests/${name}`, import.meta.url).pathname;

// The core is made by `edgepod build`: the tests have an instance of their own.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^\.\/core\.js$/, replacement: fake("core.mjs") },
      { find: /^\.\/core_bg\.wasm$/, replacement: fake("module.mjs") },
      { find: "cloudflare:workers", replacement: fake("workers.mjs") },
    ],
  },
});
