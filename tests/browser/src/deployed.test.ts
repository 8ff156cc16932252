/** `edgepod deploy` of `examples/chat`: page and Worker are one upload, and one address is live, under wrangler's own server. */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Program } from "./program.ts";
import { startBrowser, Window } from "./windows.ts";
import { freePort, pictures, WORKSPACE } from "./workspace.ts";

const CHAT = join(WORKSPACE, "examples/chat");

/** Beside the app's own configuration, from which its paths are read. */
const CONFIGURATION = join(CHAT, ".edgepod-deployed-test.json");

const home = mkdtempSync(join(tmpdir(), "edgepod-deployed-"));
let browser: Browser;
let wrangler: Program | undefined;

function edgepod(args: string[], env: Record<string, string> = {}): string {
  const options = { cwd: WORKSPACE, env: { ...process.env, NO_COLOR: "1", ...env }, encoding: "utf8" } as const;
  const done = spawnSync(inject("edgepod"), args, options);
  if (done.status !== 0) throw new Error(`edgepod ${args.join(" ")} failed:\n${done.stdout}${done.stderr}`);
  return done.stdout + done.stderr;
}

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await wrangler?.stop();
  await browser?.close();
  rmSync(CONFIGURATION, { force: true });
  rmSync(home, { recursive: true, force: true });
});

test("page and Worker are one upload, and one address is live", { timeout: 1_800_000 }, async () => {
  const script = /wrangler .*?(\/\S+wrangler\.js)/.exec(edgepod(["doctor", CHAT]))?.[1];
  if (!script) throw new Error("`edgepod doctor` names no wrangler: `edgepod deploy --dry-run` installs it");

  // The real one, which keeps what it is given: the configuration goes when the upload ends.
  const kept = join(home, "configuration.json");
  const keeps = join(home, "wrangler");
  writeFileSync(keeps, `#!/bin/sh\ncp "$3" '${kept}'\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(keeps, 0o755);
  edgepod(["generate", CHAT]);
  const said = edgepod(["deploy", CHAT, "--dry-run"], { WRANGLER_BIN: keeps, WRANGLER_SEND_METRICS: "false" });
  expect(said).toMatch(/Read \d+ files? from the assets directory/);
  expect(said).toMatch(/Total Upload: .* KiB/);
  expect(said).toMatch(/env\.EDGEPOD_DO \(EdgePodEngine/);
  expect(said).toContain("nothing was uploaded");

  copyFileSync(kept, CONFIGURATION);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim();
  const secrets = join(home, "secrets");
  writeFileSync(secrets, `EDGEPOD_API_KEY="ep_pk_of_a_dry_run"\nEDGEPOD_JWT_PRIVATE_KEY="${pem}"\n`);
  const port = await freePort();
  const args = ["dev", "--config", CONFIGURATION, "--env-file", secrets, "--ip=127.0.0.1", `--port=${port}`];
  args.push("--inspector-port=0", "--show-interactive-dev-session=false", "--persist-to", join(home, "state"));
  const env = { CI: "1", XDG_CONFIG_HOME: home, WRANGLER_SEND_METRICS: "false" };
  wrangler = new Program(process.execPath, [script, ...args], { cwd: CHAT, env });
  await wrangler.printed(/Ready on http/, 300);

  const url = `http://127.0.0.1:${port}/`;
  const others: string[] = [];
  const open = async (name: string, colorScheme: "light" | "dark"): Promise<Window> => {
    const window = await Window.open(browser, url, { colorScheme });
    window.page.on("request", (request) => {
      if (!request.url().startsWith(url)) others.push(request.url());
    });
    await window.page.getByLabel("Name").fill(name);
    await window.page.getByRole("button", { name: "Come in" }).click();
    await window.page.getByRole("heading", { name: `Hello ${name}` }).waitFor();
    return window;
  };
  const ada = await open("Ada", "light");
  await ada.page.getByRole("textbox", { name: "Create an organisation" }).fill("Analytical Engines");
  await ada.page.getByRole("button", { name: "Create", exact: true }).click();
  await ada.live();
  const invitation = (await ada.page.getByText("Invitation:").locator("code").textContent()) ?? "";
  const bob = await open("Bob", "dark");
  await bob.page.getByLabel("Or join one by its invitation").fill(invitation);
  await bob.page.getByRole("button", { name: "Join" }).click();
  await bob.live();
  await ada.page.getByLabel("Message", { exact: true }).fill("From one address");
  await ada.page.getByLabel("Message", { exact: true }).press("Enter");
  await bob.page.getByText("From one address").waitFor();
  // Whoever comes back signs in by hand, at the same address.
  await bob.page.reload();
  await bob.live();
  await bob.page.getByText("From one address").waitFor();
  await bob.page.screenshot({ path: join(pictures(), "chat-deployed-bob.png") });
  expect(others).toEqual([]);
  expect([...ada.complaints, ...bob.complaints]).toEqual([]);
});
