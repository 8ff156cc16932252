import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** Bytes of a bundle for production, gzipped. */
async function gzipped(entry: string, external: string[]): Promise<number> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["react", ...external],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error("esbuild wrote nothing");
  return gzipSync(file.contents, { level: 9 }).length;
}

test.each([
  { what: "the core without TanStack", entry: "src/core/index.ts", external: ["@tanstack/*"], budget: 5 * 1024 },
  {
    what: "core and React hooks without TanStack",
    entry: "src/react/index.ts",
    external: ["@tanstack/*"],
    budget: 5 * 1024,
  },
  { what: "core and React hooks with TanStack", entry: "src/react/index.ts", external: [], budget: 14 * 1024 },
])("$what fits into $budget bytes gzipped", async ({ what, entry, external, budget }) => {
  const size = await gzipped(entry, external);
  console.log(`${what}: ${size} of ${budget} bytes gzipped`);
  expect(size).toBeLessThanOrEqual(budget);
});
