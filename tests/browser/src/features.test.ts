/** Single features of the client, in a browser, with a network between that does as it is told. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { FaultProxy, type ReplyFate } from "./proxy.ts";
import { App, HOST, Page } from "./servers.ts";
import { startBrowser, Window } from "./windows.ts";
import { WORKSPACE } from "./workspace.ts";

/** The page of these tests. */
const PAGE = join(WORKSPACE, "tests/browser/page");
/** The app behind it. */
const APP = "tests/apps/browser";

let app: App;
let proxy: FaultProxy;
let page: Page;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  app = await App.start({ page: false, app: APP });
  proxy = await FaultProxy.start(app.api);
  const client = join(PAGE, "src/edgepod");
  const args = ["generate", APP, "--framework", "react", "--client", client];
  const generated = spawnSync(inject("edgepod"), args, { cwd: WORKSPACE, encoding: "utf8" });
  expect(generated.stderr).toContain("client in");
  const tsc = join(WORKSPACE, "tests/browser/node_modules/typescript/bin/tsc");
  const checked = spawnSync(process.execPath, [tsc, "-p", PAGE], { encoding: "utf8" });
  expect(checked.stdout).toBe("");
  page = await Page.start(proxy, PAGE, join(WORKSPACE, "tests/browser"));
  browser = await startBrowser();
});

afterEach(async () => {
  proxy.heal();
  await Promise.all(windows.splice(0).map((window) => window.close()));
  await app.call("deleteUsers");
});

afterAll(async () => {
  await browser?.close();
  await page?.stop();
  await proxy?.stop();
  await app?.stop();
});

async function open(view: string): Promise<Window> {
  const window = await Window.open(browser, `${page.url}/?view=${view}`);
  windows.push(window);
  await window.status("live");
  return window;
}

const seen = (window: Window): Promise<{ fallbacks: number; duplicates: number[] }> =>
  window.page.evaluate(() => (globalThis as any).seen);

/** The names that the page lists, in order. */
const names = (window: Window): Promise<string[]> =>
  window.page.getByRole("list", { name: "Users" }).getByRole("listitem").allInnerTexts();

/** What becomes of the first calls of a function; later ones pass. The idempotency keys of all are kept. */
function first(path: string, ...fates: ReplyFate[]): (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  proxy.reply = (called, { headers }) => {
    if (called !== path) return "pass";
    keys.push(headers["x-edgepod-idempotency-key"] as string | undefined);
    return fates.shift() ?? "pass";
  };
  return keys;
}

const press = (window: Window, name: string) => window.page.getByRole("button", { name, exact: true }).click();

describe(`the client's features before the ${HOST} host`, () => {
  test("a mutation whose reply is lost is sent again with its key, and runs once", async () => {
    const window = await open("optimistic");
    const keys = first("/rpc/insertUser", "lose", "lose");
    await press(window, "Add Ada");
    await expect.poll(() => names(window)).toEqual(["Ada"]);
    expect(keys).toHaveLength(3);
    expect(keys[0]).toBeTruthy();
    expect(new Set(keys).size).toBe(1);
    expect(await app.call("getUsers")).toHaveLength(1);
    expect(await window.page.getByRole("alert").count()).toBe(0);
    // Another call has another key.
    await press(window, "Add Ada");
    await expect.poll(async () => (await app.call("getUsers")).length).toBe(2);
    expect(new Set(keys).size).toBe(2);
  });

  test("a mutation whose request is lost is sent again", async () => {
    const window = await open("optimistic");
    const keys = first("/rpc/insertUser", "refuse");
    await press(window, "Add Ada");
    await expect.poll(() => names(window)).toEqual(["Ada"]);
    expect(keys).toHaveLength(2);
    expect(await app.call("getUsers")).toHaveLength(1);
  });

  test("what is expected is shown at once, and gives way to what the server says", async () => {
    const window = await open("optimistic");
    const request = proxy.gate();
    first("/rpc/insertUser", { request });
    await press(window, "Add Ada");
    // The server has not heard of it.
    await expect.poll(() => names(window)).toEqual(["Ada (expected)"]);
    expect(await app.call("getUsers")).toEqual([]);
    request.open();
    await expect.poll(() => names(window)).toEqual(["Ada"]);
  });

  test("what is expected is taken back when the server refuses, and what others did stays", async () => {
    await app.call("insertUser", { name: "First", email: "taken@example.com" });
    const window = await open("optimistic");
    await window.row("Users", "First").waitFor();
    const reply = proxy.gate();
    first("/rpc/insertUser", { reply });
    await window.page.getByLabel("Email").fill("taken@example.com");
    await press(window, "Add Ada");
    await expect.poll(() => names(window)).toEqual(["First", "Ada (expected)"]);
    await expect.poll(() => reply.arrived).toBe(1);
    // Somebody else's user comes in between, under the expectation.
    await app.call("insertUser", { name: "Other" });
    await expect.poll(() => names(window)).toEqual(["First", "Other", "Ada (expected)"]);
    reply.open();
    await window.page.getByRole("alert").waitFor();
    expect(await names(window)).toEqual(["First", "Other"]);
  });

  test("fifty mutations at once are all shown, and the screen ends with what the database holds", async () => {
    const [writer, reader] = [await open("optimistic"), await open("optimistic")];
    const request = proxy.gate();
    proxy.reply = (path) => (path === "/rpc/insertUser" ? { request } : "pass");
    await press(writer, "Add fifty");
    const expected = async () => (await names(writer)).filter((name) => name.endsWith(" (expected)")).length;
    await expect.poll(expected).toBe(50);
    request.open();
    await expect.poll(expected, { timeout: 60_000 }).toBe(0);
    const users: { name: string }[] = await app.call("getUsers");
    expect(users.map(({ name }) => name).sort()).toEqual(Array.from({ length: 50 }, (_, n) => `Quick ${n + 1}`).sort());
    for (const window of [writer, reader]) {
      await expect.poll(() => names(window)).toEqual(users.map(({ name }) => name));
      expect(window.complaints).toEqual([]);
    }
  });

  test("StrictMode, which mounts everything twice, costs no second socket and no second call", async () => {
    const sent: string[] = [];
    proxy.reply = (path) => {
      sent.push(path);
      return "pass";
    };
    const window = await open("optimistic");
    await window.page.getByRole("list", { name: "Users" }).waitFor({ state: "attached" });
    await expect.poll(() => sent.length).toBe(1);
    await expect.poll(() => window.openSockets).toBe(1);
    await press(window, "Add Ada");
    await expect.poll(() => names(window)).toEqual(["Ada"]);
    await window.page.waitForTimeout(500);
    expect(sent.filter((path) => path === "/rpc/insertUser")).toHaveLength(1);
    // The first read, the mutation, and one read after it.
    expect(sent).toHaveLength(3);
    expect(window.complaints).toEqual([]);
  });

  test("a component that goes while its query is under way leaves nothing behind", async () => {
    await app.call("insertUser", { name: "Ada" });
    const window = await open("unmounting");
    const reply = proxy.gate();
    first("/rpc/getUsers", { reply });
    await press(window, "Show");
    await window.page.getByText("Loading…").waitFor();
    await expect.poll(() => reply.arrived).toBe(1);
    await press(window, "Hide");
    reply.open();
    await window.page.waitForTimeout(500);
    expect(await window.page.getByRole("list").count()).toBe(0);
    // What changed while nobody looked is seen by who comes back.
    await app.call("insertUser", { name: "Grace" });
    await press(window, "Show");
    await expect.poll(() => names(window)).toEqual(["Ada", "Grace"]);
    await app.call("insertUser", { name: "Mary" });
    await expect.poll(() => names(window)).toEqual(["Ada", "Grace", "Mary"]);
    expect(window.openSockets).toBe(1);
    expect(window.complaints).toEqual([]);
  });

  test("with suspense the fallback is shown once, and never again for what is refreshed", async () => {
    await app.call("insertUser", { name: "Ada" });
    const reply = proxy.gate();
    first("/rpc/getUsers", { reply });
    const window = await open("suspense");
    await window.page.getByText("Suspended…").waitFor();
    reply.open();
    await expect.poll(() => names(window)).toEqual(["Ada"]);
    const { fallbacks } = await seen(window);
    const refreshed = proxy.gate();
    first("/rpc/getUsers", { reply: refreshed });
    await app.call("insertUser", { name: "Grace" });
    await expect.poll(() => refreshed.arrived).toBe(1);
    expect(await names(window)).toEqual(["Ada"]);
    refreshed.open();
    await expect.poll(() => names(window)).toEqual(["Ada", "Grace"]);
    expect((await seen(window)).fallbacks).toBe(fallbacks);
    expect(window.complaints).toEqual([]);
  });

  test("an infinite list neither loses nor doubles rows that are inserted while it grows", async () => {
    for (let n = 1; n <= 12; n += 1) await app.call("insertUser", { name: `User ${n}` });
    const window = await open("pages");
    await expect.poll(async () => (await names(window)).length).toBe(5);
    let inserting = true;
    const inserts = (async () => {
      for (let n = 13; inserting && n <= 40; n += 1) {
        await app.call("insertUser", { name: `User ${n}` });
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    const more = window.page.getByRole("button", { name: "More", exact: true });
    const all = window.page.getByRole("button", { name: "That is all" });
    for (let pressed = 0; pressed < 4; pressed += 1) await more.click();
    inserting = false;
    await inserts;
    await expect
      .poll(
        async () => {
          if (await more.isEnabled({ timeout: 100 }).catch(() => false)) await more.click({ timeout: 1000 }).catch(() => {});
          return all.isVisible();
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    const users: { name: string }[] = await app.call("getUsers");
    const newestFirst = users.map((user) => user.name).reverse();
    expect(newestFirst.length).toBeGreaterThan(12);
    await expect.poll(() => names(window)).toEqual(newestFirst);
    expect((await seen(window)).duplicates).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
