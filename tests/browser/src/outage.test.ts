/** What a user sees when the server goes away, and when it returns. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { App, HOST, Page } from "./servers.ts";
import { RECONNECT, SIGNAL, startBrowser, Window } from "./windows.ts";
import { pictures } from "./workspace.ts";

let app: App;
let page: Page;
let browser: Browser;
let window: Window | undefined;

beforeAll(async () => {
  app = await App.start({ page: false });
  page = await Page.start(app);
  browser = await startBrowser();
});

beforeEach(async () => {
  await app.pause();
  await app.resume();
});

afterEach(async () => {
  await window?.close();
  window = undefined;
});

afterAll(async () => {
  await browser?.close();
  await page?.stop();
  await app?.stop();
});

describe(`the users page when the ${HOST} host is gone`, () => {
  test("keeps its rows, says so, and catches up by itself afterwards", async () => {
    await app.call("insertUser", { name: "Ada Lovelace" });
    window = await (await Window.open(browser, page.url)).live();
    await window.row("Users", "Ada Lovelace").waitFor();

    await app.pause();
    await window.status("Reconnecting…");
    expect(await window.row("Users", "Ada Lovelace").count()).toBe(1);

    await window.addUser("Lost Soul");
    const form = window.page.getByRole("form", { name: "Add a user" });
    await form.getByRole("alert").waitFor();
    expect(await form.getByLabel("Name").inputValue()).toBe("Lost Soul");
    await window.page.screenshot({ path: join(pictures(), `${HOST}-outage.png`) });

    await app.resume();
    // Before the page's socket is back: nobody will tell it about this one.
    await app.call("insertUser", { name: "Came Meanwhile" });
    await window.status("Live");
    await window.row("Users", "Came Meanwhile").waitFor({ timeout: SIGNAL });
    expect(await window.notReloaded()).toBe(true);

    await form.getByRole("button", { name: "Add user" }).click();
    await window.row("Users", "Lost Soul").waitFor();
    await form.getByRole("alert").waitFor({ state: "detached" });
  });

  test("is in step again after the server was restarted", async () => {
    window = await (await (await Window.open(browser, page.url)).live()).loaded();
    await app.pause();
    await window.status("Reconnecting…");
    await app.resume();
    await window.status("Live");
    await app.call("insertUser", { name: "After The Restart" });
    await window.row("Users", "After The Restart").waitFor({ timeout: SIGNAL });
  });

  test("opened without a server, it shows the error and recovers", async () => {
    await app.call("insertUser", { name: "Was Here" });
    await app.pause();
    window = await Window.open(browser, page.url);
    const users = window.page.getByRole("region", { name: "Users" });
    await users.getByRole("button", { name: "Try again" }).waitFor({ timeout: RECONNECT });
    expect(await users.getByRole("alert").innerText()).not.toBe("");
    await window.page.screenshot({ path: join(pictures(), `${HOST}-no-server.png`) });

    await app.resume();
    await window.row("Users", "Was Here").waitFor({ timeout: RECONNECT });
    await users.getByRole("alert").waitFor({ state: "detached" });
    await window.status("Live");
  });
});
