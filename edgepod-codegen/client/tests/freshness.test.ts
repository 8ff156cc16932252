import { QueryClient, QueryObserver } from "@tanstack/query-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { EdgePodClient, EdgePodError, query } from "../src/core";
import { Pod, settled, sleep, until } from "./pod";

let pod: Pod;
let client: EdgePodClient;
let cleanups: (() => void)[];

beforeEach(async () => {
  pod = await new Pod().start();
  client = newClient();
  cleanups = [];
});

afterEach(async () => {
  for (const cleanup of cleanups) cleanup();
  client.disconnect();
  client.queryClient.clear();
  await pod.stop();
});

function newClient(
  apiKey = pod.key,
  queryClient = new QueryClient(),
  Socket: new (url: string) => NodeWebSocket = NodeWebSocket,
): EdgePodClient {
  return new EdgePodClient({
    url: pod.url,
    apiKey,
    queryClient,
    WebSocket: Socket as unknown as typeof WebSocket,
  });
}

/** A query on the screen. */
function show(name: string, args?: object | null) {
  const observer = new QueryObserver<unknown, EdgePodError>(client.queryClient, query(name, args));
  const hide = observer.subscribe(() => {});
  cleanups.push(hide);
  return {
    hide,
    get data() {
      return observer.getCurrentResult().data;
    },
    get error() {
      return observer.getCurrentResult().error;
    },
    get isStale() {
      return observer.getCurrentResult().isStale;
    },
    get isFetching() {
      return observer.getCurrentResult().isFetching;
    },
  };
}

/** Connects, and shows the users, of whom there is one. */
async function showUsersLive() {
  pod.addUser("Ada");
  client.connect();
  const users = show("getUsers");
  await until("live", () => client.status === "live");
  await until("users are shown", () => users.data !== undefined && !users.isFetching);
  return users;
}

describe("signals", () => {
  test("the first connection reads nothing again", async () => {
    await showUsersLive();
    await settled();
    expect(pod.calls).toEqual(["getUsers"]);
  });

  test("a query on the screen is read again when a table that it reads changes, and no other", async () => {
    const users = await showUsersLive();
    const posts = show("getPosts");
    await until("posts are shown", () => posts.data !== undefined);
    pod.addUser("Grace");
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    await settled();
    expect(pod.calls).toEqual(["getUsers", "getPosts", "getUsers"]);
  });

  test("a query that is not on the screen is read when it is shown again, and not before", async () => {
    const users = await showUsersLive();
    users.hide();
    pod.addUser("Grace");
    await settled();
    expect(pod.count("getUsers")).toBe(1);
    const again = show("getUsers");
    expect(again.data).toHaveLength(1);
    await until("the new user is shown", () => (again.data as unknown[]).length === 2);
    expect(pod.count("getUsers")).toBe(2);
  });

  test("null arguments read nothing, and show nothing that others have read", async () => {
    await showUsersLive();
    const skipped = show("getUsers", null);
    pod.addUser("Grace");
    await settled();
    expect(skipped.data).toBeUndefined();
    expect(pod.calls).toEqual(["getUsers", "getUsers"]);
  });

  test("a fresh query is shown again without a request", async () => {
    const users = await showUsersLive();
    users.hide();
    const again = show("getUsers");
    await settled();
    expect(again.data).toHaveLength(1);
    expect(pod.count("getUsers")).toBe(1);
  });

  test("many signals at once make one request per query", async () => {
    const users = await showUsersLive();
    for (let index = 0; index < 50; index++) pod.addUser(`user ${index}`);
    await until("all users are shown", () => (users.data as unknown[]).length === 51);
    await settled();
    // One that the first signals set off, one for those that came while it was under way, and so on.
    expect(pod.count("getUsers")).toBeLessThan(10);
  });

  test("a signal that comes twice reads at most once more", async () => {
    const users = await showUsersLive();
    pod.signals = "twice";
    pod.addUser("Grace");
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    await settled();
    expect(pod.count("getUsers")).toBeLessThanOrEqual(3);
  });

  test("a signal during the first load is not lost, although the tables are not known yet", async () => {
    client.connect();
    await until("live", () => client.status === "live");
    const held = pod.hold("getUsers");
    const users = show("getUsers");
    await held.arrived;
    pod.addUser("Ada");
    await settled();
    held.release();
    await until("the new user is shown", () => (users.data as unknown[] | undefined)?.length === 1);
    expect(pod.count("getUsers")).toBe(2);
  });

  test("a signal during a first load for another table reads nothing again", async () => {
    client.connect();
    const posts = show("getPosts");
    await until("live", () => client.status === "live" && posts.data !== undefined);
    const held = pod.hold("getUsers");
    const users = show("getUsers");
    await held.arrived;
    pod.addPost("Notes");
    await until("the post is shown", () => (posts.data as unknown[]).length === 1);
    held.release();
    await until("users are shown", () => users.data !== undefined);
    await settled();
    expect(pod.count("getUsers")).toBe(1);
  });

  test("a signal during a refresh is not lost", async () => {
    const users = await showUsersLive();
    const held = pod.hold("getUsers");
    pod.addUser("Grace");
    await held.arrived;
    pod.addUser("Edsger");
    await settled();
    held.release();
    await until("both are shown", () => (users.data as unknown[]).length === 3);
    expect(pod.count("getUsers")).toBe(3);
  });

  test("a read that begins right after a signal and is given up leaves the query stale", async () => {
    let afterMessage = () => {};
    class Socket extends NodeWebSocket {
      constructor(url: string) {
        super(url);
        // Later than the client's own listener, so that it is told after it.
        queueMicrotask(() => this.addEventListener("message", () => afterMessage()));
      }
    }
    client = newClient(pod.key, undefined, Socket);
    const users = await showUsersLive();
    const signalled = new Promise<void>((resolve) => {
      // In the tick of the signal, before its refresh.
      afterMessage = () => {
        void client.queryClient.refetchQueries({ queryKey: ["edgepod", "getUsers"] });
        users.hide();
        resolve();
      };
    });
    pod.addUser("Grace");
    await signalled;
    afterMessage = () => {};
    await settled();
    const again = show("getUsers");
    await until("the new user is shown", () => (again.data as unknown[]).length === 2);
  });

  test("a query that reads every table goes stale with any of them, one that reads none never", async () => {
    client.connect();
    const anything = show("getAnything");
    const version = show("getVersion");
    await until("live", () => client.status === "live" && anything.data === 0 && version.data === "1");
    pod.addPost("Notes");
    await until("counted", () => anything.data === 1);
    pod.announce(["*"]);
    await until("read again", () => pod.count("getAnything") === 3);
    await settled();
    expect(pod.count("getVersion")).toBe(1);
  });

  test("nonsense on the socket is ignored", async () => {
    const users = await showUsersLive();
    for (const text of ["", "nonsense", "null", "[]", "7", '{"type":"stale"}', '{"type":"stale","tables":"users"}']) {
      pod.send(text);
    }
    pod.send('{"type":"something new","tables":["users"]}');
    await settled();
    expect(pod.count("getUsers")).toBe(1);
    expect(client.status).toBe("live");
    pod.addUser("Grace");
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
  });

  test("a query that failed is read again when something changes", async () => {
    client.connect();
    const user = show("getUserById", { id: 1 });
    await until("live", () => client.status === "live" && user.error !== null);
    expect(user.error?.code).toBe("NOT_FOUND");
    pod.addUser("Ada");
    await until("the user is shown", () => (user.data as { name: string } | undefined)?.name === "Ada");
  });

  test("a server that fails is asked once per signal, not without end", async () => {
    const users = await showUsersLive();
    pod.failing = { status: 400, code: "BAD_REQUEST", message: "No" };
    pod.addUser("Grace");
    await until("the failure is shown", () => users.error !== null);
    await sleep(300);
    expect(pod.count("getUsers")).toBe(2);
    expect(users.data).toHaveLength(1);
    pod.failing = undefined;
    pod.addUser("Edsger");
    await until("all are shown", () => (users.data as unknown[]).length === 3);
  });
});

describe("interruptions", () => {
  test("after a reconnection what changed meanwhile is read again, and nothing else", async () => {
    const users = await showUsersLive();
    const posts = show("getPosts");
    await until("posts are shown", () => posts.data !== undefined);
    pod.cutSockets();
    await until("the loss is noticed", () => client.status === "reconnecting");
    pod.addUser("Grace");
    await until("live again", () => client.status === "live");
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    await settled();
    expect(pod.calls).toEqual(["getUsers", "getPosts", "getUsers"]);
  });

  test("a lost signal is made up for by the reconnection", async () => {
    const users = await showUsersLive();
    pod.signals = "lost";
    pod.addUser("Grace");
    await settled();
    expect(users.data).toHaveLength(1);
    pod.cutSockets();
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
  });

  test("what is hidden while disconnected is read when it is shown", async () => {
    const users = await showUsersLive();
    users.hide();
    pod.cutSockets();
    await until("the loss is noticed", () => client.status === "reconnecting");
    pod.addUser("Grace");
    await until("live again", () => client.status === "live");
    await settled();
    expect(pod.count("getUsers")).toBe(1);
    const again = show("getUsers");
    await until("the new user is shown", () => (again.data as unknown[]).length === 2);
  });

  test("a request that hangs since before the interruption does not keep the screen stale", async () => {
    const users = await showUsersLive();
    const held = pod.hold("getUsers");
    pod.addUser("Grace");
    await held.arrived;
    pod.cutSockets();
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    held.release();
    await settled();
    expect(users.data).toHaveLength(2);
  });

  test("a restarted server is found again, and subscribed to again", async () => {
    const users = await showUsersLive();
    await pod.stop();
    await until("the loss is noticed", () => client.status === "reconnecting");
    await sleep(200);
    await pod.start();
    await until("live again", () => client.status === "live");
    pod.addUser("Grace");
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    pod.addUser("Edsger");
    await until("the next one too", () => (users.data as unknown[]).length === 3);
  });

  test("a server that starts after the page is found, and the page is read at once", async () => {
    await pod.stop();
    // A query's own next try would come much later.
    client.queryClient.setDefaultOptions({ queries: { retryDelay: 600_000 } });
    client.connect();
    const users = show("getUsers");
    await until("the failure is noticed", () => client.status === "reconnecting");
    await pod.start();
    await until("live", () => client.status === "live");
    await until("users are shown", () => users.data !== undefined);
  });

  test("a query that failed without a server is read when there is one", async () => {
    await pod.stop();
    client.connect();
    const users = show("getUsers");
    await until("it is given up", () => users.error !== null);
    await pod.start();
    await until("users are shown", () => users.data !== undefined);
  });

  test("while there are no signals, a query is read whenever it is shown", async () => {
    const users = await showUsersLive();
    users.hide();
    await pod.stop();
    await until("the loss is noticed", () => client.status === "reconnecting");
    client.disconnect();
    await pod.start();
    // Disconnected on purpose is "connecting", which trusts the next connection to read again.
    expect(client.status).toBe("connecting");
    pod.addUser("Grace");
    client.connect();
    const again = show("getUsers");
    await until("the new user is shown", () => (again.data as unknown[]).length === 2);
  });

  test("what another client left in a shared cache is read again, and kept fresh", async () => {
    const users = await showUsersLive();
    users.hide();
    client.disconnect();
    await until("closed", () => pod.openSockets === 0);
    pod.addUser("Grace");
    client = newClient(pod.key, client.queryClient);
    client.connect();
    await until("live", () => client.status === "live");
    const again = show("getUsers");
    expect(again.data).toHaveLength(1);
    await until("the new user is shown", () => (again.data as unknown[]).length === 2);
    pod.addUser("Edsger");
    await until("the next one too", () => (again.data as unknown[]).length === 3);
  });

  test("a query that depends on nothing survives an interruption of its only request", async () => {
    client.connect();
    await until("live", () => client.status === "live");
    const version = show("getVersion");
    await until("it is shown", () => version.data === "1");
    const held = pod.hold("getVersion");
    void client.queryClient.refetchQueries({ queryKey: ["edgepod", "getVersion"] });
    await held.arrived;
    pod.cutSockets();
    await until("the loss is noticed", () => client.status === "reconnecting");
    await until("live again", () => client.status === "live");
    held.release();
    await until("it is idle", () => !version.isFetching);
    expect(version.data).toBe("1");
  });

  test("a request of a query that is not on the screen does not hang it for later", async () => {
    await showUsersLive();
    const held = pod.hold("getPosts");
    client.queryClient.prefetchQuery(query("getPosts"));
    await held.arrived;
    pod.cutSockets();
    await until("the loss is noticed", () => client.status === "reconnecting");
    await until("live again", () => client.status === "live");
    const posts = show("getPosts");
    await until("posts are shown", () => posts.data !== undefined);
    held.release();
  });

  test("connecting twice, or again within a tick, opens one socket", async () => {
    client.connect();
    client.disconnect();
    client.connect();
    client.connect();
    await until("live", () => client.status === "live");
    await settled();
    expect(pod.opened).toBe(1);
    client.disconnect();
    await until("closed", () => pod.openSockets === 0);
  });
});

describe("own writes", () => {
  test("a mutation is finished when the screen shows it, after one read", async () => {
    const users = await showUsersLive();
    const user = await client.mutate("insertUser", { name: "Grace" });
    expect(user).toMatchObject({ name: "Grace" });
    expect(users.data).toHaveLength(2);
    await settled();
    expect(pod.calls).toEqual(["getUsers", "insertUser", "getUsers"]);
  });

  test("it makes no difference that the signal comes before the reply", async () => {
    const users = await showUsersLive();
    const held = pod.hold("insertUser");
    const mutation = client.mutate("insertUser", { name: "Grace" });
    await held.arrived;
    await until("the new user is shown", () => (users.data as unknown[]).length === 2);
    held.release();
    await mutation;
    await settled();
    expect(pod.calls).toEqual(["getUsers", "insertUser", "getUsers"]);
  });

  test("nor that it comes a moment after the reply", async () => {
    const users = await showUsersLive();
    pod.signals = "kept";
    const mutation = client.mutate("insertUser", { name: "Grace" });
    await until("called", () => pod.count("insertUser") === 1);
    await sleep(60);
    pod.sendKept();
    await mutation;
    expect(users.data).toHaveLength(2);
    await settled();
    expect(pod.calls).toEqual(["getUsers", "insertUser", "getUsers"]);
  });

  test("a signal that is lost does not matter to who wrote", async () => {
    const users = await showUsersLive();
    pod.signals = "lost";
    await client.mutate("insertUser", { name: "Grace" });
    expect(users.data).toHaveLength(2);
  });

  test("a signal that is late reads nothing more", async () => {
    const users = await showUsersLive();
    pod.signals = "kept";
    await client.mutate("insertUser", { name: "Grace" });
    expect(users.data).toHaveLength(2);
    pod.sendKept();
    await settled();
    expect(pod.count("getUsers")).toBe(2);
  });

  test("without a socket the reply says what to read again", async () => {
    pod.addUser("Ada");
    const users = show("getUsers");
    const posts = show("getPosts");
    await until("both are shown", () => users.data !== undefined && posts.data !== undefined);
    await client.mutate("insertUser", { name: "Grace" });
    expect(users.data).toHaveLength(2);
    expect(pod.calls).toEqual(["getUsers", "getPosts", "insertUser", "getUsers"]);
  });

  test("a mutation that wrote nothing waits for nothing", async () => {
    await showUsersLive();
    const durations: number[] = [];
    for (let index = 0; index < 5; index++) {
      const before = Date.now();
      await client.mutate("doNothing");
      durations.push(Date.now() - before);
    }
    // The best of five, for this machine has other things to do. Who waits for a screen waits for seconds.
    expect(Math.min(...durations)).toBeLessThan(1_000);
    expect(pod.count("getUsers")).toBe(1);
  });

  test("a mutation is not held up for ever by a read that hangs", async () => {
    await showUsersLive();
    const held = pod.hold("getUsers");
    await client.mutate("insertUser", { name: "Grace" });
    expect(pod.count("getUsers")).toBe(2);
    held.release();
  });

  test("a mutation that fails leaves the screen alone, and says why", async () => {
    await showUsersLive();
    const failure = await client.mutate("insertUser", { name: "Ada" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EdgePodError);
    expect(failure).toMatchObject({
      code: "CONFLICT",
      status: 409,
      message: "That name is taken",
      data: { columns: ["name"] },
      traceId: "trace-7",
    });
    await settled();
    expect(pod.count("getUsers")).toBe(1);
  });

  test("fifty mutations at once all end, and the screen shows every one", async () => {
    const users = await showUsersLive();
    const names = Array.from({ length: 50 }, (_, index) => `user ${index}`);
    await Promise.all(names.map((name) => client.mutate("insertUser", { name })));
    await until("all users are shown", () => (users.data as unknown[]).length === 51);
    expect(pod.count("getUsers")).toBeLessThan(50);
  });

  test("a mutation subscribes to nothing", async () => {
    await client.mutate("doNothing");
    expect(pod.headers["x-edgepod-reactive"]).toBe("false");
  });
});

describe("status", () => {
  test("a refused key is unauthorized, and not merely a bad connection", async () => {
    client = newClient("ep_pk_wrong");
    const seen: string[] = [];
    client.onStatus(() => seen.push(client.status));
    client.connect();
    await until("unauthorized", () => client.status === "unauthorized");
    await sleep(1_500);
    expect(client.status).toBe("unauthorized");
    expect(seen).toEqual(["reconnecting", "unauthorized"]);
    expect(pod.opened).toBe(0);
  });

  test("a socket that the server closes for policy is unauthorized", async () => {
    client.connect();
    await until("live", () => client.status === "live");
    pod.closeSockets(1008);
    await until("unauthorized", () => client.status === "unauthorized");
  });

  test("who no longer listens is not told", async () => {
    let told = 0;
    client.onStatus(() => told++)();
    client.connect();
    await until("live", () => client.status === "live");
    expect(told).toBe(0);
  });
});

describe("errors", () => {
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail("it succeeded"),
      (error) => error,
    );

  test("a server that is not there is NETWORK", async () => {
    await pod.stop();
    const failure = await failureOf(client.mutate("insertUser", { name: "Ada" }));
    expect(failure).toBeInstanceOf(EdgePodError);
    expect(failure).toMatchObject({ code: "NETWORK", status: 0 });
    expect(failure.message).toContain(pod.url);
    expect(failure.cause).toBeInstanceOf(TypeError);
  });

  test("an error page of something in between is INVALID_REPLY", async () => {
    const failure = await failureOf(client.mutate("getErrorPage"));
    expect(failure).toMatchObject({ code: "INVALID_REPLY", status: 502 });
  });

  test("a bad key is UNAUTHORIZED, and not tried again", async () => {
    client = newClient("ep_pk_wrong");
    const users = show("getUsers");
    await until("the failure is shown", () => users.error !== null);
    expect(users.error).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
  });

  test("a url without its protocol is refused with advice", () => {
    const make = () => new EdgePodClient({ url: "localhost:8989", apiKey: "" });
    expect(make).toThrow('EdgePod\'s url is "localhost:8989": give it with its protocol');
  });

  test("a getToken that fails is UNAUTHORIZED, and nothing is called", async () => {
    const getToken = () => Promise.reject(new Error("signed out"));
    client = new EdgePodClient({ url: pod.url, apiKey: pod.key, getToken });
    const failure = await failureOf(client.mutate("doNothing"));
    expect(failure).toMatchObject({ code: "UNAUTHORIZED", status: 0 });
    expect(failure.message).toBe("getToken failed, so doNothing was not called: signed out");
    expect(pod.calls).toEqual([]);
  });

  test("arguments that are no JSON are the caller's mistake, not the network's", async () => {
    expect(await failureOf(client.mutate("doNothing", { id: 7n }))).toBeInstanceOf(TypeError);
  });

  test("the token is asked for with each call, and sent", async () => {
    let tokens = 0;
    client = new EdgePodClient({ url: `${pod.url}/`, apiKey: pod.key, getToken: async () => `token-${++tokens}` });
    await client.mutate("doNothing");
    await client.mutate("doNothing");
    expect(pod.headers.authorization).toBe("Bearer token-2");
  });
});
