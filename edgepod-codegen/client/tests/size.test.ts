import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const BUDGET_BYTES = 5 * 1024;

async function gzipped(entry: string): Promise<number> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["react", "@tanstack/*"],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error("esbuild wrote nothing");
  return gzipSync(file.contents, { level: 9 }).length;
}

test("core and React hooks, without React and TanStack, fit into 5 KB gzipped", async () => {
  const core = await gzipped("src/core/index.ts");
  const react = await gzipped("src/react/index.ts");
  console.log(`gzipped: core ${core} bytes, core and React hooks ${react} bytes, budget ${BUDGET_BYTES} bytes`);
  expect(react).toBeLessThanOrEqual(BUDGET_BYTES);
});
