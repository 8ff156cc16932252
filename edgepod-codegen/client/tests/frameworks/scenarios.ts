/** What the same small app does in every framework but React, which has tests of its own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EdgePodOptions } from "../../src/core";
import { QueryClient } from "../../src/core/tanstack";
import { oneAddress } from "../address";
import { Pod, settled, until } from "../pod";
import { type Mount, type Mounted, text } from "./app";

let pod: Pod;
let mounted: Mounted | undefined;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  pod = await new Pod().start();
  pod.users = [
    { id: 1, name: "Ada" },
    { id: 2, name: "Grace" },
  ];
  document.body.innerHTML = "<main></main>";
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  mounted?.unmount();
  mounted = undefined;
  await pod.stop();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const shows = (id: string, content: string) => until(`${id} shows ${content}`, () => text(id) === content);

/** The tests of one framework. `alone` uses it where nobody provides a client, which fails with a message. */
export function scenarios(mount: Mount, alone?: { mount: () => void; message: RegExp }): void {
  function start(): Mounted {
    const target = document.querySelector("main");
    if (!target) throw new Error("there is no main");
    mounted = mount(target, { url: pod.url, apiKey: pod.key });
    return mounted;
  }

  /** Apps beside each other, on one query client. */
  function sideBySide(servers: EdgePodOptions[]) {
    const queryClient = new QueryClient();
    const apps = servers.map((options) => {
      const target = document.body.appendChild(document.createElement("main"));
      return { target, app: mount(target, { ...options, queryClient }) };
    });
    return {
      first: apps[0]?.app as Mounted,
      shown: () => apps.map(({ target }) => target.querySelector("#users")?.textContent),
      unmount: () => {
        for (const { app, target } of apps) {
          app.unmount();
          target.remove();
        }
      },
    };
  }

  test("the list is read once, and shown", async () => {
    start();
    expect(text("users")).toBe("loading");
    await shows("users", "Ada,Grace");
    await shows("status", "live");
    await settled();
    expect(pod.calls).toEqual(["getUsers"]);
  });

  test("two servers that share a query client are each shown by their own app", async () => {
    const other = await new Pod().start();
    other.users = [{ id: 1, name: "Barbara" }];
    const apps = sideBySide([pod, other].map(({ url, key }) => ({ url, apiKey: key })));
    await until("both are there", () => !apps.shown().includes("loading"));
    expect(apps.shown()).toEqual(["Ada,Grace", "Barbara"]);
    await apps.first.trigger("Mary");
    expect([pod.users.length, other.users.length]).toEqual([3, 1]);
    apps.unmount();
    await other.stop();
  });

  test("two pods of one server that share a query client are each shown by their own app", async () => {
    const other = await new Pod().start();
    other.users = [{ id: 1, name: "Barbara" }];
    const server = oneAddress((name) => (name === "acme" ? pod : other));
    const apps = sideBySide(["acme", "globex"].map((name) => ({ ...server, pod: name })));
    await until("both are there", () => !apps.shown().includes("loading"));
    expect(apps.shown()).toEqual(["Ada,Grace", "Barbara"]);
    await until("both are connected", () => pod.openSockets === 1 && other.openSockets === 1);
    await apps.first.trigger("Mary");
    other.addUser("Bob");
    await until("the other one is told", () => apps.shown()[1] === "Barbara,Bob");
    expect(apps.shown()[0]).toBe("Ada,Grace,Mary");
    apps.unmount();
    await until("both are closed", () => pod.openSockets === 0 && other.openSockets === 0);
    await other.stop();
  });

  test("what the server warns of is in the query's result, and in the console", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    pod.warnings = ["There are more rows."];
    start();
    await shows("warnings", "There are more rows.");
    pod.warnings = [];
    await shows("status", "live");
    pod.addUser("Mary");
    await shows("warnings", "");
    expect(warn.mock.calls).toEqual([["EdgePod: getUsers: There are more rows."]]);
    warn.mockRestore();
  });

  test("what somebody else changes appears by itself", async () => {
    start();
    await shows("users", "Ada,Grace");
    await shows("status", "live");
    pod.addUser("Mary");
    await shows("users", "Ada,Grace,Mary");
  });

  test("arguments may change, and null reads nothing", async () => {
    const { choose } = start();
    await shows("users", "Ada,Grace");
    expect(text("one")).toBe("none");
    choose(2);
    await shows("one", "Grace");
    choose(1);
    await shows("one", "Ada");
    choose(null);
    await shows("one", "none");
    expect(pod.calls.filter((name) => name === "getUserById")).toHaveLength(2);
  });

  test("a mutation shows what is expected at once, then what the server says", async () => {
    const { trigger, reset } = start();
    await shows("users", "Ada,Grace");
    let open = () => {};
    pod.gate = new Promise((resolve) => {
      open = resolve;
    });
    const call = trigger("Mary");
    await shows("users", "Ada,Grace,Mary?");
    expect(text("added")).toBe("adding");
    open();
    expect((await call).name).toBe("Mary");
    await shows("added", "Mary");
    await shows("users", "Ada,Grace,Mary");
    reset();
    await shows("added", "");
  });

  test("a mutation that fails shows why, and takes back what was expected", async () => {
    const { trigger, reset } = start();
    await shows("users", "Ada,Grace");
    pod.failing = { status: 409, code: "CONFLICT", message: "That name is taken." };
    await expect(trigger("Ada")).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
    await shows("error", "That name is taken.");
    await shows("users", "Ada,Grace");
    reset();
    await shows("error", "");
  });

  test("a query that fails shows why", async () => {
    pod.failing = { status: 403, code: "FORBIDDEN", message: "Not for you." };
    start();
    await shows("error", "Not for you.");
  });

  test("unmounted, it holds no socket, and a reply under way goes nowhere", async () => {
    pod.replyDelayMs = 50;
    const app = start();
    await until("the request is there", () => pod.calls.length === 1);
    app.unmount();
    mounted = undefined;
    await until("the socket is closed", () => pod.openSockets === 0);
    await settled();
    expect(text("users")).toBe("");
  });

  if (!alone) return;
  test("without a client, the error says what is missing", () => {
    expect(alone.mount).toThrow(alone.message);
  });
}
