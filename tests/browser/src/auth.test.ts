/** Anonymous, signed in, expired: what somebody sees of `examples/auth`, and what nobody else does. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { App, HOST } from "./servers.ts";
import { startBrowser, Window } from "./windows.ts";
import { pictures } from "./workspace.ts";

const PASSWORD = "correct horse battery";

let app: App;
let browser: Browser;
const windows: Window[] = [];

beforeAll(async () => {
  app = await App.start({ app: "examples/auth", page: true });
  browser = await startBrowser();
});

afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

async function open(options?: Parameters<typeof Window.open>[2]): Promise<Window> {
  const window = await Window.open(browser, app.page, options);
  windows.push(window);
  return window;
}

/** Waits until the page says who is signed in. */
async function state(window: Window, words: string): Promise<void> {
  await window.page.getByRole("status", { name: "Session" }).filter({ hasText: words }).waitFor();
}

async function enter(window: Window, form: "Log in" | "Sign up", email: string, password: string, stay = "15 minutes") {
  const { page } = window;
  const other = page.getByRole("button", { name: `${form} instead` });
  if (await other.isVisible()) await other.click();
  const fields = page.getByRole("form", { name: form });
  await fields.getByLabel("Email").fill(email);
  await fields.getByLabel("Password").fill(password);
  await fields.getByLabel("Stay signed in for").selectOption({ label: stay });
  await fields.getByRole("button", { name: form }).click();
}

async function signUp(email: string, options?: Parameters<typeof open>[0]): Promise<Window> {
  const window = await open(options);
  await enter(window, "Sign up", email, PASSWORD);
  await state(window, `Signed in as ${email}`);
  return window;
}

async function write(window: Window, text: string): Promise<void> {
  const form = window.page.getByRole("form", { name: "Write a note" });
  await form.getByLabel("New note").fill(text);
  await form.getByRole("button", { name: "Add note" }).click();
  await note(window, text).waitFor();
}

function note(window: Window, text: string) {
  return window.page.getByRole("list", { name: "Your notes" }).getByRole("listitem").filter({ hasText: text });
}

describe(`private notes on the ${HOST} host`, () => {
  test("somebody anonymous sees how to get in, and no notes are asked for", async () => {
    const window = await open();
    await state(window, "Not signed in");
    await window.page.getByRole("form", { name: "Log in" }).waitFor();
    expect(window.calls).toEqual([]);
    expect(await window.violations()).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.page.screenshot({ path: join(pictures(), `auth-${HOST}-anonymous.png`) });
  });

  test("who signs up is signed in, and writes and deletes notes", async () => {
    const window = await signUp("ada@example.com");
    await window.page.getByText("No notes yet.").waitFor();
    await write(window, "The engine weaves algebraic patterns.");
    await write(window, "Second thoughts");
    await window.page.screenshot({ path: join(pictures(), `auth-${HOST}-signed-in.png`) });
    expect(await window.violations()).toEqual([]);
    await window.page.getByRole("button", { name: "Delete the note: Second thoughts" }).click();
    await note(window, "Second thoughts").waitFor({ state: "detached" });
    expect(await note(window, "algebraic").count()).toBe(1);
    expect(window.complaints).toEqual([]);
  });

  test("a session survives a reload, and log out ends it", async () => {
    const window = await signUp("mary@example.com");
    await write(window, "kept over a reload");
    await window.page.reload();
    await note(window, "kept over a reload").waitFor();
    await window.page.getByRole("button", { name: "Log out" }).click();
    await state(window, "Not signed in");
    expect(await window.page.getByText("kept over a reload").count()).toBe(0);
    await window.page.reload();
    await state(window, "Not signed in");
  });

  test("nobody sees somebody else's notes, not even the next one in the same window", async () => {
    const window = await signUp("grace@example.com");
    await write(window, "grace's secret");
    const other = await signUp("joan@example.com");
    await other.page.getByText("No notes yet.").waitFor();
    await window.page.getByRole("button", { name: "Log out" }).click();
    await enter(window, "Log in", "joan@example.com", PASSWORD);
    await state(window, "Signed in as joan@example.com");
    await window.page.getByText("No notes yet.").waitFor();
    // What one writes appears in her other window, live, and nobody else's.
    await write(other, "joan's own");
    await note(window, "joan's own").waitFor();
    for (const each of [window, other]) expect(await each.page.content()).not.toContain("grace's secret");
  });

  test("the server itself keeps notes apart", async () => {
    const [first, second] = await Promise.all([
      app.call("signUp", { email: "one@example.com", password: PASSWORD }),
      app.call("signUp", { email: "two@example.com", password: PASSWORD }),
    ]);
    const { id } = await app.call("addNote", { text: "one's" }, first.token);
    expect(await app.call("getNotes", {}, second.token)).toEqual([]);
    await expect(app.call("deleteNote", { id }, second.token)).rejects.toThrow("404");
    await expect(app.call("getNotes")).rejects.toThrow("401");
    await expect(app.call("getNotes", {}, `${first.token.slice(0, -4)}AAAA`)).rejects.toThrow("signature");
    expect((await app.call("getNotes", {}, first.token)).map((each: any) => each.text)).toEqual(["one's"]);
  });

  test("a wrong password and an unknown address are one answer, and a taken address is said", async () => {
    await app.call("signUp", { email: "taken@example.com", password: PASSWORD });
    const window = await open();
    for (const email of ["taken@example.com", "nobody@example.com"]) {
      await enter(window, "Log in", email, "wrong password");
      await window.page.getByRole("alert").filter({ hasText: "Address or password is wrong." }).waitFor();
      await state(window, "Not signed in");
    }
    await enter(window, "Sign up", "taken@example.com", PASSWORD);
    await window.page.getByRole("alert").filter({ hasText: "This address has an account." }).waitFor();
  });

  test("a token that expires while the page is open ends the session, and the notes are hidden until the next login", async () => {
    const window = await open({ colorScheme: "dark" });
    // The page's clock is put forward: nobody has to be quick before the session ends.
    await window.page.clock.install();
    await enter(window, "Sign up", "brief@example.com", PASSWORD, "1 minute");
    await state(window, "Signed in as brief@example.com");
    await write(window, "gone in a minute");
    await window.page.clock.fastForward(61_000);
    await state(window, "Session expired");
    await window.page.getByRole("alert").filter({ hasText: "Your session has expired." }).waitFor();
    expect(await window.page.getByText("gone in a minute").count()).toBe(0);
    expect(await window.violations()).toEqual([]);
    await window.page.screenshot({ path: join(pictures(), `auth-${HOST}-expired-dark.png`) });
    await window.page.reload();
    await state(window, "Session expired");
    await enter(window, "Log in", "brief@example.com", PASSWORD);
    await note(window, "gone in a minute").waitFor();
    await window.page.screenshot({ path: join(pictures(), `auth-${HOST}-signed-in-dark.png`) });
  });

  test("a token is refused by the server once it has expired", async () => {
    const { token } = await app.call("signUp", { email: "second@example.com", password: PASSWORD, seconds: 3 });
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
    // Whoever asks before its end is answered, and whoever asks after it is not, however long a call takes.
    for (let refused: unknown; refused === undefined; ) {
      const asked = Date.now();
      refused = await app.call("getNotes", {}, token).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refused) expect(String(refused)).toContain("expired");
      expect(refused ? Date.now() >= exp * 1000 : asked <= exp * 1000).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test("who guesses passwords is soon told to wait", async () => {
    const guess = () => app.call("logIn", { email: "one@example.com", password: "a guess, one of many" });
    const answers = [];
    for (let guesses = 0; guesses < 20; guesses++) answers.push(String(await guess().catch((error) => error)));
    expect(answers.some((answer) => answer.includes("429"))).toBe(true);
    expect(answers.every((answer) => /403|429/.test(answer))).toBe(true);
  });

  test("the keyboard is enough", async () => {
    const { page } = await open();
    await page.getByLabel("Email").focus();
    await page.getByRole("button", { name: "Sign up instead" }).press("Enter");
    await page.getByLabel("Email").fill("keys@example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByLabel("New note").fill("typed");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("listitem").filter({ hasText: "typed" }).waitFor();
  });
});
