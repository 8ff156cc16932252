/** The studio: what a developer sees of an app that runs, and changes in it. */
import { request } from "node:http";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { App, HOST } from "./servers.ts";
import { SIGNAL, startBrowser, timed, Window } from "./windows.ts";
import { pictures } from "./workspace.ts";

/** Rows of the large table. */
const MANY = 100_000;
/** The rows of one statement that returns them. */
const AT_ONCE = 1000;

let app: App;
let browser: Browser;
/** Where the studio is, and its token. */
let origin: string;
let token: string;
const windows: Window[] = [];

beforeAll(async () => {
  app = await App.start({ page: true });
  browser = await startBrowser();
  await find();
});

afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()));
});

afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

/** Takes the studio's address apart, and waits for its page: in a fresh checkout it is built first. */
async function find(): Promise<void> {
  const url = new URL(await app.studio());
  origin = url.origin;
  token = url.hash.replace("#token=", "");
  const isThere = async () => (await fetch(`${origin}/assets/studio.js`)).ok;
  await vi.waitUntil(isThere, { timeout: 600_000, interval: 500 });
}

async function open(options?: Parameters<typeof Window.open>[2]): Promise<Window> {
  const window = await Window.open(browser, `${origin}/#token=${token}`, options);
  windows.push(window);
  await window.page.setViewportSize({ width: 1280, height: 800 });
  await window.status("The app answers");
  return window;
}

/** The app's own page, which has read its lists. */
async function appPage(): Promise<Window> {
  const window = await Window.open(browser, app.page);
  windows.push(window);
  return (await window.live()).loaded();
}

/** Asks the studio's API. */
async function ask(path: string, body?: object): Promise<any> {
  const reply = await fetch(`${origin}/api${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return reply.json();
}

/** The status for a request with these headers, of which `fetch` would set some itself. */
async function status(headers: Record<string, string>, path = "/api/app"): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });
}

function view(page: Page, name: string): Promise<void> {
  return page.getByRole("navigation", { name: "Views" }).getByRole("link", { name }).click();
}

/** The rows of the log that have this text. */
function calls(page: Page, text: string): Locator {
  return page.getByRole("grid", { name: "Calls" }).getByRole("row").filter({ hasText: text });
}

async function openTable(page: Page, name: string): Promise<Locator> {
  await view(page, "Data");
  await page.getByRole("navigation", { name: "Tables" }).getByRole("link", { name: new RegExp(`^${name}\\b`) }).click();
  const grid = page.getByRole("grid", { name: `Rows of ${name}` });
  await grid.waitFor();
  return grid;
}

async function openFunction(page: Page, name: string): Promise<Locator> {
  await view(page, "Functions");
  await page.getByRole("navigation", { name: "Functions" }).getByRole("link", { name }).click();
  return page.getByRole("form", { name: `Call ${name}` });
}

/** How many rows the studio says a table has. */
function counted(page: Page): Promise<string> {
  return page.getByRole("status", { name: "Rows" }).innerText();
}

describe(`the studio on the ${HOST} host`, () => {
  test("says what to do while nobody has called", async () => {
    const { page, complaints } = await open();
    await page.getByText("Nobody has called yet.").waitFor();
    await page.screenshot({ path: join(pictures(), `${HOST}-studio-empty.png`) });
    expect(complaints).toEqual([]);
  });

  test("lets in nobody without its token, from another page, or under another name", async () => {
    const authorization = `Bearer ${token}`;
    const { host } = new URL(origin);
    expect(await status({ authorization })).toBe(200);
    expect(await status({ authorization, origin })).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${"x".repeat(token.length)}` })).toBe(401);
    for (const other of [app.api, new URL(app.page).origin, "https://example.com", "null"]) {
      expect(await status({ authorization, origin: other }), other).toBe(403);
    }
    // A name of somebody else's that leads to this machine.
    expect(await status({ authorization, host: `rebound.example.com:${new URL(origin).port}` })).toBe(403);
    expect(host).toMatch(/^127\.0\.0\.1:/);
  });

  test("keeps its token out of the address, and asks for it where there is none", async () => {
    const { page } = await open();
    expect(page.url()).not.toContain(token);
    await page.reload();
    await page.getByRole("status", { name: "Connection: The app answers" }).waitFor();

    const stranger = await Window.open(browser, origin);
    windows.push(stranger);
    await stranger.page.getByRole("alert").filter({ hasText: "not complete" }).waitFor();
    await stranger.page.getByText("edgepod dev").waitFor();
  });

  test("shows a call as it comes, whom it woke, and why a query was asked again", async () => {
    const users = await appPage();
    const { page, complaints } = await open();
    await timed("A call was in the studio", async () => {
      await app.call("insertUser", { name: "Ada Lovelace", email: "ada@example.com" });
      await calls(page, "ada@example.com").waitFor();
    });
    await users.row("Users", "Ada Lovelace").waitFor({ timeout: SIGNAL });

    // The refetch stands above the call that caused it.
    const refetch = calls(page, "getUsers").filter({ has: page.getByRole("button", { name: "Why did this refetch?" }) });
    await refetch.first().getByRole("button", { name: "Why did this refetch?" }).click();
    const detail = page.getByRole("region", { name: "Call of insertUser" });
    await detail.getByText("Whom it woke").waitFor();
    await detail.getByText('"ada@example.com"').waitFor();
    await detail.getByText("INSERT INTO").waitFor();
    // From the call to what the session asked then, and from there back.
    await detail.getByRole("list", { name: "Whom it woke" }).getByRole("button", { name: /^getUsers/ }).click();
    const asked = page.getByRole("region", { name: "Call of getUsers" });
    await asked.getByRole("button", { name: /^Why did this refetch\?/ }).click();
    await detail.waitFor();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  test("narrows the log, pauses it, and clears it", async () => {
    const { page } = await open();
    await app.call("deleteUser", { id: 4711 }).catch(() => {});
    await calls(page, "NOT_FOUND").waitFor();
    await page.getByRole("button", { name: "Errors only" }).click();
    await expect.poll(() => calls(page, "insertUser").count()).toBe(0);
    await page.getByRole("button", { name: "Errors only" }).click();
    await page.keyboard.press("/");
    await page.keyboard.type("insertUser ada@");
    await expect.poll(() => calls(page, "deleteUser").count()).toBe(0);
    await calls(page, "insertUser").waitFor();
    await page.getByRole("searchbox", { name: "Filter calls" }).fill("");

    await page.getByRole("button", { name: "Pause" }).click();
    await app.call("getUserById", { id: 4712 });
    await app.call("getUserById", { id: 4713 });
    await page.getByRole("button", { name: "Go on" }).click();
    await calls(page, "4713").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("Nobody has called yet.").waitFor();
  });

  test("an edited cell is on the app's page, and is undone there, too", async () => {
    const users = await appPage();
    const { page, complaints } = await open();
    const grid = await openTable(page, "users");
    await grid.getByRole("gridcell", { name: "Ada Lovelace" }).dblclick();
    const editor = page.getByRole("textbox", { name: "New value of name" });
    await editor.fill("Ada King");
    await editor.press("Enter");
    await users.row("Users", "Ada King").waitFor({ timeout: SIGNAL });
    await editor.waitFor({ state: "detached" });
    await grid.getByRole("gridcell", { name: "Ada King" }).waitFor();

    await page.keyboard.press("Control+z");
    await users.row("Users", "Ada Lovelace").waitFor({ timeout: SIGNAL });
    await grid.getByRole("gridcell", { name: "Ada Lovelace" }).waitFor();

    // NULL by its key, and back by the button.
    await grid.getByRole("gridcell", { name: "Ada Lovelace" }).click();
    await page.keyboard.press("Alt+n");
    await grid.getByRole("gridcell", { name: "NULL" }).waitFor();
    await page.getByRole("banner").getByRole("button", { name: "Undo" }).click();
    await grid.getByRole("gridcell", { name: "Ada Lovelace" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("inserts a row and deletes it, and both are undone", async () => {
    const users = await appPage();
    const { page, complaints } = await open();
    const grid = await openTable(page, "users");
    await page.getByRole("button", { name: "Insert row" }).click();
    const dialog = page.getByRole("dialog", { name: "New row of users" });
    await dialog.getByRole("textbox", { name: /^email/ }).fill("grace@example.com");
    await dialog.getByRole("textbox", { name: /^name/ }).fill("Grace Hopper");
    await dialog.getByRole("button", { name: "Insert" }).click();
    await users.row("Users", "Grace Hopper").waitFor({ timeout: SIGNAL });

    await grid.getByRole("gridcell", { name: "Grace Hopper" }).click();
    await page.getByRole("button", { name: "Delete row" }).click();
    await users.row("Users", "Grace Hopper").waitFor({ state: "detached", timeout: SIGNAL });
    await page.getByRole("status", { name: "Notices" }).getByRole("button", { name: "Undo" }).click();
    await users.row("Users", "Grace Hopper").waitFor({ timeout: SIGNAL });
    expect(complaints).toEqual([]);
  });

  test("says so where a row has gone while it was edited, and shows what is there", async () => {
    const gone = await app.call("insertUser", { name: "Gone Soon", email: "gone@example.com" });
    const { page } = await open();
    const grid = await openTable(page, "users");
    // What is written meanwhile is not shown while a cell is edited that nobody has saved: the studio is not told.
    await page.route("**/api/events*", (route) => route.abort());
    await grid.getByRole("gridcell", { name: "Gone Soon" }).dblclick();
    await app.call("deleteUser", { id: gone.id });
    const editor = page.getByRole("textbox", { name: "New value of name" });
    await editor.fill("Still here");
    await editor.press("Enter");
    await page.getByRole("alert").filter({ hasText: "somebody has changed this row meanwhile" }).waitFor();
    await page.unroute("**/api/events*");
    await grid.getByRole("gridcell", { name: "Gone Soon" }).waitFor({ state: "detached" });
  });

  test("runs a function with a right argument and with wrong ones", async () => {
    const { page, complaints } = await open();
    const form = await openFunction(page, "getUserById");
    const id = form.getByRole("textbox", { name: /^id/ });
    const reply = page.getByRole("region", { name: "Reply", exact: true });

    // What the type refuses is not sent.
    await id.fill("seven");
    await form.getByRole("button", { name: "Run getUserById" }).click();
    await form.getByText("This is no number.").waitFor();
    expect(await reply.count()).toBe(0);

    await id.fill("1");
    await id.press("Enter");
    await reply.getByText("200 OK").waitFor();
    await reply.getByText('"Ada Lovelace"').waitFor();
    await reply.getByText("How it came about").waitFor();

    // By hand it is: the app has to refuse it.
    await form.getByRole("button", { name: "JSON" }).click();
    await form.getByRole("textbox", { name: "Arguments as JSON" }).fill('{"id": "seven"}');
    await form.getByText("id should be a number, and is a string").waitFor();
    await form.getByRole("button", { name: "Run getUserById" }).click();
    await reply.getByText("400 BAD_REQUEST").waitFor();

    await openFunction(page, "deleteUser");
    await page.getByRole("form", { name: "Call deleteUser" }).getByRole("textbox", { name: /^id/ }).fill("4711");
    await page.keyboard.press("Control+Enter");
    await reply.getByRole("alert").filter({ hasText: "There is no user 4711." }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("reads by SQL, and writes nothing by it", async () => {
    const { page } = await open();
    await view(page, "Data");
    await page.getByRole("link", { name: "SQL" }).click();
    const statement = page.getByRole("textbox", { name: "Statement" });
    await statement.fill("SELECT name, length(name) AS letters FROM users WHERE name LIKE 'Ada%'");
    await statement.press("Control+Enter");
    const result = page.getByRole("grid", { name: "Result" });
    await result.getByRole("columnheader", { name: "letters" }).waitFor();
    await result.getByRole("gridcell", { name: "12" }).waitFor();
    await statement.fill("DELETE FROM users");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByRole("alert").waitFor();
    expect((await app.call("getUsers")).length).toBeGreaterThan(0);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`is accessible in ${colorScheme} colours, in each view`, async () => {
      const users = await appPage();
      const window = await open({ colorScheme });
      const { page } = window;
      const picture = async (name: string) => {
        await page.waitForFunction(() => document.getAnimations().length === 0);
        await page.screenshot({ path: join(pictures(), `${HOST}-studio-${name}-${colorScheme}.png`) });
        expect(await window.violations(), name).toEqual([]);
      };
      await users.writePost("Ada Lovelace", `On ${colorScheme} engines`, "Notes by the translator.");
      // Until its refetch is there, the newest one is of a write before it.
      await calls(page, `On ${colorScheme} engines`).filter({ hasText: /woke \d/ }).waitFor();
      const why = page.getByRole("button", { name: "Why did this refetch?" });
      await why.first().click();
      await page.getByRole("region", { name: "Call of createPost" }).waitFor();
      await picture("calls");
      await openTable(page, "users");
      await page.getByRole("gridcell", { name: "Ada Lovelace" }).click();
      await picture("data");
      const form = await openFunction(page, "getUsers");
      await form.getByRole("button", { name: "Run getUsers" }).click();
      await page.getByText("How it came about").waitFor();
      await picture("functions");
      await view(page, "Graph");
      await page.getByRole("link", { name: "getUsers" }).waitFor();
      await picture("graph");
      await view(page, "Schema");
      await page.getByRole("link", { name: /author_id/ }).waitFor();
      await picture("schema");
      await view(page, "Jobs & pods");
      await page.getByRole("heading", { name: "Migrations" }).waitFor();
      await page.getByText("Applied").waitFor();
      await picture("operations");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await picture("keys");
      expect(window.complaints).toEqual([]);
    });
  }

  test("is used without a mouse", async () => {
    await app.call("getUserById", { id: 1 });
    const { page, complaints } = await open();
    await calls(page, "getUserById").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("getUserById");
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Call of/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    const grid = await openTable(page, "users");
    await grid.getByRole("gridcell", { name: "ada@example.com" }).waitFor();
    await grid.focus();
    for (const key of ["j", "ArrowRight", "ArrowRight", "Enter"]) await page.keyboard.press(key);
    const editor = page.getByRole("textbox", { name: "New value of name" });
    await editor.waitFor();
    await page.keyboard.press("Escape");
    await editor.waitFor({ state: "detached" });
    await page.keyboard.press("5");
    await page.getByRole("link", { name: /author_id/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test(`filters ${MANY} rows, and goes on answering`, async () => {
    const author = await app.call("insertUser", { name: "Many Words", email: "many@example.com" });
    const before = (await app.call("getPosts")).length;
    for (let from = 1; from <= MANY; from += AT_ONCE) {
      const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${from + AT_ONCE - 1})`;
      const { status, reply } = await ask("/call", {
        function: "_edgepod_execute",
        args: {
          sql: `INSERT INTO posts (title, author_id) ${numbers} SELECT 'Number ' || i || '.', ${author.id} FROM n`,
          returning: ["id"],
          rows: AT_ONCE,
        },
        as: "admin",
      });
      expect(status, JSON.stringify(reply.error)).toBe(200);
    }

    const { page, complaints } = await open();
    const grid = await openTable(page, "posts");
    const all = (before + MANY).toLocaleString("en-GB");
    await expect.poll(() => counted(page)).toBe(`${all} rows`);
    // To the end and back, with few rows drawn at any time.
    await grid.focus();
    await page.keyboard.press("End");
    await timed("The last of 100,000 rows was there", async () => {
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("End");
      await grid.getByRole("gridcell", { name: `Number ${MANY}.`, exact: true }).waitFor();
    });
    expect(await grid.getByRole("row").count()).toBeLessThan(100);

    await page.getByRole("button", { name: "Filter", exact: true }).click();
    const filters = page.getByRole("list", { name: "Filters" });
    await filters.getByRole("combobox", { name: "Column" }).selectOption("title");
    await filters.getByRole("combobox", { name: "Operator" }).selectOption("contains");
    await timed("100,000 rows were filtered", async () => {
      await filters.getByRole("textbox", { name: "Value" }).pressSequentially("7777");
      // 7777, and 17777 to 97777, and 77770 to 77779.
      await expect.poll(() => counted(page)).toBe("19 rows");
    });
    await grid.getByRole("gridcell", { name: "Number 77779." }).waitFor();
    await page.screenshot({ path: join(pictures(), `${HOST}-studio-many.png`) });
    await filters.getByRole("textbox", { name: "Value" }).fill("Number 31415.");
    await expect.poll(() => counted(page)).toBe("1 row");

    // A reference leads to the row.
    await grid.getByRole("link", { name: `Show users ${author.id}` }).click();
    await page.getByRole("grid", { name: "Rows of users" }).getByRole("gridcell", { name: "Many Words" }).waitFor();
    await expect.poll(() => counted(page)).toBe("1 row");

    // And the log goes on.
    await view(page, "Calls");
    await app.call("getUserById", { id: 31_415 });
    await calls(page, "31415").waitFor();
    expect(complaints).toEqual([]);
  });

  test("says that the app does not answer, once it is stopped", async () => {
    const { page } = await open();
    await app.pause();
    await page.getByRole("status", { name: "Connection: The app does not answer" }).waitFor();
    await page.getByText("It is asked again until it does").waitFor();
  });
});
