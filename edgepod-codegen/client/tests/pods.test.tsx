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
import { oneAddress } from "./address";
import { Pod, settled, until } from "./pod";

// The app finds pods by a rule, as code generation says it.
vi.mock("../src/core/manifest", () => ({ ACTIONS: [], PODS: true }));

// The first test loads what the others have then.
configure({ asyncUtilTimeout: 30_000 });

interface User {
  id: number;
  name: string;
}
interface Queries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: User[]; error: never };
  getUserPage: {
    kind: "query";
    args: { cursor?: number | null };
    result: { items: User[]; next: number | null };
    error: never;
  };
}
interface Mutations {
  insertUser: { kind: "function"; args: { name: string }; result: User; error: never };
}
const useQuery = hooks.useQuery as hooks.UseQuery<Queries>;
const useInfiniteQuery = hooks.useInfiniteQuery as hooks.UseInfiniteQuery<Queries>;
const useMutation = hooks.useMutation as hooks.UseMutation<Mutations, Queries>;

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
/** What a server with pods does with requests and sockets. */
const server = oneAddress(of, NodeWebSocket as unknown as typeof WebSocket);

/** What is given up has its answer all the same, as one that is there already when it is. */
const deaf = ((url: string, { signal, ...init }: RequestInit = {}) => server.fetch(url, init)) as typeof fetch;

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

/** Adds Grace, who is shown at once. */
let add: () => Promise<unknown>;
const Adder = () => {
  const { trigger } = useMutation("insertUser", {
    optimistic: {
      getUsers: (users, { name }) => [...users, { id: 0, name }],
      getUserPage: (page, { name }) => ({ ...page, items: [...page.items, { id: 0, name }] }),
    },
  });
  add = () => trigger({ name: "Grace" });
  return null;
};

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

test("another pod, while the one before still owes a query's reply and a mutation's", async () => {
  const page = (pod: string) => (
    <hooks.EdgePodProvider {...server} fetch={deaf} pod={pod} queryClient={shared}>
      <List of="list" />
      <Adder />
    </hooks.EdgePodProvider>
  );
  const { rerender } = render(page("acme"));
  await screen.findByText("list: Ada, live");
  const insert = of("acme").hold("insertUser");
  const added = add();
  await insert.arrived;
  await screen.findByText("list: Ada Grace, live");
  const read = of("acme").hold("getUsers");
  of("acme").addUser("Alan");
  await read.arrived;
  const reads = of("acme").count("getUsers");
  rerender(page("globex"));
  expect(screen.queryByText(/Ada|Grace|Alan/)).toBeNull();
  await screen.findByText("list: Bob, live");
  for (const reply of [read, insert]) {
    reply.release();
    await settled();
    screen.getByText("list: Bob, live");
  }
  await added;
  of("acme").addUser("Alice");
  await settled();
  screen.getByText("list: Bob, live");
  expect([of("acme").count("getUsers"), of("acme").openSockets]).toEqual([reads, 0]);
  expect([of("globex").count("getUsers"), of("globex").count("insertUser")]).toEqual([1, 0]);
});

const token = (org: string, id = 0) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part({ sub: "ada", org, id, exp: Math.floor(Date.now() / 1000) + 3600 })}.x`;
};

const Signed = ({ fetch, ...props }: { getToken: GetToken; pod?: string; fetch?: typeof globalThis.fetch }) => (
  <hooks.EdgePodProvider {...server} {...(fetch && { fetch })} {...props} queryClient={shared}>
    <List of="list" />
    <Adder />
  </hooks.EdgePodProvider>
);

test("a socket brings the token along, and a new one where that has expired", async () => {
  let current = token("acme");
  render(<Signed getToken={() => current} pod="acme" />);
  await screen.findByText("list: Ada, live");
  expect(of("acme").protocols).toBe(`edgepod,edgepod.bearer.${current}`);
  current = token("acme", 2);
  of("acme").closeSockets(1008);
  await waitFor(() => expect(of("acme").protocols).toBe(`edgepod,edgepod.bearer.${current}`));
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
  const held = of("globex").hold("getUsers");
  const refetched = shared.refetchQueries();
  await held.arrived;
  await screen.findByText(/list: …/);
  expect(JSON.stringify(shared.getQueryCache().getAll())).not.toContain("Ada");
  held.release();
  await refetched;
  await screen.findByText("list: Bob, live");
  expect(of("globex").protocols).toBe(`edgepod,edgepod.bearer.${current}`);
  of("globex").addUser("Barbara");
  await screen.findByText("list: Bob Barbara, live");
  expect(of("globex").batches.length + of("globex").calls.length).toBeLessThan(8);
});

test("an organisation switch, while the old one still owes a query's reply and a mutation's", async () => {
  let current = token("acme");
  render(<Signed getToken={() => current} fetch={deaf} />);
  await screen.findByText("list: Ada, live");
  const insert = of("acme").hold("insertUser");
  const added = add();
  await insert.arrived;
  await screen.findByText("list: Ada Grace, live");
  const read = of("acme").hold("getUsers");
  of("acme").addUser("Alan");
  await read.arrived;
  const reads = of("acme").count("getUsers");
  current = token("globex");
  // Any call notices it.
  await shared.fetchQuery(query("getPosts") as never);
  await screen.findByText("list: Bob, live");
  read.release();
  await settled();
  screen.getByText("list: Bob, live");
  // What is not on the screen yet is no reason to go on expecting what another user did.
  const behind = of("globex").hold("getUsers");
  of("globex").addUser("Barbara");
  await behind.arrived;
  of("globex").addUser("Bella");
  await settled();
  insert.release();
  await added;
  await settled();
  screen.getByText("list: Bob, live");
  behind.release();
  await screen.findByText("list: Bob Barbara Bella, live");
  of("acme").addUser("Alice");
  await settled();
  screen.getByText("list: Bob Barbara Bella, live");
  expect([of("acme").count("getUsers"), of("acme").openSockets]).toEqual([reads, 0]);
  expect(of("globex").count("insertUser")).toBe(0);
});

test("an organisation switch: what is expected of pages begins with those of the new one", async () => {
  let current = token("acme");
  const Pages = () => <p>pages: {names(useInfiniteQuery("getUserPage").data?.pages.flatMap(({ items }) => items))}</p>;
  render(
    <hooks.EdgePodProvider {...server} queryClient={shared} getToken={() => current}>
      <Pages />
      <Adder />
    </hooks.EdgePodProvider>,
  );
  await screen.findByText("pages: Ada");
  const inAcme = of("acme").hold("insertUser");
  const added = [add()];
  await inAcme.arrived;
  await screen.findByText(/^pages: Ada Grace/);
  current = token("globex");
  await shared.fetchQuery(query("getPosts") as never);
  await screen.findByText("pages: Bob");
  const inGlobex = of("globex").hold("insertUser");
  added.push(add());
  await screen.findByText("pages: Bob Grace");
  for (const held of [inAcme, inGlobex]) held.release();
  await Promise.all(added);
  screen.getByText("pages: Bob Grace");
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
