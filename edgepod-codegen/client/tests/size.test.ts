import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** Bytes of a bundle for production, gzipped. */
async function gzipped(contents: string, external: string[]): Promise<number> {
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname, sourcefile: "page.ts" },
    // What is loaded when it is first used is a file of its own, as bundlers make it.
    splitting: true,
    outdir: "out",
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["react", ...external],
    metafile: true,
  });
  const page = Object.entries(result.metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith("page.ts"));
  if (!page) throw new Error("esbuild wrote nothing");
  // With the page come the files that it imports, and not those that it may load later.
  const wanted = new Set([page[0]]);
  for (const path of wanted) {
    for (const { kind, path: imported, external } of result.metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && !external) wanted.add(imported);
    }
  }
  return result.outputFiles
    .filter(({ path }) => [...wanted].some((name) => path.endsWith(`/${name}`)))
    .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
}

const CORE = `export { EdgePodClient, EdgePodError } from "../src/core";`;
/** What the first page of the guide uses; suspense, infinite queries and the rest cost who uses them. */
const REACT = `export { EdgePodProvider, useMutation, useQuery, useStatus } from "../src/react";`;

test.each([
  { what: "the core without TanStack", entry: CORE, external: ["@tanstack/*"], budget: 5 * 1024 },
  {
    what: "core and React hooks without TanStack",
    entry: REACT,
    external: ["@tanstack/*"],
    budget: 5 * 1024,
  },
  { what: "core and React hooks with TanStack", entry: REACT, external: [], budget: 14.25 * 1024 },
])("$what fits into $budget bytes gzipped", async ({ what, entry, external, budget }) => {
  const size = await gzipped(entry, external);
  console.log(`${what}: ${size} of ${budget} bytes gzipped`);
  expect(size).toBeLessThanOrEqual(budget);
});

/** What others do for the same page: a client, a query that stays fresh, and a mutation. */
const CONVEX = `export { ConvexProvider, ConvexReactClient, useConvexConnectionState, useMutation, useQuery } from "convex/react";`;
const TRPC = `
  export { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
  export { createTRPCContext } from "@trpc/tanstack-react-query";
  export { QueryClient, QueryClientProvider, useMutation, useQuery } from "@tanstack/react-query";`;

test("with TanStack it is smaller than Convex's client, and than tRPC's with TanStack", async () => {
  const own = await gzipped(REACT, []);
  const others = { "convex/react": await gzipped(CONVEX, []), "tRPC with TanStack": await gzipped(TRPC, []) };
  for (const [what, size] of Object.entries(others)) {
    console.log(`${what}: ${size} bytes gzipped, beside EdgePod's ${own}`);
    // A bundle that holds nothing would be small as well.
    expect(size).toBeGreaterThan(1024);
    expect(own).toBeLessThan(size);
  }
});
