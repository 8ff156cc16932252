// Makes one file of the simulation: `node build.mjs OUTFILE`. By esbuild's own interface: its command is a program or a script,
// as npm installed it.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
  outfile: process.argv[2],
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
