import { QueryObserver } from "@tanstack/query-core";
import { afterEach, beforeEach, expect, test } from "vitest";
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
  let user = "ada";
  signIn(() => token(user));
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
  expect(pod.headers.authorization).toBe(`Bearer ${token("grace")}`);
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
