/** Builds the `edgepod` command once, and tells the tests where it is. */
import { spawnSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { WORKSPACE } from "./workspace.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the built command. */
    edgepod: string;
  }
}

export default function setup(project: TestProject): void {
  const cargo = process.env.CARGO ?? "cargo";
  const build = "build-as-for-tests --bin edgepod --message-format json-render-diagnostics";
  const built = spawnSync(cargo, build.split(" "), {
    cwd: WORKSPACE,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 256 << 20,
  });
  if (built.status !== 0) throw new Error("the `edgepod` command does not build");
  const executable = built.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find((message) => message.executable && message.target.name === "edgepod")?.executable;
  if (!executable) throw new Error("cargo did not say where it put the `edgepod` command");
  project.provide("edgepod", executable);
}
