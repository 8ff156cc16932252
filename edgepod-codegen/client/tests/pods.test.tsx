// @vitest-environment jsdom
/** Pods of one server: what one client shows of a pod is never another's. */
import { QueryClient } from "@tanstack/react-query";
import { cleanup, configure, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { dehydrate, EdgePodClient, type GetToken, hydrate, query } from "../src/core";
import { createEdgePod } from "../src/plain";
import * as hooks from "../src/react";
import { Pod, settled, until } from "./pod";

// The app finds pods by a rule, as code generation says it.
vi.mock("../src/core/manifest", () => ({ ACTIONS: [], PODS: true }));

// The first test loads what the others have then.
configure({ asyncUtilTimeout: 4_000 });

interface Queries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: { id: number; name: string }[]; error: never };
}
const useQuery = hooks.useQuery as hooks.UseQuery<Queries>;

/** Two pods, each with a server of its own behind the one address. */
let pods: Record<string, Pod>;
let shared: QueryClient;

beforeEach(async () => {
  const [acme, globex] = await Promise.all([new Pod().start(), new Pod().start()]);
  acme.addUser("Ada");
  globex.addUser("Bob");
  pods = { acme, globex };
  shared = new QueryClient();
});

afterEach(async () => {
  cleanup();
  await Promise.all(Object.values(pods).map((pod) => pod.stop()));
});

const of = (name: string) => pods[name] as Pod;
/** The pod of a token, whose claim names it. */
const podOf = (token: string) => JSON.parse(atob(token.split(".")[1] as string)).org as string;
const to = (pod: string, url: string) => url.replace("pods.test", of(pod).url.slice("http://".length));

/** What a server with pods does with requests and sockets. */
const server = {
  url: "http://pods.test",
  apiKey: "ep_pk_test",
  fetch: (async (url: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const token = headers.get("authorization");
    return fetch(to(headers.get("x-edgepod-pod") ?? podOf(token as string), url), init);
  }) as typeof fetch,
  WebSocket: class extends NodeWebSocket {
    constructor(url: string, protocols: string[]) {
      const token = protocols[1]?.slice("edgepod.bearer.".length);
      super(to(new URL(url).searchParams.get("pod") ?? podOf(token as string), url), protocols);
    }
  } as unknown as typeof WebSocket,
};

const names = (users: { name: string }[] | undefined) => users?.map(({ name }) => name).join(" ") ?? "…";
const Provided = ({ pod, children }: { pod: string; children: ReactNode }) => (
  <hooks.EdgePodProvider {...server} pod={pod} queryClient={shared}>
    {children}
  </hooks.EdgePodProvider>
);
const List = ({ of }: { of: string }) => (
  <p>
    {of}: {names(useQuery("getUsers").data)}, {hooks.useStatus()}
  </p>
);

test("providers side by side and nested show each its own pod, on one query client", async () => {
  render(
    <Provided pod="acme">
      <List of="one" />
      <Provided pod="globex">
        <List of="within" />
      </Provided>
    </Provided>,
  );
  await screen.findByText("one: Ada, live");
  await screen.findByText("within: Bob, live");
  of("globex").addUser("Barbara");
  await screen.findByText("within: Bob Barbara, live");
  expect(screen.getByText("one: Ada, live")).toBeTruthy();
  const keys = shared
    .getQueryCache()
    .getAll()
    .map(({ queryKey }) => queryKey[3]);
  expect(keys.sort()).toEqual(["http://pods.test#acme", "http://pods.test#globex"]);
});

test("another pod shows nothing of the one before", async () => {
  const { rerender } = render(
    <Provided pod="acme">
      <List of="list" />
    </Provided>,
  );
  await screen.findByText("list: Ada, live");
  rerender(
    <Provided pod="globex">
      <List of="list" />
    </Provided>,
  );
  expect(screen.queryByText(/Ada/)).toBeNull();
  await screen.findByText("list: Bob, live");
  expect(of("acme").openSockets).toBe(0);
});

const token = (org: string, id = 0) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part({ sub: "ada", org, id, exp: Math.floor(Date.now() / 1000) + 3600 })}.x`;
};

const Signed = ({ getToken, pod }: { getToken: GetToken; pod?: string }) => (
  <hooks.EdgePodProvider {...server} queryClient={shared} getToken={getToken} pod={pod}>
    <List of="list" />
  </hooks.EdgePodProvider>
);

test("a socket brings the token along, and a new one where that has expired", async () => {
  let current = token("acme");
  render(<Signed getToken={() => current} pod="acme" />);
  await screen.findByText("list: Ada, live");
  expect(of("acme").protocols).toBe(`edgepod,edgepod.bearer.${current}`);
  current = token("acme", 2);
  of("acme").closeSockets(1008);
  await waitFor(() => expect(of("acme").protocols).toBe(`edgepod,edgepod.bearer.${current}`), { timeout: 3_000 });
  of("acme").addUser("Alan");
  await screen.findByText("list: Ada Alan, live");
});

test("an organisation switch that keeps the user shows nothing of the old one, and hears of the new one", async () => {
  // The later pod began its life earlier: its versions are no measure for those of the other.
  of("acme").hibernate();
  let current = token("acme");
  render(<Signed getToken={() => current} pod="" />);
  await screen.findByText("list: Ada, live");
  current = token("globex");
  await shared.refetchQueries();
  await screen.findByText("list: Bob, live");
  expect(of("globex").protocols).toBe(`edgepod,edgepod.bearer.${current}`);
  of("globex").addUser("Barbara");
  await screen.findByText("list: Bob Barbara, live");
  expect(of("globex").batches.length + of("globex").calls.length).toBeLessThan(8);
});

test("a client without pod and token offers no protocol", async () => {
  const client = createEdgePod({ ...server, url: of("acme").url, fetch, WebSocket: NodeWebSocket as never });
  await until("live", () => client.status === "live");
  expect(of("acme").protocols).toBeUndefined();
  client.close();
});

test("a page that was rendered of one pod gives nothing to another", async () => {
  const rendered = new EdgePodClient({ ...server, pod: "acme" });
  await rendered.queryClient.fetchQuery(query("getUsers") as never);
  const state = dehydrate(rendered);
  const [same, other] = ["acme", "globex"].map((pod) => new EdgePodClient({ ...server, pod }));
  for (const client of [same, other]) hydrate(client as EdgePodClient, state);
  const held = (client: EdgePodClient | undefined) => client?.queryClient.getQueryCache().getAll().length;
  expect([held(same), held(other)]).toEqual([1, 0]);
  await settled();
});
