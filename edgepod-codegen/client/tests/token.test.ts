import { QueryObserver } from "@tanstack/query-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { EdgePodClient, type GetToken, query } from "../src/core";
import { Pod, settled, until } from "./pod";

let pod: Pod;
let client: EdgePodClient;
let cleanups: (() => void)[];

beforeEach(async () => {
  pod = await new Pod().start();
  cleanups = [];
});

afterEach(async () => {
  for (const cleanup of cleanups) cleanup();
  client.disconnect();
  client.queryClient.clear();
  await pod.stop();
});

function signIn(getToken: GetToken): void {
  const Socket = NodeWebSocket as unknown as typeof WebSocket;
  client = new EdgePodClient({ url: pod.url, apiKey: pod.key, WebSocket: Socket, getToken });
}

function show(name: string) {
  const observer = new QueryObserver(client.queryClient, query(name) as never);
  cleanups.push(observer.subscribe(() => {}));
  return observer;
}

function token(sub: string, expiresInS = 3600, id = 0): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + expiresInS, id })}.x`;
}

test("a token that is about to expire is renewed before the call, once for all calls", async () => {
  const renewed = token("ada");
  let renewals = 0;
  signIn(async ({ refresh }) => {
    if (refresh) renewals++;
    return refresh ? renewed : token("ada", 5);
  });
  await Promise.all([client.mutate("doNothing"), client.mutate("doNothing"), client.mutate("doNothing")]);
  expect(pod.headers.authorization).toBe(`Bearer ${renewed}`);
  expect(renewals).toBe(1);
});

test("a token that is refused is renewed, and the call made once more", async () => {
  const [old, renewed] = [token("ada", 3600, 1), token("ada", 3600, 2)];
  pod.tokens = new Set([renewed]);
  let current = old;
  signIn(({ refresh }) => {
    if (refresh) current = renewed;
    return current;
  });
  await client.mutate("doNothing");
  expect(pod.count("doNothing")).toBe(1);
  expect(pod.headers.authorization).toBe(`Bearer ${renewed}`);
});

test("a user whose tokens are refused is unauthorized, until one is taken", async () => {
  pod.tokens = new Set();
  let current = token("ada", 3600, 1);
  const asked: boolean[] = [];
  signIn(({ refresh }) => {
    asked.push(refresh);
    return current;
  });
  client.connect();
  await until("live", () => client.status === "live");
  await expect(client.mutate("doNothing")).rejects.toMatchObject({ code: "UNAUTHORIZED", status: 401 });
  expect(asked.filter(Boolean)).toHaveLength(1);
  expect(client.status).toBe("unauthorized");
  current = token("ada", 3600, 2);
  pod.tokens.add(current);
  await client.mutate("doNothing");
  expect(client.status).toBe("live");
});

test("a new token of the same user reads nothing again", async () => {
  let id = 0;
  signIn(() => token("ada", 3600, id++));
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  await client.mutate("doNothing");
  await client.mutate("doNothing");
  await settled();
  expect(pod.count("getUsers")).toBe(1);
});

test("another user does not see what the last one has read", async () => {
  const tokens = { ada: token("ada"), grace: token("grace") };
  let user: keyof typeof tokens = "ada";
  signIn(() => tokens[user]);
  pod.addUser("Ada's friend");
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  const held = pod.hold("getUsers");
  user = "grace";
  await client.mutate("doNothing");
  await held.arrived;
  expect(users.getCurrentResult().data).toBeUndefined();
  held.release();
  await until("shown again", () => users.getCurrentResult().isSuccess);
  expect(pod.headers.authorization).toBe(`Bearer ${tokens.grace}`);
});

test("who signs out is another user", async () => {
  let current: string | null = token("ada");
  signIn(() => current);
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  current = null;
  await client.mutate("doNothing");
  await until("read again", () => pod.count("getUsers") === 2);
  expect(pod.headers.authorization).toBeUndefined();
});

test("a token that is no JWT is sent as it is", async () => {
  signIn(() => "opaque");
  await client.mutate("doNothing");
  expect(pod.headers.authorization).toBe("Bearer opaque");
});

test("another organisation of the same user does not see what the last one's has read", async () => {
  let org = "acme";
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  // Of one name with an address in front, as some services write it.
  signIn(() => `${part({})}.${part({ sub: "ada", "https://example.com/org_id": org, jti: Math.random() })}.x`);
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  await client.mutate("doNothing");
  expect(users.getCurrentResult().isSuccess).toBe(true);
  org = "globex";
  const held = pod.hold("getUsers");
  await client.mutate("doNothing");
  await held.arrived;
  expect(users.getCurrentResult().data).toBeUndefined();
  held.release();
});

test("a renewal that gives nothing leaves what is still good, and what is on the screen", async () => {
  const current = token("ada", 5);
  const asked: boolean[] = [];
  signIn(({ refresh }) => {
    asked.push(refresh);
    return refresh ? null : current;
  });
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  await client.mutate("doNothing");
  expect(asked).toContain(true);
  expect(pod.headers.authorization).toBe(`Bearer ${current}`);
  await settled();
  expect(pod.count("getUsers")).toBe(1);
});

test("a clock that is an hour ahead renews once, and not before every call", async () => {
  let renewals = 0;
  const issue = () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const iat = Math.floor(Date.now() / 1000) - 3600;
    return `${part({})}.${part({ sub: "ada", iat, exp: iat + 1800 })}.x`;
  };
  let current = issue();
  signIn(({ refresh }) => {
    if (refresh) {
      renewals++;
      current = issue();
    }
    return current;
  });
  for (let index = 0; index < 5; index++) await client.mutate("doNothing");
  expect(renewals).toBe(1);
});

test("a read that notices another user is answered with what that one sees", async () => {
  const tokens = { ada: token("ada"), grace: token("grace"), edsger: token("edsger") };
  let user: keyof typeof tokens = "ada";
  signIn(() => tokens[user]);
  await client.queryClient.fetchQuery(query("getUsers") as never);
  user = "grace";
  pod.addUser("Grace's friend");
  const read = client.queryClient.fetchQuery({ ...query("getUsers"), staleTime: 0 } as never);
  expect(await read).toHaveLength(1);
  const posts = client.queryClient.fetchQuery(query("getPosts") as never);
  user = "edsger";
  expect(await posts).toEqual([]);
  expect(pod.headers.authorization).toBe(`Bearer ${tokens.edsger}`);
});

test("who cannot be told apart by their tokens is another user when they sign out", async () => {
  let current: string | null = "opaque";
  signIn(() => current);
  const users = show("getUsers");
  await until("shown", () => users.getCurrentResult().isSuccess);
  current = null;
  await client.mutate("doNothing");
  await until("read again", () => pod.count("getUsers") === 2);
});

test("a token or a key with a line break is named, and no fault of the network", async () => {
  signIn(() => "two\nlines");
  await expect(client.mutate("doNothing")).rejects.toMatchObject({
    code: "UNAUTHORIZED",
    message: "getToken failed, so doNothing was not called: the token has a character that no header can have",
  });
  expect(() => new EdgePodClient({ url: pod.url, apiKey: "ep_pk\n_x" })).toThrow(
    'EdgePod\'s apiKey is "ep_pk\\n_x": copy it anew.',
  );
});

test("the socket's check of a key goes the way of all requests", async () => {
  const sent: string[] = [];
  client = new EdgePodClient({
    url: pod.url,
    apiKey: "ep_pk_wrong",
    WebSocket: NodeWebSocket as unknown as typeof WebSocket,
    fetch: (url, init) => {
      sent.push(new URL(String(url)).pathname);
      return fetch(url, init);
    },
  });
  client.connect();
  await until("unauthorized", () => client.status === "unauthorized");
  expect(sent).toEqual(["/ws"]);
});

describe("a file that could not be loaded", () => {
  afterEach(() => {
    for (const file of ["token", "socket", "optimistic"]) vi.doUnmock(`../src/core/${file}`);
  });

  /** Lets the next load of a file fail, as a network does. */
  function failOnce(file: string) {
    let fails = 0;
    vi.doMock(`../src/core/${file}`, async (original) => {
      if (fails++ === 0) throw new TypeError("Failed to fetch dynamically imported module");
      return await original();
    });
  }

  test("of tokens, is asked for again", async () => {
    failOnce("token");
    signIn(() => token("ada"));
    // The function is sent again by itself.
    await client.mutate("doNothing");
    expect(pod.headers.authorization).toBe(`Bearer ${token("ada")}`);
  });

  test("of the socket, is asked for again", async () => {
    failOnce("socket");
    signIn(() => token("ada"));
    client.connect();
    await until("noticed", () => client.status === "reconnecting");
    await until("live", () => client.status === "live");
  });

  test("of optimistic updates, lets the mutation happen without", async () => {
    failOnce("optimistic");
    signIn(() => token("ada"));
    await client.mutate("insertUser", { name: "Ada" }, { optimistic: { getUsers: () => [] } });
    expect(pod.users).toHaveLength(1);
  });
});
