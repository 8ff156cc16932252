// Makes one file of the simulation: `node build.mjs OUTFILE`. By esbuild's own interface: its command is a program or a script,
// as npm installed it.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Lists what it holds where it has more than this, and not only beyond a hundred: so both ways are tried. */
const MOST_NAMED = 3;

const earlierLists = {
  name: "earlier lists",
  setup: (building) =>
    building.onLoad({ filter: /core[/\\]socket\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source.replace("MOST_NAMED = 100", `MOST_NAMED = ${MOST_NAMED}`);
      if (contents === source) throw new Error("socket.ts does not say any more how many topics an address names");
      return { contents, loader: "ts" };
    }),
};

await build({
  entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
  outfile: process.argv[2],
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
  plugins: [earlierLists],
});
