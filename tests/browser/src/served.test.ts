/** The app as a test in another language has it: `edgepod::testing::serve`, reset between tests. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { Program } from "./program.ts";
import { Page } from "./servers.ts";
import { startBrowser, Window } from "./windows.ts";
import { PAGE, WORKSPACE } from "./workspace.ts";

let program: Program;
let server: { url: string; key: string; reset: string };
let page: Page;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  const cargo = process.env.CARGO ?? "cargo";
  program = new Program(cargo, ["run", "--quiet", "--package", "users", "--example", "test_server"], { cwd: WORKSPACE });
  server = JSON.parse((await program.printed(/^\{.*\}$/m, 800))[0]);
  const client = join(PAGE, "src/edgepod");
  const generated = spawnSync(inject("edgepod"), ["generate", "examples/users", "--client", client], { cwd: WORKSPACE });
  expect(generated.status).toBe(0);
  page = await Page.start({ api: server.url, key: server.key });
  browser = await startBrowser();
});

beforeEach(async () => {
  const reset = await fetch(server.reset, { method: "POST" });
  expect(reset.status).toBe(204);
});

afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});

afterAll(async () => {
  await browser?.close();
  await page?.stop();
  await program?.stop();
});

async function open(): Promise<Window> {
  const window = await Window.open(browser, page.url);
  windows.push(window);
  return window.live();
}

for (const turn of ["first", "second"]) {
  test(`the ${turn} test begins with what every test begins with`, async () => {
    const window = await open();
    await window.row("Users", "ada@example.org").waitFor();
    expect(await window.row("Users", "@").count()).toBe(1);
    await window.addUser("Grace Hopper", "grace@example.org");
    await window.row("Users", "grace@example.org").waitFor();
  });
}

test("a page that is open shows what a reset left", async () => {
  const window = await open();
  await window.addUser("Grace Hopper", "grace@example.org");
  await window.row("Users", "grace@example.org").waitFor();
  expect((await fetch(server.reset, { method: "POST" })).status).toBe(204);
  await window.row("Users", "grace@example.org").waitFor({ state: "detached" });
  await window.row("Users", "ada@example.org").waitFor();
  expect(await window.notReloaded()).toBe(true);
});
