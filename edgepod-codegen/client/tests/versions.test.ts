import { QueryClient, QueryObserver } from "@tanstack/query-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { EdgePodClient, type EdgePodError, type EdgePodOptions, pages, query } from "../src/core";
import { createRegistry, isNewer } from "../src/core/registry";
import { heldOf } from "../src/core/socket";
import { Pod, settled, sleep, until } from "./pod";

vi.mock("../src/core/manifest", () => ({ ACTIONS: ["sendMail"], PODS: false }));

let pod: Pod;
let client: EdgePodClient;
let cleanups: (() => void)[];

beforeEach(async () => {
  pod = await new Pod().start();
  cleanups = [];
  client = newClient();
});

afterEach(async () => {
  for (const cleanup of cleanups) cleanup();
  await pod.stop();
});

function newClient(options: Partial<EdgePodOptions> = {}): EdgePodClient {
  const client = new EdgePodClient({
    url: pod.url,
    apiKey: pod.key,
    WebSocket: NodeWebSocket as unknown as typeof WebSocket,
    ...options,
  });
  cleanups.push(() => {
    client.disconnect();
    client.queryClient.clear();
  });
  return client;
}

function show(name: string, args?: object) {
  const observer = new QueryObserver<unknown, EdgePodError>(client.queryClient, query(name, args) as never);
  const seen: unknown[] = [];
  const hide = observer.subscribe(({ data }) => seen.push(data));
  cleanups.push(hide);
  return {
    hide,
    seen,
    get data() {
      return observer.getCurrentResult().data as { name: string }[] | undefined;
    },
    get names() {
      return (observer.getCurrentResult().data as { name: string }[] | undefined)?.map(({ name }) => name);
    },
    get error() {
      return observer.getCurrentResult().error;
    },
  };
}

async function live() {
  client.connect();
  await until("live", () => client.status === "live");
}

test("versions order by the server's life, then by number", () => {
  expect(isNewer("a.10", "a.9")).toBe(true);
  expect(isNewer("a.9", "a.10")).toBe(false);
  expect(isNewer("b.1", "a.99")).toBe(true);
  expect(isNewer("a.1", "a.1")).toBe(false);
  expect(isNewer("a.1", "")).toBe(true);
  expect(isNewer("", "a.1")).toBe(false);
  expect(isNewer("", "")).toBe(false);
});

describe("a batch", () => {
  test("carries the queries of one tick, and a query alone needs none", async () => {
    const users = show("getUsers");
    const posts = show("getPosts");
    await until("both are shown", () => !!users.data && !!posts.data);
    expect(pod.batches).toEqual([["getUsers", "getPosts"]]);
    await live();
    pod.addUser("Ada");
    await until("she is shown", () => users.data?.length === 1);
    expect(pod.batches).toHaveLength(1);
  });

  test("a signal for many queries is one request, and one version of the database", async () => {
    const users = show("getUsers");
    const count = show("getAnything");
    await until("both are shown", () => !!users.data && count.data !== undefined);
    await live();
    pod.addUser("Ada");
    await until("she is shown", () => users.data?.length === 1);
    expect(pod.batches).toEqual([
      ["getUsers", "getAnything"],
      ["getUsers", "getAnything"],
    ]);
  });

  test("a call that fails does not fail the others", async () => {
    const users = show("getUsers");
    const nobody = show("getUserById", { id: 7 });
    await until("both ended", () => !!users.data && !!nobody.error);
    expect(nobody.error).toMatchObject({ code: "NOT_FOUND", status: 404, traceId: "trace-7" });
    expect(pod.batches).toHaveLength(1);
  });

  test("what refuses the request refuses each of its calls", async () => {
    client = newClient({ apiKey: "ep_pk_wrong" });
    const users = show("getUsers");
    const posts = show("getPosts");
    await until("both ended", () => !!users.error && !!posts.error);
    expect(users.error).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    expect(posts.error).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
  });

  test("holds fifty calls at most", async () => {
    const shown = Array.from({ length: 120 }, (_, n) => show("getUsers", { n }));
    await until("all are shown", () => shown.every(({ data }) => data));
    expect(pod.batches.map((names) => names.length)).toEqual([50, 50, 20]);
  });

  test("is given up when nobody waits for it any more, and not before", async () => {
    const held = pod.hold("getUsers");
    const users = show("getUsers");
    const posts = show("getPosts");
    await held.arrived;
    users.hide();
    held.release();
    await until("posts are shown", () => !!posts.data);
    expect(users.data).toBeUndefined();
    const again = pod.hold("getUsers");
    const both = [show("getUsers", { n: 1 }), show("getUsers", { n: 2 })];
    await again.arrived;
    for (const { hide } of both) hide();
    await settled();
    expect(client.queryClient.isFetching()).toBe(0);
    again.release();
  });
});

describe("versions", () => {
  test("a reply that was overtaken by a later one is dropped", async () => {
    const shared = new QueryClient();
    client = newClient({ queryClient: shared });
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    const held = pod.hold("getUsers");
    // The function runs now; its reply comes when the write is on the screen already.
    const late = shared.fetchQuery({ ...query("getUsers"), staleTime: 0 } as never);
    await held.arrived;
    pod.addUser("Ada");
    client.registry.answered([...client.registry.reads.keys()][0] as never, "", ["users"], pod.version);
    shared.setQueryData(query("getUsers").queryKey, [{ id: 1, name: "Ada" }]);
    held.release();
    expect(await late).toHaveLength(1);
    expect(users.names).toEqual(["Ada"]);
  });

  test("a late signal of what is shown already reads nothing", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    pod.signals = "kept";
    pod.addUser("Ada");
    await client.queryClient.refetchQueries();
    expect(users.names).toEqual(["Ada"]);
    pod.sendKept();
    await settled();
    expect(pod.count("getUsers")).toBe(2);
  });

  test("a server that hibernates meanwhile is a later life, and nothing is lost", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    pod.hibernate();
    pod.addUser("Ada");
    await until("she is shown", () => users.data?.length === 1);
    expect(client.status).toBe("live");
    pod.cutSockets();
    await until("the loss is noticed", () => client.status === "reconnecting");
    await until("live again", () => client.status === "live");
    await settled();
    expect(pod.count("getUsers")).toBe(2);
  });

  test("a message that is missing is noticed by the next one, and made up for at once", async () => {
    const users = show("getUsers");
    const posts = show("getPosts");
    await until("shown", () => !!users.data && !!posts.data);
    await live();
    pod.signals = "lost";
    pod.addUser("Ada");
    pod.signals = "sent";
    pod.addPost("Notes");
    await until("both are shown", () => users.data?.length === 1 && posts.data?.length === 1);
    expect(pod.opened).toBe(2);
  });

  test("a message that comes twice is no gap", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    pod.signals = "twice";
    pod.addUser("Ada");
    await until("she is shown", () => users.data?.length === 1);
    pod.addUser("Grace");
    await until("she is shown too", () => users.data?.length === 2);
    await settled();
    expect(pod.opened).toBe(1);
  });

  test("a connection that is not greeted does not count", async () => {
    pod.greets = false;
    client.connect();
    await until("opened", () => pod.opened === 1);
    await settled();
    expect(client.status).toBe("connecting");
  });

  test("the first connection asks about what was read before it", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    const { version } = pod;
    pod.addUser("Ada");
    await live();
    await until("she is shown", () => users.data?.length === 1);
    expect(pod.asked.getAll("table")).toEqual([`users@${version}`]);
    expect(pod.count("getUsers")).toBe(2);
  });

  test("pages are read by their cursors, and are as old as the oldest of them", async () => {
    for (const name of ["Ada", "Grace", "Edsger"]) pod.addUser(name);
    const options = { ...pages("getUserPage"), pages: 2 } as never;
    const data = (await client.queryClient.fetchInfiniteQuery(options)) as { pages: { items: { name: string }[] }[] };
    expect(data.pages.map(({ items }) => items.map(({ name }) => name))).toEqual([["Ada", "Grace"], ["Edsger"]]);
    expect([...heldOf(client.registry.reads, isNewer)]).toEqual([["users", pod.version]]);
  });
});

describe("a mutation that is lost", () => {
  test("is sent again under the same key, and runs once", async () => {
    pod.losesReplies = 2;
    expect(await client.mutate("insertUser", { name: "Ada" })).toMatchObject({ name: "Ada" });
    expect(pod.users).toHaveLength(1);
    expect(pod.count("insertUser")).toBe(3);
  });

  test("fails when it is lost too often", async () => {
    pod.losesReplies = 9;
    await expect(client.mutate("insertUser", { name: "Ada" })).rejects.toMatchObject({ code: "NETWORK" });
    expect(pod.count("insertUser")).toBe(4);
  });

  test("can be given up", async () => {
    pod.losesReplies = 9;
    const abort = new AbortController();
    const mutation = client.mutate("insertUser", { name: "Ada" }, { signal: abort.signal });
    await until("sent", () => pod.count("insertUser") === 1);
    abort.abort(new Error("enough"));
    await expect(mutation).rejects.toThrow();
    await sleep(500);
    expect(pod.count("insertUser")).toBe(1);
  });

  test("is not sent again if it is an action, whose effects nobody remembers", async () => {
    pod.losesReplies = 1;
    await expect(client.mutate("sendMail")).rejects.toMatchObject({ code: "NETWORK" });
    expect(pod.count("sendMail")).toBe(1);
    expect(pod.headers["x-edgepod-idempotency-key"]).toBeUndefined();
  });

  test("is not sent again when it was refused", async () => {
    pod.addUser("Ada");
    await expect(client.mutate("insertUser", { name: "Ada" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(pod.count("insertUser")).toBe(1);
  });

  test("every mutation has a key of its own", async () => {
    const keys = new Set<unknown>();
    for (let index = 0; index < 3; index++) {
      await client.mutate("doNothing");
      keys.add(pod.headers["x-edgepod-idempotency-key"]);
    }
    expect(keys.size).toBe(3);
    expect([...keys][0]).toMatch(/^[!-~]{1,128}$/);
  });
});

describe("optimistic updates", () => {
  const optimistic = {
    getUsers: (old: never, { name }: { name: string }) => [...(old as object[]), { id: 0, name }],
  } as never;
  const insert = (name: string) => client.mutate("insertUser", { name }, { optimistic });

  beforeEach(async () => {
    pod.addUser("Ada");
    await client.prepare();
  });

  test("show at once, and give way to what the server says", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    const held = pod.hold("insertUser");
    const mutation = insert("Grace");
    expect(users.names).toEqual(["Ada", "Grace"]);
    await held.arrived;
    held.release();
    await mutation;
    expect(users.data).toEqual(pod.users);
    expect(pod.count("getUsers")).toBe(2);
    // Never without her in between.
    const first = users.seen.findIndex((data) => (data as unknown[])?.length === 2);
    expect(users.seen.slice(first).every((data) => (data as unknown[]).length === 2)).toBe(true);
  });

  test("are rolled back on an error, and only their own", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    const [good, bad] = [pod.hold("insertUser"), pod.hold("insertUser")];
    const first = insert("Grace");
    await good.arrived;
    const second = insert("Ada").catch(({ code }) => code);
    await bad.arrived;
    expect(users.names).toEqual(["Ada", "Grace", "Ada"]);
    bad.release();
    expect(await second).toBe("CONFLICT");
    expect(users.names).toEqual(["Ada", "Grace"]);
    good.release();
    await first;
    expect(users.data).toEqual(pod.users);
  });

  test("stay over what is read in between", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    let open = () => {};
    pod.gate = new Promise((resolve) => {
      open = resolve;
    });
    const mutation = insert("Grace");
    pod.addUser("Edsger");
    await until("the other one is shown", () => users.data?.length === 3);
    expect(users.names).toEqual(["Ada", "Edsger", "Grace"]);
    open();
    await mutation;
    expect(users.data).toEqual(pod.users);
  });

  test("go where the write touched nothing that is read", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    const held = pod.hold("doNothing");
    const mutation = client.mutate("doNothing", { name: "Grace" }, { optimistic });
    await held.arrived;
    expect(users.names).toEqual(["Ada", "Grace"]);
    held.release();
    await mutation;
    expect(users.names).toEqual(["Ada"]);
  });

  test("of queries that are not on the screen stay until they are read", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    users.hide();
    await insert("Grace");
    expect(client.queryClient.getQueryData(query("getUsers").queryKey)).toHaveLength(2);
    const again = show("getUsers");
    await until("read", () => JSON.stringify(again.data) === JSON.stringify(pod.users));
  });

  test("fifty at once end as the database holds them", async () => {
    const users = show("getUsers");
    await until("shown", () => !!users.data);
    await live();
    await Promise.all(Array.from({ length: 50 }, (_, index) => insert(`user ${index}`)));
    expect(users.data).toEqual(pod.users);
    const lengths = users.seen.map((data) => (data as unknown[] | undefined)?.length ?? 0);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  });
});

describe("the reply to a write of another life", () => {
  /** A query that has read a topic, on a connection that this life greeted. */
  function greeted(life: string) {
    const registry = createRegistry<string>();
    registry.greeted([], `${life}.1`);
    registry.asked("users");
    registry.answered("users", registry.known(), ["users"], `${life}.1`);
    return registry;
  }

  test.each(["a", "z"])("has what it wrote read once more, and nothing for ever (%s beside m)", (other) => {
    const registry = greeted("m");
    expect(registry.changed(["users"], `${other}.7`, true)).toEqual(["users"]);
    expect(registry.isStale("users")).toBe(true);
    registry.answered("users", registry.known(), ["users"], "m.1");
    expect(registry.isStale("users")).toBe(false);
    registry.changed(["users"], "m.2");
    expect(registry.isStale("users")).toBe(true);
  });

  // The server has another life, and its socket is still on the way; its clock may have gone back.
  test.each(["a", "z"])("is read by queries of that life once, too, until it greets (%s beside m)", (other) => {
    const registry = greeted("m");
    for (const write of [7, 8]) {
      registry.changed(["users"], `${other}.${write}`, true);
      expect(registry.isStale("users")).toBe(true);
      registry.answered("users", registry.known(), ["users"], `${other}.${write}`);
      expect(registry.isStale("users")).toBe(false);
    }
    registry.greeted(["users"], `${other}.9`);
    expect(registry.isStale("users")).toBe(true);
  });

  test("is not one of a failure: what failed is tried again once the server greets", () => {
    const registry = greeted("m");
    registry.changed(["users"], "m.2");
    registry.answered("users", registry.known());
    expect(registry.isStale("users")).toBe(false);
    registry.greeted([], "m.2");
    expect(registry.isStale("users")).toBe(true);
  });

  test("is not one of a signal: a server that slept goes on with the same sockets", () => {
    const registry = greeted("m");
    registry.changed(["users"], "n.1");
    expect(registry.known()).toBe("n.1");
    registry.answered("users", registry.known(), ["users"], "n.1");
    expect(registry.isStale("users")).toBe(false);
  });
});
