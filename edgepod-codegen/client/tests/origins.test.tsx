// @vitest-environment jsdom
/** Several servers, users and clients on one query client: nobody is shown what is another's. */
import { QueryClient, useQuery as useTanstackQuery } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { api as anyApi, dehydrate, EdgePodClient, hydrate, query } from "../src/core";
import { isNewer } from "../src/core/registry";
import { heldOf } from "../src/core/socket";
import { createEdgePod } from "../src/plain";
import * as hooks from "../src/react";
import { Pod, settled, until } from "./pod";

interface Queries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: { id: number; name: string }[]; error: never };
}
interface Pages {
  getUserPage: { kind: "query"; args: { cursor?: number | null }; result: { items: []; next: null }; error: never };
}
type Mutations = Record<never, never>;

const api = anyApi as hooks.Api<Queries, Mutations>;
const useApi = hooks.useApi as () => hooks.Api<Queries, Mutations>;
const useQuery = hooks.useQuery as hooks.UseQuery<Queries>;
const Socket = NodeWebSocket as unknown as typeof WebSocket;

let a: Pod;
let b: Pod;
let shared: QueryClient;

beforeEach(async () => {
  [a, b] = await Promise.all([new Pod().start(), new Pod().start()]);
  a.addUser("Ada");
  b.addUser("Bob");
  shared = new QueryClient();
});

afterEach(async () => {
  cleanup();
  await Promise.all([a.stop(), b.stop()]);
});

const names = (users: { name: string }[] | undefined) => users?.map(({ name }) => name).join(" ") ?? "…";
const Provided = ({ pod, children }: { pod: Pod; children: ReactNode }) => (
  <hooks.EdgePodProvider url={pod.url} apiKey={pod.key} queryClient={shared}>
    {children}
  </hooks.EdgePodProvider>
);

describe("two servers and one query client", () => {
  test("each list shows its own server's rows, and is kept fresh by it", async () => {
    const List = ({ of }: { of: string }) => (
      <p>
        {of}: {names(useQuery("getUsers").data)}, {hooks.useStatus()}
      </p>
    );
    render(
      <StrictMode>
        <Provided pod={a}>
          <List of="a" />
        </Provided>
        <Provided pod={b}>
          <List of="b" />
        </Provided>
      </StrictMode>,
    );
    await screen.findByText("a: Ada, live");
    await screen.findByText("b: Bob, live");
    b.addUser("Barbara");
    await screen.findByText("b: Bob Barbara, live");
    screen.getByText("a: Ada, live");
    expect(a.count("getUsers")).toBe(1);
  });

  test("mutations go to the server that they are of", async () => {
    function Adder({ name }: { name: string }) {
      const { trigger } = hooks.useMutation("insertUser");
      return (
        <button type="button" onClick={() => void trigger({ name })}>
          {name}
        </button>
      );
    }
    render(
      <>
        <Provided pod={a}>
          <Adder name="Alan" />
        </Provided>
        <Provided pod={b}>
          <Adder name="Barbara" />
        </Provided>
      </>,
    );
    for (const name of ["Alan", "Barbara"]) screen.getByText(name).click();
    await waitFor(() => expect([names(a.users), names(b.users)]).toEqual(["Ada Alan", "Bob Barbara"]));
  });

  test("the api of the nearest provider is that of its server; the one of all is refused", async () => {
    const Own = () => <p>own: {names(useTanstackQuery(useApi().getUsers.queryOptions()).data)}</p>;
    render(
      <>
        <Provided pod={a}>
          <Own />
        </Provided>
        <Provided pod={b}>
          <Own />
        </Provided>
      </>,
    );
    await screen.findByText("own: Ada");
    await screen.findByText("own: Bob");
    expect(() => shared.getQueryData(api.getUsers.queryKey())).toThrow(/useApi\(\) or pod.api/);
    expect(() => shared.getQueryData(api.getUsers.queryKey())).toThrow(a.url);
    cleanup();
    // A filter means those of both.
    const ofBoth = { queryKey: api.getUsers.queryKey() };
    expect(shared.getQueriesData(ofBoth)).toHaveLength(2);
    const pages = { queryKey: (anyApi as hooks.Api<Pages, Mutations>).getUserPage.infiniteQueryOptions().queryKey };
    await shared.fetchInfiniteQuery(pages as never);
    expect(shared.getQueriesData(pages)).toHaveLength(1);
    expect(shared.getQueriesData(ofBoth)).toHaveLength(2);
  });

  test("another address of the same provider begins anew, also for the api of all", async () => {
    const List = () => <p>list: {names(useTanstackQuery(api.getUsers.queryOptions()).data)}</p>;
    const page = (pod: Pod) => (
      <Provided pod={pod}>
        <List />
      </Provided>
    );
    const { rerender } = render(page(a));
    await screen.findByText("list: Ada");
    rerender(page(b));
    expect(screen.queryByText("list: Ada")).toBeNull();
    await screen.findByText("list: Bob");
  });

  test("plain clients, too", async () => {
    const options = { apiKey: a.key, queryClient: shared, WebSocket: Socket };
    const pods = [a, b].map(({ url }) => createEdgePod({ ...options, url }));
    const read = await Promise.all(pods.map((pod) => pod.read("getUsers")));
    expect(read.map((users) => names(users as { name: string }[]))).toEqual(["Ada", "Bob"]);
    for (const pod of pods) pod.close();
  });

  test("an optimistic update is shown of its own server's queries only", async () => {
    const [ofA, ofB] = [a, b].map(({ url, key }) => new EdgePodClient({ url, apiKey: key, queryClient: shared }));
    const read = (client = ofA) => client?.queryClient.fetchQuery(query("getUsers", {}, client.origin) as never);
    await Promise.all([read(ofA), read(ofB)]);
    const held = a.hold("insertUser");
    const optimistic = { getUsers: () => [] };
    const mutation = ofA?.mutate("insertUser", { name: "Alan" }, { optimistic });
    await held.arrived;
    expect(shared.getQueryData(query("getUsers", {}, a.url).queryKey)).toEqual([]);
    expect(shared.getQueryData(query("getUsers", {}, b.url).queryKey)).toHaveLength(1);
    held.release();
    await mutation;
  });

  test("what a server has read under one address is taken over under another", async () => {
    const server = new EdgePodClient({ url: `${a.url}/`, apiKey: a.key });
    await server.queryClient.prefetchQuery(query("getUsers") as never);
    const state = JSON.parse(JSON.stringify(dehydrate(server)));
    const page = new EdgePodClient({ url: a.url.replace("127.0.0.1", "localhost"), apiKey: a.key, WebSocket: Socket });
    hydrate(page, state);
    expect(page.queryClient.getQueryData(query("getUsers").queryKey)).toHaveLength(1);
    expect(page.registry.reads.size).toBe(1);
    page.queryClient.clear();
    server.queryClient.clear();
  });
});

test("a path is an address where a page is rendered, and reads nothing there", async () => {
  const page = new EdgePodClient({ url: "/api/", apiKey: "" });
  expect(page.origin).toBe("/api");
});

test("nothing is kept of what the cache has forgotten", async () => {
  const client = new EdgePodClient({ url: a.url, apiKey: a.key, WebSocket: Socket });
  const read = () => client.queryClient.fetchQuery(query("getUsers") as never);
  await read();
  client.queryClient.clear();
  expect([client.registry.reads.size, heldOf(client.registry.reads, isNewer).size]).toEqual([0, 0]);
  client.connect();
  await until("live", () => client.status === "live");
  const held = a.hold("getUsers");
  const late = read();
  await held.arrived;
  client.queryClient.clear();
  held.release();
  await late.catch(() => {});
  await settled();
  expect([client.registry.reads.size, heldOf(client.registry.reads, isNewer).size]).toEqual([0, 0]);
  await read();
  expect([...heldOf(client.registry.reads, isNewer).keys()]).toEqual(["users"]);
  client.disconnect();
  client.queryClient.clear();
});
