/** Two windows stay in step: the promise of the whole project, as a user sees it. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { App, HOST } from "./servers.ts";
import { SIGNAL, startBrowser, timed, Window } from "./windows.ts";
import { pictures } from "./workspace.ts";

let app: App;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  app = await App.start({ page: true });
  browser = await startBrowser();
});

afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

async function open(path = "/", options?: Parameters<typeof Window.open>[2]): Promise<Window> {
  const window = await Window.open(browser, `${app.page}${path}`, options);
  windows.push(window);
  return window;
}

describe(`the users page on the ${HOST} host`, () => {
  test("says what to do while there is nothing", async () => {
    const window = await (await open()).live();
    await window.page.getByText("Nobody is here yet.").waitFor();
    await window.page.getByText("add a user first").waitFor();
    await window.page.screenshot({ path: join(pictures(), `${HOST}-empty.png`) });
    expect(window.complaints).toEqual([]);
  });

  test("a user added in one window appears in the other without reload, by a signal", async () => {
    const first = await (await open()).live();
    const second = await (await open()).live();
    await second.loaded();
    await timed("A user added in one window appeared in the other", async () => {
      await first.addUser("Ada Lovelace", "ada@example.com");
      await second.row("Users", "ada@example.com").waitFor({ timeout: SIGNAL });
    });
    expect(second.pings).toBe(0);
    await expect.poll(() => second.openSockets).toBe(1);
    await first.row("Users", "ada@example.com").waitFor();
    expect(await second.notReloaded()).toBe(true);
    expect(await first.notReloaded()).toBe(true);
  });

  test("the window that adds shows the user too, and its form is empty again", async () => {
    const window = await (await open()).live();
    await window.addUser("Grace Hopper");
    await window.row("Users", "Grace Hopper").waitFor();
    const form = window.page.getByRole("form", { name: "Add a user" });
    await expect.poll(() => form.getByLabel("Name").inputValue()).toBe("");
  });

  test("deleting a user with posts refreshes a window that only shows posts", async () => {
    const author = await app.call("insertUser", { name: "Mary Shelley" });
    const first = await (await open()).live();
    const posts = await (await open("/?view=posts")).live();
    await first.writePost("Mary Shelley", "Frankenstein", "A modern Prometheus.");
    await posts.row("Posts", "Frankenstein").waitFor();
    await posts.row("Posts", `User ${author.id}`).waitFor();

    const { pings } = posts;
    await timed("A user deleted in one window took the posts out of the other", async () => {
      await first.deleteUser("Mary Shelley");
      await posts.row("Posts", "Frankenstein").waitFor({ state: "detached", timeout: SIGNAL });
    });
    expect(posts.pings).toBe(pings);
    await first.row("Users", "Mary Shelley").waitFor({ state: "detached" });
    await first.row("Posts", "Frankenstein").waitFor({ state: "detached" });
    expect(new Set(posts.calls)).toEqual(new Set(["getPosts"]));
    expect(await posts.notReloaded()).toBe(true);
  });

  test("a window that only shows posts does not ask again when a user comes", async () => {
    const posts = await (await (await open("/?view=posts")).live()).loaded();
    const users = await (await open()).live();
    const before = posts.calls.length;
    await app.call("insertUser", { name: "Edsger Dijkstra" });
    await users.row("Users", "Edsger Dijkstra").waitFor();
    await app.call("createPost", { author_id: 1, title: "A fence" });
    await posts.row("Posts", "A fence").waitFor();
    expect(posts.calls.length - before).toBe(1);
  });

  test("what the server refuses is said in the form, which keeps what was typed", async () => {
    const window = await (await open()).live();
    await window.addUser("Another Ada", "ada@example.com");
    const form = window.page.getByRole("form", { name: "Add a user" });
    await form.getByRole("alert").waitFor();
    expect(await form.getByRole("alert").innerText()).toMatch(/email/);
    expect(await form.getByLabel("Name").inputValue()).toBe("Another Ada");
    expect(await window.row("Users", "Another Ada").count()).toBe(0);

    await window.addUser("Another Ada", "another@example.com");
    await window.row("Users", "Another Ada").waitFor();
    await form.getByRole("alert").waitFor({ state: "detached" });
  });

  test("shows that it loads until the first reply comes", async () => {
    const window = await open("/?view=posts");
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await window.page.route("**/rpc/getPosts", async (route) => {
      await held;
      await route.continue();
    });
    await window.page.reload();
    await window.page.getByRole("status", { name: "Loading posts" }).waitFor();
    answer();
    await window.page.getByRole("status", { name: "Loading posts" }).waitFor({ state: "detached" });
    await window.row("Posts", "A fence").waitFor();
  });

  test("StrictMode leaves one socket open and nothing in the console", async () => {
    const window = await (await open()).live();
    await window.row("Users", "Ada Lovelace").waitFor();
    await expect.poll(() => window.openSockets).toBe(1);
    expect(window.complaints).toEqual([]);
  });

  test("a closed window leaves the others in step", async () => {
    const first = await (await open()).live();
    const second = await (await open()).live();
    await second.close();
    windows.pop();
    await app.call("insertUser", { name: "Barbara Liskov" });
    await first.row("Users", "Barbara Liskov").waitFor({ timeout: SIGNAL });
  });

  test("many quick changes end with what the database holds", async () => {
    const watching = await (await (await open()).live()).loaded();
    const names = Array.from({ length: 30 }, (_, n) => `Quick ${n + 1}.`);
    const added = await Promise.all(names.map((name) => app.call("insertUser", { name, email: `${name}q@example.com` })));
    await Promise.all(added.slice(10).map((user) => app.call("deleteUser", { id: user.id })));
    await expect.poll(() => watching.row("Users", "Quick ").count()).toBe(10);
    await Promise.all(added.slice(0, 10).map((user) => app.call("deleteUser", { id: user.id })));
    await expect.poll(() => watching.row("Users", "Quick ").count()).toBe(0);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`is accessible in ${colorScheme} colours`, async () => {
      const window = await (await open("/", { colorScheme })).live();
      await window.row("Users", "Ada Lovelace").waitFor();
      await window.writePost("Ada Lovelace", `On ${colorScheme} colours`, "Notes by the translator.");
      await window.row("Posts", `On ${colorScheme} colours`).waitFor();
      // New rows fade in; contrast is measured, and pictures are taken, when they have.
      await window.page.waitForFunction(() => document.getAnimations().length === 0);
      await window.page.screenshot({ path: join(pictures(), `${HOST}-${colorScheme}.png`) });

      expect(await window.violations()).toEqual([]);
    });
  }

  test("fits a telephone", async () => {
    const window = await (await open()).live();
    await window.row("Users", "Ada Lovelace").waitFor();
    await window.page.setViewportSize({ width: 360, height: 740 });
    const overflow = await window.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await window.page.waitForFunction(() => document.getAnimations().length === 0);
    await window.page.screenshot({ path: join(pictures(), `${HOST}-telephone.png`) });
  });
});
