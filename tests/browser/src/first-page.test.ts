/** The first hour: the page that `edgepod init` writes, and the terminal beside it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Program } from "./program.ts";
import { HOST } from "./servers.ts";
import { SIGNAL, startBrowser, Window } from "./windows.ts";
import { freePort, pictures, WORKSPACE } from "./workspace.ts";

/** As on a terminal: the command writes colours, and what it builds stands where other apps are built. */
const env = { NO_COLOR: "", CLICOLOR_FORCE: "1", CARGO_TARGET_DIR: join(WORKSPACE, "target") };

/** Long enough for a first build. */
const START = 800;

/** One name for each host: both apps are built into one folder, at the same time. */
const NAME = HOST === "native" ? "shop" : "store";

let folder: string;
let port: number;
let dev: Program;
let browser: Browser;
let page: string;
let api: string;

/** A command in the app's folder, and all that it prints. */
function edgepod(args: string[], cwd = join(folder, NAME)): string {
  const done = spawnSync(inject("edgepod"), args, { cwd, env: { ...process.env, ...env }, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`edgepod ${args.join(" ")}: ${done.stdout}${done.stderr}`);
  return done.stdout + done.stderr;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepod-first-"));
  edgepod(["init", NAME, "--yes"], folder);
  port = await freePort();
  await start();
  const printed = plain(dev.output);
  page = /page (http:\S+)/.exec(printed)?.[1] ?? "";
  api = /API (http:\S+)/.exec(printed)?.[1] ?? "";
  browser = await startBrowser();
});

/** `edgepod dev`, with what it prints in the order of a terminal. */
async function start(): Promise<void> {
  const args = ["-c", 'exec "$0" "$@" 2>&1', inject("edgepod"), "dev", "--host", HOST, "--port", `${port}`];
  dev = new Program("sh", args, { cwd: join(folder, NAME), env });
  await dev.printed(/Watching[^\n]*\n/, START);
}

afterAll(async () => {
  await browser?.close();
  await dev?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A text without its colours. */
function plain(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "");
}

describe(`the first page of a new app on the ${HOST} host`, () => {
  test("says that there is nothing yet, and shows in each window what is done in another", async () => {
    const one = await Window.open(browser, page);
    const other = await Window.open(browser, page);
    for (const window of [one, other]) {
      await window.page.getByRole("status").filter({ hasText: "Live" }).waitFor();
      await window.page.getByText("All done. Add the next task above.").waitFor();
      expect(await window.violations()).toEqual([]);
    }
    await one.page.getByLabel("What is to be done?").fill("Read the hint below");
    await one.page.getByRole("button", { name: "Add" }).click();
    const row = other.page.getByRole("listitem").filter({ hasText: "Read the hint below" });
    await row.waitFor({ timeout: SIGNAL });
    await other.page.getByLabel("What is to be done?").fill("   ");
    await other.page.getByRole("button", { name: "Add" }).click();
    await other.page.getByRole("alert").filter({ hasText: "A task needs a title." }).waitFor();
    await row.getByRole("button", { name: "Done" }).click();
    await one.page.getByText("All done. Add the next task above.").waitFor({ timeout: SIGNAL });
    // The browser notes what was refused.
    expect(one.complaints.concat(other.complaints).filter((text) => !text.includes("400"))).toEqual([]);
    await Promise.all([one.close(), other.close()]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`is accessible in ${colorScheme} colours, with tasks`, async () => {
      const window = await Window.open(browser, page, { colorScheme });
      for (const title of ["Describe a table", "Annotate a function", "Open a second window"]) {
        await window.page.getByLabel("What is to be done?").fill(title);
        await window.page.getByRole("button", { name: "Add" }).click();
        await window.page.getByRole("listitem").filter({ hasText: title }).first().waitFor();
        await expect.poll(() => window.page.getByLabel("What is to be done?").inputValue()).toBe("");
      }
      await window.page.setViewportSize({ width: 720, height: 560 });
      expect(await window.violations()).toEqual([]);
      await window.page.screenshot({ path: join(pictures(), `first-page-${HOST}-${colorScheme}.png`) });
      const done = window.page.getByRole("button", { name: "Done" });
      while ((await done.count()) > 0) {
        const left = (await done.count()) - 1;
        await done.first().click();
        await expect.poll(() => done.count()).toBe(left);
      }
      await window.close();
    });
  }

  test("the terminal says where everything is, and how a call was answered", async () => {
    edgepod(["call", "addTask", '{"title":"From the terminal"}', "--url", api]);
    const explained = edgepod(["call", "getTasks", "--explain", "--url", api]);
    expect(plain(explained)).toContain("From the terminal");
    // As it begins when everything is built.
    await dev.stop();
    await start();
    const began = dev.output;
    for (const what of ["Ready", "page", "API", "database", "key"]) expect(plain(began)).toContain(what);
    // Not where this machine keeps it.
    const shown = `$ edgepod dev\n${began}\n$ edgepod call getTasks --explain\n${explained}`.replaceAll(folder, "~");
    const window = await Window.open(browser, "about:blank");
    await drawTerminal(window, shown);
    await window.page.locator("#terminal").screenshot({ path: join(pictures(), `terminal-${HOST}.png`) });
    await window.close();
  });
});

/** Draws what a terminal shows, by the emulator that editors have. */
async function drawTerminal(window: Window, text: string): Promise<void> {
  const resolve = createRequire(import.meta.url).resolve;
  await window.page.setContent('<body style="margin:0"><div id="terminal" style="padding:16px;background:#10131a;width:max-content"></div>');
  await window.page.addStyleTag({ content: readFileSync(resolve("@xterm/xterm/css/xterm.css"), "utf8") });
  await window.page.addScriptTag({ content: readFileSync(resolve("@xterm/xterm"), "utf8") });
  const rows = text.split("\n").length;
  await window.page.setViewportSize({ width: 1100, height: 200 + 18 * rows });
  await window.page.evaluate(
    ([text, rows]) =>
      new Promise<void>((done) => {
        const place = document.getElementById("terminal");
        const Terminal = (globalThis as any).Terminal;
        const terminal = new Terminal({
          cols: 108,
          rows,
          convertEol: true,
          fontSize: 13,
          cursorInactiveStyle: "none",
          theme: { background: "#10131a", foreground: "#d7dce8" },
        });
        terminal.open(place);
        terminal.write(text, () => requestAnimationFrame(() => requestAnimationFrame(() => done())));
      }),
    [text, rows] as const,
  );
}
