/** The same small app in five frameworks, built by their own tools, does the same. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { App, FRONT_ENDS, HOST, Page } from "./servers.ts";
import { SIGNAL, startBrowser, Window } from "./windows.ts";

let app: App;
let browser: Browser;

beforeAll(async () => {
  app = await App.start({ page: false });
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

describe.each(FRONT_ENDS)(`the front end in %s before the ${HOST} host`, (frontEnd) => {
  let page: Page;
  const windows: Window[] = [];

  beforeAll(async () => {
    page = await Page.built(app, frontEnd);
  });

  afterEach(async () => {
    await Promise.all(windows.splice(0).map((window) => window.close()));
    for (const user of await app.call("getUsers")) await app.call("deleteUser", { id: user.id });
  });

  afterAll(async () => {
    await page?.stop();
  });

  async function open(): Promise<Window> {
    const window = await Window.open(browser, page.url);
    windows.push(window);
    await window.status("live");
    return window;
  }

  const rows = (window: Window) => window.page.getByRole("list", { name: "Users" }).getByRole("listitem");

  test("it lists, adds and deletes, and says that it is connected", async () => {
    await app.call("insertUser", { name: "Ada Lovelace" });
    const window = await open();
    await window.row("Users", "Ada Lovelace").waitFor();
    await window.addUser("Grace Hopper", "grace@example.com");
    await window.row("Users", "Grace Hopper").waitFor();
    await expect.poll(() => window.page.getByLabel("Name").inputValue()).toBe("");
    expect((await app.call("getUsers")).map((user: { email: string }) => user.email)).toContain("grace@example.com");
    await window.deleteUser("Ada Lovelace");
    await window.row("Users", "Ada Lovelace").waitFor({ state: "detached" });
    expect(await rows(window).count()).toBe(1);
    expect(window.complaints).toEqual([]);
  });

  test("what one window does, another shows by itself", async () => {
    const [first, second] = [await open(), await open()];
    await first.addUser("Mary Somerville");
    await second.row("Users", "Mary Somerville").waitFor({ timeout: SIGNAL });
    await second.deleteUser("Mary Somerville");
    await first.row("Users", "Mary Somerville").waitFor({ state: "detached", timeout: SIGNAL });
    // One socket each, and nothing is read but once for each change.
    expect([first.openSockets, second.openSockets]).toEqual([1, 1]);
    expect(first.calls.filter((name) => name === "getUsers").length).toBeLessThanOrEqual(3);
  });

  test("why the server refuses is shown, and gone with the next attempt", async () => {
    await app.call("insertUser", { name: "Ada", email: "ada@example.com" });
    const window = await open();
    await window.addUser("Somebody else", "ada@example.com");
    const alert = window.page.getByRole("alert").filter({ hasText: /./ });
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/ada@example\.com|email|exists|unique/i);
    expect(await rows(window).count()).toBe(1);
    // What was typed is still there.
    expect(await window.page.getByLabel("Name").inputValue()).toBe("Somebody else");
    await window.addUser("Somebody else", "else@example.com");
    await window.row("Users", "Somebody else").waitFor();
    await expect.poll(() => alert.count()).toBe(0);
  });

  test("the status follows the network, and a change in between is made good", async () => {
    const window = await open();
    await window.page.context().setOffline(true);
    await window.status("offline");
    await app.call("insertUser", { name: "Meanwhile" });
    await window.page.context().setOffline(false);
    await window.status("live");
    await window.row("Users", "Meanwhile").waitFor({ timeout: SIGNAL });
  });
});
