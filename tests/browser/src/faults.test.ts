/** Between the windows and their server a network that loses, doubles and reorders: no window stays behind. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FaultProxy, type Gate, random, unreliable } from "./proxy.ts";
import { App, HOST, Page } from "./servers.ts";
import { PING, RECONNECT, SIGNAL, startBrowser, Window } from "./windows.ts";

let app: App;
let proxy: FaultProxy;
let page: Page;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  app = await App.start({ page: false });
  proxy = await FaultProxy.start(app.api);
  page = await Page.start(proxy);
  browser = await startBrowser();
});

afterEach(async () => {
  proxy.heal();
  await Promise.all(windows.splice(0).map((window) => window.close()));
  for (const user of await app.call("getUsers")) await app.call("deleteUser", { id: user.id });
});

afterAll(async () => {
  await browser?.close();
  await page?.stop();
  await proxy?.stop();
  await app?.stop();
});

async function open(): Promise<Window> {
  const window = await Window.open(browser, page.url);
  windows.push(window);
  return (await window.live()).loaded();
}

async function openTwo(): Promise<[Window, Window]> {
  return [await open(), await open()];
}

/** The database's users and posts, as the page lists them. */
async function inDatabase(): Promise<{ users: string[]; posts: string[] }> {
  const [users, posts] = [await app.call("getUsers"), await app.call("getPosts")];
  return {
    users: users.map((user: { email: string }) => user.email).sort(),
    posts: posts.map((post: { title: string }) => post.title).sort(),
  };
}

/** Waits until a window shows what the database holds, and nothing else: by a signal, unless there is a longer timeout. */
async function inStep(window: Window, timeout = SIGNAL): Promise<void> {
  const { users, posts } = await inDatabase();
  const rows = (list: "Users" | "Posts"): Promise<string[]> =>
    window.page.getByRole("list", { name: list }).getByRole("listitem").allInnerTexts();
  const shows = (shown: string[], expected: string[]): boolean =>
    shown.length === expected.length && expected.every((text) => shown.some((row) => row.includes(text)));
  const end = performance.now() + timeout;
  for (;;) {
    const [shownUsers, shownPosts] = [await rows("Users"), await rows("Posts")];
    if (shows(shownUsers, users) && shows(shownPosts, posts)) return;
    if (performance.now() > end) {
      expect({ users: shownUsers.length, posts: shownPosts.length }).toEqual({
        users: users.length,
        posts: posts.length,
      });
      throw new Error(`the window shows ${shownUsers.join(" | ")}, and the database holds ${users.join(" | ")}`);
    }
    await window.page.waitForTimeout(50);
  }
}

let counted = 0;
async function insert(): Promise<{ id: number; email: string }> {
  counted += 1;
  return app.call("insertUser", { email: `fault-${counted}@example.com`, name: `Fault ${counted}` });
}

const isStale = (text: string): boolean => text.includes('"stale"');
const wait = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

describe(`two windows and a bad network before the ${HOST} host`, () => {
  test("a lost signal is made good by the reconnect", async () => {
    const [first, second] = await openTwo();
    const lost = proxy.faults.lost;
    proxy.message = (text) => (isStale(text) ? "lose" : "pass");
    const user = await insert();
    await expect.poll(() => proxy.faults.lost).toBe(lost + 2);
    expect(await first.row("Users", user.email).count()).toBe(0);
    proxy.heal();
    proxy.cut();
    await inStep(first);
    await inStep(second);
  });

  test("a lost signal that nothing follows is noticed at the next ping, without a reconnect", async () => {
    const window = await open();
    await inStep(window);
    proxy.message = (text) => (isStale(text) ? "lose" : "pass");
    const [lost, pings] = [proxy.faults.lost, window.pings];
    const user = await insert();
    const started = performance.now();
    await window.row("Users", user.email).waitFor({ timeout: 2 * PING });
    console.log(`A window was stale for ${Math.round(performance.now() - started)} ms after a lost signal (${HOST}).`);
    expect(window.pings).toBe(pings + 1);
    expect(proxy.faults.lost).toBe(lost + 1);
    // A window that somebody comes back to pings at once.
    const other = await insert();
    await expect.poll(() => proxy.faults.lost).toBe(lost + 2);
    await window.page.waitForTimeout(500);
    expect(await window.row("Users", other.email).count()).toBe(0);
    await window.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
    await window.row("Users", other.email).waitFor({ timeout: SIGNAL });
    expect(window.openSockets).toBe(1);
  });

  test("a lost signal does not hide behind a later one of another table", async () => {
    const author = await insert();
    const [first, second] = await openTwo();
    await inStep(first);
    await inStep(second);
    let losing = true;
    proxy.message = (text) => {
      if (!isStale(text) || !losing) return "pass";
      return text.includes('"users"') ? "lose" : "pass";
    };
    const user = await insert();
    // Both windows hear of this one, and of a later version with it.
    await app.call("createPost", { author_id: author.id, title: "After the loss" });
    await first.row("Posts", "After the loss").waitFor();
    await second.row("Posts", "After the loss").waitFor();
    losing = false;
    proxy.cut();
    await first.row("Users", user.email).waitFor({ timeout: SIGNAL });
    await second.row("Users", user.email).waitFor({ timeout: SIGNAL });
  });

  test("a doubled signal costs no more than one refetch", async () => {
    const window = await open();
    await inStep(window);
    proxy.message = () => "double";
    const before = window.calls.length;
    await insert();
    await inStep(window);
    await wait(500);
    expect(window.calls.length - before).toBeLessThanOrEqual(2);
    expect(proxy.faults.doubled).toBeGreaterThan(0);
  });

  test("signals out of order leave both windows with the last state", async () => {
    const [first, second] = await openTwo();
    const next = random(7);
    const held: Gate[] = [];
    proxy.message = () => {
      const gate = proxy.gate();
      held.push(gate);
      return gate;
    };
    /** Lets one of the signals through that are held. */
    const release = () => held.splice(Math.floor(next() * held.length), 1)[0]?.open();
    const before = proxy.faults.held;
    const author = await insert();
    for (let i = 0; i < 10; i += 1) {
      await insert();
      await app.call("createPost", { author_id: author.id, title: `Out of order ${i}` });
      await expect.poll(() => proxy.faults.held - before).toBeGreaterThan(2 * i + 2);
      release();
    }
    proxy.message = () => "pass";
    while (held.length > 0) release();
    await inStep(first);
    await inStep(second);
  });

  test("a reply that is older than the last signal is not what a window stays with", async () => {
    const window = await open();
    await inStep(window);
    const reply = proxy.gate();
    let isFirst = true;
    proxy.reply = (path) => {
      if (!path.startsWith("/rpc") || !isFirst) return "pass";
      isFirst = false;
      return { reply };
    };
    await insert();
    await expect.poll(() => reply.arrived).toBe(1);
    const signals = () => proxy.messages.filter(({ text }) => isStale(text)).length;
    const before = signals();
    await insert();
    await expect.poll(signals).toBeGreaterThan(before);
    reply.open();
    await inStep(window);
    await wait(500);
    await inStep(window, 0);
  });

  test("signals and replies that are late, lost or doubled at random, and sockets that are cut", async () => {
    const [first, second] = await openTwo();
    const next = random(42);
    const made = () => proxy.faults.lost + proxy.faults.doubled + proxy.faults.delayed;
    const before = made();
    proxy.message = unreliable(next);
    proxy.reply = (path) => (path.startsWith("/rpc") && next() < 0.5 ? { delay: Math.round(next() * 400) } : "pass");
    // Where sockets are cut, there are fewer messages to lose.
    for (let i = 0; i < 25 || made() - before <= 10; i += 1) {
      const user = await insert();
      if (next() < 0.3) await app.call("deleteUser", { id: user.id });
      if (next() < 0.1) proxy.cut();
    }
    proxy.heal();
    proxy.cut();
    await inStep(first);
    await inStep(second);
  });

  test("windows that were offline catch up", async () => {
    const [first, second] = await openTwo();
    proxy.online = false;
    await first.status("Reconnecting…");
    for (let i = 0; i < 5; i += 1) await insert();
    proxy.online = true;
    await inStep(first, RECONNECT);
    await inStep(second, RECONNECT);
    await first.status("Live");
    expect(await first.notReloaded()).toBe(true);
  });

  test("windows catch up with a server that was restarted, and go on", async () => {
    const [first, second] = await openTwo();
    await insert();
    await inStep(first);
    await app.pause();
    await first.status("Reconnecting…");
    await app.resume();
    await insert();
    await inStep(first, RECONNECT);
    await inStep(second, RECONNECT);
    await first.status("Live");
    await second.status("Live");
    await insert();
    await inStep(first);
    await inStep(second);
  });

  test("fifty writes in a moment reach both windows, in far fewer refetches", async () => {
    const [first, second] = await openTwo();
    await inStep(first);
    const before = second.calls.length;
    await Promise.all(Array.from({ length: 50 }, () => insert()));
    await inStep(first);
    await inStep(second);
    expect((await inDatabase()).users.length).toBe(50);
    expect(second.calls.length - before).toBeLessThan(100);
  });
});
