import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

/** A window that nothing is said to pings this often, and is told what it missed. */
export const PING = 30_000;
/** What a signal brings is there by then, on a busy machine too; a ping brings it later. */
export const SIGNAL = 20_000;
/** A reconnection, whose attempts are at most 15 s apart, and what is read after it. */
export const RECONNECT = 60_000;
/** Whatever else is waited for: what does not come fails a test late, what comes late on a busy machine does not. */
const PATIENCE = 120_000;

/** Starts the browser that `CHROMIUM` names, or Debian's. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium refuses its sandbox to root, as which containers run.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A window with the users page, as a user sees it. */
export class Window {
  readonly page: Page;
  /** What the page complained about, to the console or by throwing. */
  readonly complaints: string[] = [];
  /** The functions that the page called, in order. */
  readonly calls: string[] = [];
  /** How many of the page's sockets are open. */
  openSockets = 0;
  /** How often the page pinged so far. */
  pings = 0;

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      const name = /\/rpc\/(\w+)/.exec(request.url())?.[1];
      if (name && request.method() !== "OPTIONS") this.calls.push(name);
    });
    page.on("websocket", (socket) => {
      if (!socket.url().includes("/ws?")) return;
      this.openSockets += 1;
      socket.on("framesent", ({ payload }) => {
        if (payload === "ping") this.pings += 1;
      });
      socket.on("close", () => {
        this.openSockets -= 1;
      });
    });
  }

  /** Opens a window with cookies, cache and session of its own. */
  static async open(browser: Browser, url: string, options: { colorScheme?: "light" | "dark" } = {}): Promise<Window> {
    const context = await browser.newContext({ viewport: { width: 1180, height: 860 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    const window = new Window(await context.newPage());
    await window.page.goto(url);
    return window;
  }

  /** Waits until the page is connected, and marks it so that a reload would show. */
  async live(): Promise<this> {
    await this.status("Live");
    await this.page.evaluate(() => {
      (globalThis as any).notReloaded = true;
    });
    return this;
  }

  /** Whether the page is still the one that was `live`. */
  async notReloaded(): Promise<boolean> {
    return this.page.evaluate(() => (globalThis as any).notReloaded === true);
  }

  /** Waits for a state of the connection. */
  async status(words: string): Promise<void> {
    await this.page.getByRole("status", { name: `Connection: ${words}` }).waitFor({ timeout: RECONNECT });
  }

  /** Waits until the lists are there: a page that has read them is told of their changes. */
  async loaded(): Promise<this> {
    await expect.poll(() => this.page.getByRole("status", { name: /^Loading / }).count()).toBe(0);
    return this;
  }

  /** The row of a list that has this text. */
  row(list: "Users" | "Posts", text: string): Locator {
    return this.page.getByRole("list", { name: list }).getByRole("listitem").filter({ hasText: text });
  }

  async addUser(name: string, email = ""): Promise<void> {
    const form = this.page.getByRole("form", { name: "Add a user" });
    await form.getByLabel("Name").fill(name);
    await form.getByLabel("Email").fill(email);
    await form.getByRole("button", { name: "Add user" }).click();
  }

  async writePost(author: string, title: string, content = ""): Promise<void> {
    const form = this.page.getByRole("form", { name: "Write a post" });
    await form.getByLabel("Author").selectOption({ label: author });
    await form.getByLabel("Title").fill(title);
    await form.getByLabel("Text").fill(content);
    await form.getByRole("button", { name: "Publish" }).click();
  }

  async deleteUser(name: string): Promise<void> {
    await this.page.getByRole("button", { name: `Delete ${name}` }).click();
  }

  /** Violations of the rules of accessibility. */
  async violations(): Promise<string[]> {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    await this.page.evaluate(axe);
    const result: any = await this.page.evaluate(() => (globalThis as any).axe.run());
    return result.violations.map((found: any) => `${found.id}: ${found.nodes[0]?.html}`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Says how long something took. That is no test: it depends on the machine. */
export async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  console.log(`${what}: ${Math.round(performance.now() - started)} ms.`);
}
