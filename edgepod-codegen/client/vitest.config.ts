import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";

// The servers are real, and so are the waits; a busy machine must not make a failure of them.
const testTimeout = 60_000;

/** The tests of an adapter, with everything as a browser gets it: on Node.js, some would render pages on a server. */
function adapter(name: string, tanstack: string): TestProjectConfiguration {
  return {
    plugins: [
      svelte(),
      {
        name: "tanstack-seam",
        enforce: "pre",
        // As code generation does it.
        transform: (code, id) =>
          id.endsWith("/core/tanstack.ts") ? code.replaceAll("@tanstack/query-core", tanstack) : undefined,
      },
    ],
    resolve: {
      conditions: ["browser"],
      // The test server runs beside the page.
      alias: { ws: new URL("node_modules/ws/wrapper.mjs", import.meta.url).pathname },
    },
    test: {
      name,
      include: [`tests/frameworks/${name}.test.ts`],
      environment: "jsdom",
      server: { deps: { inline: [/solid/, /svelte/, /@tanstack/] } },
      testTimeout,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      { test: { name: "client", include: ["tests/*.test.{ts,tsx}"], testTimeout } },
      adapter("vue", "@tanstack/vue-query"),
      adapter("svelte", "@tanstack/svelte-query"),
      adapter("solid", "@tanstack/solid-query"),
      adapter("plain", "@tanstack/query-core"),
    ],
  },
});
