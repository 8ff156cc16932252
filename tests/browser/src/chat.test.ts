/** Two people in `examples/chat`: what one says, the other sees, what concerns neither is not asked for, and organisations are apart. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { App, HOST } from "./servers.ts";
import { startBrowser, Window } from "./windows.ts";
import { pictures } from "./workspace.ts";

let app: App;
let browser: Browser;
let ada: Window;
let bob: Window;

beforeAll(async () => {
  app = await App.start({ app: "examples/chat", page: true });
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

/** Each function that a page called, with the pod that it named: `getRooms in org_…`. */
const called = new Set<string>();

function listen(window: Window): void {
  window.page.on("request", (request) => {
    const [, name] = /\/rpc(?:\/(\w+))?$/.exec(new URL(request.url()).pathname) ?? [];
    if (request.method() !== "POST") return;
    const pod = request.headers()["x-edgepod-pod"]?.replace(/^org_.*/, "an organisation") ?? "none";
    const names: string[] = name ? [name] : request.postDataJSON().calls.map((call: { name: string }) => call.name);
    for (const name of names) called.add(`${name} in ${pod}`);
  });
}

async function signUp(name: string, options?: Parameters<typeof Window.open>[2]): Promise<Window> {
  const window = await Window.open(browser, app.page, options);
  listen(window);
  await window.page.getByLabel("Name").fill(name);
  await window.page.getByRole("button", { name: "Come in" }).click();
  await window.page.getByRole("heading", { name: `Hello ${name}` }).waitFor();
  return window;
}

async function say(window: Window, text: string): Promise<void> {
  await window.page.getByLabel("Message", { exact: true }).fill(text);
  await window.page.getByLabel("Message", { exact: true }).press("Enter");
}

const message = (window: Window, text: string) =>
  window.page.getByRole("list", { name: "Messages" }).getByRole("listitem").filter({ hasText: text });

const enter = (window: Window, room: string) => window.page.getByRole("button", { name: `# ${room}` }).click();

describe(`the chat on the ${HOST} host`, () => {
  test("one founds an organisation, and the other comes in by its invitation", async () => {
    ada = await signUp("Ada", { colorScheme: "light" });
    expect(await ada.violations()).toEqual([]);
    await ada.page.getByRole("textbox", { name: "Create an organisation" }).fill("Analytical Engines");
    await ada.page.getByRole("button", { name: "Create", exact: true }).click();
    await ada.page.getByRole("heading", { name: "# general" }).waitFor();
    const invitation = (await ada.page.getByText("Invitation:").locator("code").textContent()) ?? "";
    bob = await signUp("Bob", { colorScheme: "dark" });
    await bob.page.getByLabel("Or join one by its invitation").fill(invitation);
    await bob.page.getByRole("button", { name: "Join" }).click();
    await bob.live();
    const here = ada.page.getByRole("status", { name: "Who is here" });
    await here.getByText("Bob").waitFor();
    expect(await here.getByText("Ada").count()).toBe(1);
  });

  test("what one says and thinks, the other sees", async () => {
    await say(ada, "The engine weaves algebraical patterns.");
    await message(bob, "algebraical").waitFor();
    await say(bob, "As the loom weaves flowers and leaves?");
    await message(ada, "flowers").waitFor();
    await message(ada, "flowers").hover();
    await message(ada, "flowers").getByRole("toolbar").getByRole("button", { name: "❤️" }).click();
    await message(bob, "flowers").getByRole("button", { name: "❤️, 1" }).waitFor();
    // It is forgotten after some seconds: Ada looks before Bob begins.
    const typing = ada.page.getByText("Bob is typing…").waitFor();
    await bob.page.getByLabel("Message", { exact: true }).pressSequentially("Or rather, as");
    await typing;
    for (const [name, window] of Object.entries({ ada, bob })) {
      await window.page.screenshot({ path: join(pictures(), `chat-${HOST}-${name}.png`) });
      expect(await window.violations()).toEqual([]);
    }
    await ada.page.getByText("Bob is typing…").waitFor({ state: "detached" });
  });

  test("a message in another room raises a count, and asks for no message", async () => {
    await ada.page.getByLabel("Name of a new room").fill("attic");
    await ada.page.getByLabel("Name of a new room").press("Enter");
    await ada.page.getByRole("heading", { name: "# attic" }).waitFor();
    await bob.page.getByRole("button", { name: "# attic" }).waitFor();
    await bob.page.getByRole("status", { name: "Who is here" }).getByText("Ada").waitFor({ state: "detached" });
    bob.calls.length = 0;
    await say(ada, "Up here");
    await bob.page.getByRole("button", { name: "# attic" }).getByText("1").waitFor();
    expect(bob.calls.filter((name) => name !== "getRooms")).toEqual([]);
    await enter(bob, "attic");
    await message(bob, "Up here").waitFor();
    await bob.page.getByLabel("1 unread").waitFor({ state: "detached" });
    await enter(bob, "general");
    expect(await bob.page.getByLabel("1 unread").count()).toBe(0);
  });

  test("who wants to be reminded is, and nobody else", async () => {
    const reminders = (window: Window) => window.page.getByRole("region", { name: "Reminders" });
    const row = (window: Window) => reminders(window).getByRole("listitem").filter({ hasText: "Punch the cards" });
    const form = ada.page.getByRole("form", { name: "Remind me" });
    await form.getByLabel("Of what").fill("Punch the cards");
    await form.getByLabel("When").selectOption("in 10 seconds");
    const asked = Date.now();
    await form.getByRole("button", { name: "Remind me" }).click();
    await row(ada).waitFor();
    await expect.poll(() => form.getByLabel("Of what").inputValue()).toBe("");
    await reminders(ada).getByRole("alert").filter({ hasText: "Punch the cards" }).waitFor({ timeout: 60_000 });
    expect(Date.now() - asked).toBeGreaterThanOrEqual(10_000);
    expect(await row(bob).count()).toBe(0);
    for (const [name, window] of Object.entries({ ada, bob })) {
      await window.page.screenshot({ path: join(pictures(), `chat-reminder-${HOST}-${name}.png`) });
      expect(await window.violations()).toEqual([]);
    }
    await row(ada).getByRole("button", { name: "Dismiss" }).click();
    await row(ada).waitFor({ state: "detached" });
  });

  test("another organisation shows nothing of the one before", async () => {
    const menu = ada.page.getByLabel("Organisation");
    await menu.selectOption("Another one…");
    await ada.page.getByRole("textbox", { name: "Create an organisation" }).fill("Difference Engines");
    await ada.page.getByRole("button", { name: "Create", exact: true }).click();
    await ada.page.getByText("Nobody has said anything here").waitFor();
    await ada.live();
    // From here on each change of the page is looked at: whose messages stand beside whose name?
    await ada.page.evaluate(() => {
      const seen: Record<string, boolean> = {};
      const look = () => {
        const org = document.querySelector<HTMLSelectElement>("select[aria-label=Organisation]")?.selectedOptions[0]?.text;
        seen[`${org}: ${document.querySelector("[aria-label=Messages]")?.textContent?.includes("flowers")}`] = true;
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
      Object.assign(globalThis, { seen });
    });
    for (const name of ["Analytical Engines", "Difference Engines", "Analytical Engines", "Difference Engines"]) {
      await menu.selectOption(name);
      const shows = name.startsWith("A") ? message(ada, "flowers") : ada.page.getByText("Nobody has said anything here");
      await shows.waitFor();
      await ada.live();
    }
    const seen = await ada.page.evaluate(() => Object.keys((globalThis as any).seen));
    expect(seen).toContain("Analytical Engines: true");
    expect(seen).not.toContain("Difference Engines: true");
    // That she is here now is told to herself, too, and not at once.
    do {
      ada.calls.length = 0;
      await ada.page.waitForTimeout(1000);
    } while (ada.calls.length > 0);
    await say(bob, "Nobody there?");
    await message(bob, "Nobody there?").waitFor();
    await ada.page.waitForTimeout(300);
    expect(ada.calls).toEqual([]);
    await menu.selectOption("Analytical Engines");
    await message(ada, "Nobody there?").waitFor();
  });

  test("who leaves an organisation sees nothing of it any more, and comes in again by its invitation", async () => {
    const invitation = (await ada.page.getByText("Invitation:").locator("code").textContent()) ?? "";
    bob.page.once("dialog", (dialog) => dialog.accept());
    await bob.page.getByLabel("Organisation").selectOption("Leave this one…");
    await bob.page.getByRole("heading", { name: "Hello Bob" }).waitFor();
    expect(await bob.page.getByText("flowers").count()).toBe(0);
    const here = ada.page.getByRole("status", { name: "Who is here" });
    await here.getByText("Bob").waitFor({ state: "detached" });
    await message(ada, "As the loom").waitFor();
    await bob.page.getByLabel("Or join one by its invitation").fill(invitation);
    await bob.page.getByRole("button", { name: "Join" }).click();
    await message(bob, "flowers").waitFor();
    await bob.live();
    await here.getByText("Bob").waitFor();
  });

  test("the page signs in in the directory alone, and asks for the rest in an organisation's pod", () => {
    const [directory, others] = [true, false].map((isThere) =>
      [...called].filter((call) => / in (directory|none)$/.test(call) === isThere).map((call) => call.split(" ")[0]),
    );
    expect(new Set(directory)).toEqual(new Set(["signUp", "signIn", "getOrgs", "createOrg", "joinOrg"]));
    expect(others).toContain("getMessages");
    for (const name of ["signUp", "signIn", "getOrgs", "createOrg", "joinOrg"]) expect(others).not.toContain(name);
  });

  test("after an outage it is as it was, and who closed the window is gone", { timeout: 1_000_000 }, async () => {
    await enter(ada, "general");
    // Vite went away with the app, and its pages load anew when it is back, which may wait for a build of another test.
    const loaded = [ada, bob].map(({ page }) => page.waitForEvent("load", { timeout: 900_000 }));
    await app.pause();
    await ada.status("Reconnecting…");
    await app.resume();
    await Promise.all(loaded);
    await ada.live();
    await bob.live();
    const here = ada.page.getByRole("status", { name: "Who is here" });
    await here.getByText("Bob").waitFor();
    await message(ada, "flowers").waitFor();
    await bob.close();
    await here.getByText("Bob").waitFor({ state: "detached" });
    expect(ada.complaints.filter((text) => !/WebSocket|ERR_CONNECTION_/.test(text))).toEqual([]);
    await ada.close();
  });
});
