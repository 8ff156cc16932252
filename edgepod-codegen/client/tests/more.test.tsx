// @vitest-environment jsdom
import { createSyncStoragePersister } from "@tanstack/query-sync-storage-persister";
import { QueryClient, useQuery as useTanstackQuery } from "@tanstack/react-query";
import { ReactQueryDevtools } from "@tanstack/react-query-devtools/production";
import { PersistQueryClientProvider } from "@tanstack/react-query-persist-client";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { type ReactNode, Suspense, useMemo } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { api as anyApi, type DehydratedPod, dehydrate, EdgePodClient, EdgePodError, hydrate, query } from "../src/core";
import { createMockPod as anyMockPod, type CreateMockPod } from "../src/mock";
import * as hooks from "../src/react";
import { EdgePodProvider, useClient, useStatus } from "../src/react";
import { Pod, settled } from "./pod";

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
const useMutation = hooks.useMutation as hooks.UseMutation<Mutations, Queries>;
const useSuspenseQuery = hooks.useSuspenseQuery as hooks.UseSuspenseQuery<Queries>;
const useInfiniteQuery = hooks.useInfiniteQuery as hooks.UseInfiniteQuery<Queries>;
const api = anyApi as hooks.Api<Queries, Mutations>;
const createMockPod = anyMockPod as unknown as CreateMockPod<Queries & Mutations>;

configure({ asyncUtilTimeout: 30_000 });

let pod: Pod;

beforeEach(async () => {
  pod = await new Pod().start();
});

afterEach(async () => {
  cleanup();
  await pod.stop();
});

function Provided({ children }: { children: ReactNode }) {
  return (
    <EdgePodProvider url={pod.url} apiKey={pod.key}>
      <p>Status: {<Status />}</p>
      {children}
    </EdgePodProvider>
  );
}

const Status = () => useStatus();
const names = () => screen.queryAllByRole("listitem").map((item) => item.textContent);
const List = ({ users }: { users: User[] }) => (
  <ul>
    {users.map(({ id, name }) => (
      <li key={id}>{name}</li>
    ))}
  </ul>
);

test("a component that suspends has data, and is kept fresh", async () => {
  pod.addUser("Ada");
  const Users = () => <List users={useSuspenseQuery("getUsers").data} />;
  render(
    <Provided>
      <Suspense fallback="Waiting…">
        <Users />
      </Suspense>
    </Provided>,
  );
  screen.getByText("Waiting…");
  await waitFor(() => expect(names()).toEqual(["Ada"]));
  await screen.findByText("Status: live");
  pod.addUser("Grace");
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
});

test("pages are kept fresh, and none is lost or doubled while rows are inserted", async () => {
  for (const name of ["Ada", "Grace", "Edsger"]) pod.addUser(name);
  function Pages() {
    const { data, fetchNextPage, hasNextPage } = useInfiniteQuery("getUserPage");
    return (
      <>
        <List users={data?.pages.flatMap(({ items }) => items) ?? []} />
        <button type="button" disabled={!hasNextPage} onClick={() => fetchNextPage()}>
          More
        </button>
      </>
    );
  }
  render(
    <Provided>
      <Pages />
    </Provided>,
  );
  await screen.findByText("Status: live");
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
  fireEvent.click(screen.getByText("More"));
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger"]));
  pod.addUser("Barbara");
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger", "Barbara"]));
});

describe("optimistic updates of pages", () => {
  // What each listing looked like, one after the other.
  const seen: string[] = [];

  function Pages() {
    const { data, fetchNextPage } = useInfiniteQuery("getUserPage");
    const { trigger, error } = useMutation("insertUser", {
      optimistic: {
        getUserPage: (page, { name }, { cursor }) =>
          cursor ? { ...page, items: [...page.items, { id: 0, name: `${name}?` }] } : page,
      },
    });
    const users = data?.pages.flatMap(({ items }) => items) ?? [];
    const shown = users.map(({ name }) => name).join(" ");
    if (seen.at(-1) !== shown) seen.push(shown);
    return (
      <>
        <List users={users} />
        <p>{error?.code}</p>
        <button type="button" onClick={() => fetchNextPage()}>
          More
        </button>
        <button type="button" onClick={() => trigger({ name: "Barbara" })}>
          Add Barbara
        </button>
        <button type="button" onClick={() => trigger({ name: "Ada" })}>
          Add Ada
        </button>
      </>
    );
  }

  beforeEach(async () => {
    seen.length = 0;
    for (const name of ["Ada", "Grace", "Edsger"]) pod.addUser(name);
    render(
      <Provided>
        <Pages />
      </Provided>,
    );
    await screen.findByText("Status: live");
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
    fireEvent.click(screen.getByText("More"));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger"]));
  });

  test("are shown page by page, and give way without a flicker", async () => {
    let open = () => {};
    pod.gate = new Promise((resolve) => {
      open = resolve;
    });
    fireEvent.click(screen.getByText("Add Barbara"));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger", "Barbara?"]));
    // What others do meanwhile is read under the expectation.
    pod.rename("Edsger", "E. W.");
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "E. W.", "Barbara?"]));
    open();
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "E. W.", "Barbara"]));
    expect(seen.slice(seen.indexOf("Ada Grace Edsger Barbara?"))).toEqual([
      "Ada Grace Edsger Barbara?",
      "Ada Grace E. W. Barbara?",
      "Ada Grace E. W. Barbara",
    ]);
  });

  test("are taken back when the mutation fails", async () => {
    fireEvent.click(screen.getByText("Add Ada"));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger", "Ada?"]));
    await screen.findByText("CONFLICT");
    expect(names()).toEqual(["Ada", "Grace", "Edsger"]);
  });

  test("are taken back also when the pages are just being read", async () => {
    const insert = pod.hold("insertUser");
    fireEvent.click(screen.getByText("Add Ada"));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger", "Ada?"]));
    await insert.arrived;
    const second = pod.hold("getUserPage");
    pod.rename("Grace", "Amazing Grace");
    await second.arrived;
    insert.release();
    await screen.findByText("CONFLICT");
    second.release();
    await waitFor(() => expect(names()).toEqual(["Ada", "Amazing Grace", "Edsger"]));
  });
});

test("a call is given up with its signal, and shows no error", async () => {
  const abort = new AbortController();
  const reasons: unknown[] = [];
  const held = pod.hold("insertUser");
  function Adder() {
    const { trigger, isMutating, error } = useMutation("insertUser");
    const add = () => trigger({ name: "Ada" }, { signal: abort.signal }).catch((reason) => reasons.push(reason.name));
    return (
      <button type="button" onClick={add}>
        {error?.message ?? (isMutating ? "Adding" : "Add")}
      </button>
    );
  }
  render(
    <Provided>
      <Adder />
    </Provided>,
  );
  fireEvent.click(screen.getByText("Add"));
  await screen.findByText("Adding");
  await held.arrived;
  abort.abort();
  await screen.findByText("Add");
  expect(reasons).toEqual(["AbortError"]);
  expect(pod.count("insertUser")).toBe(1);
  held.release();
});

test("what TanStack's persister kept is shown at once, read again, and kept fresh", async () => {
  const persister = createSyncStoragePersister({ storage: localStorage, throttleTime: 0 });
  const Users = () => <List users={useQuery("getUsers").data ?? []} />;
  const visit = (queryClient = new QueryClient()) =>
    render(
      <PersistQueryClientProvider client={queryClient} persistOptions={{ persister }}>
        <EdgePodProvider url={pod.url} apiKey={pod.key} queryClient={queryClient}>
          <Status />
          <Users />
        </EdgePodProvider>
      </PersistQueryClientProvider>,
    );
  pod.addUser("Ada");
  const first = visit();
  await screen.findByText("live");
  await waitFor(() => expect(names()).toEqual(["Ada"]));
  await waitFor(() => expect(localStorage.getItem("REACT_QUERY_OFFLINE_CACHE")).toContain("Ada"));
  first.unmount();
  const reads = pod.count("getUsers");
  pod.addUser("Grace");
  const held = pod.hold("getUsers");
  visit();
  await waitFor(() => expect(names()).toEqual(["Ada"]));
  held.release();
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
  await screen.findByText("live");
  await settled();
  expect(pod.count("getUsers")).toBe(reads + 1);
  pod.addUser("Edsger");
  await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger"]));
  localStorage.clear();
});

test("TanStack's devtools see a query as fresh, name its pod, and can read it again", async () => {
  pod.addUser("Ada");
  const queryClient = new QueryClient();
  const Users = () => <List users={useQuery("getUsers").data ?? []} />;
  // The devtools want what jsdom does not have.
  window.matchMedia ??= () => ({ matches: false, addEventListener() {}, removeEventListener() {} }) as never;
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  render(
    <EdgePodProvider url={pod.url} apiKey={pod.key} pod="acme" queryClient={queryClient}>
      <Users />
      <ReactQueryDevtools initialIsOpen />
    </EdgePodProvider>,
  );
  await waitFor(() => expect(names()).toContain("Ada"));
  // Their list is as high as the window, which here is nothing; they count all the same.
  await screen.findByLabelText("Fresh: 1");
  await screen.findByLabelText("Stale: 0");
  // What their buttons do.
  const found = queryClient.getQueryCache().find({ queryKey: api.getUsers.queryKey() });
  expect(found?.queryHash).toBe(`["edgepod","getUsers",{},"${pod.url}#acme"]`);
  await found?.fetch();
  expect(pod.count("getUsers")).toBe(2);
  await queryClient.resetQueries(found);
  expect(pod.count("getUsers")).toBe(3);
});

test("TanStack's own hooks take the options of a query, and share its data", async () => {
  pod.addUser("Ada");
  function Both() {
    const own = useQuery("getUsers");
    const theirs = useTanstackQuery(api.getUsers.queryOptions({}, { select: (users) => users.length }));
    return (
      <p>
        {own.data?.[0]?.name} of {theirs.data}
      </p>
    );
  }
  render(
    <Provided>
      <Both />
    </Provided>,
  );
  await screen.findByText("Ada of 1");
  expect(pod.count("getUsers")).toBe(1);
});

test("an optimistic update shows before the answer, and goes with a refusal", async () => {
  pod.addUser("Ada");
  function Users() {
    const { data } = useQuery("getUsers");
    const { trigger, error } = useMutation("insertUser", {
      optimistic: { getUsers: (old, { name }) => [...old, { id: 0, name }] },
    });
    return (
      <>
        <List users={data ?? []} />
        <button type="button" onClick={() => trigger({ name: "Ada" })}>
          Add
        </button>
        {error && <p>{error.code}</p>}
      </>
    );
  }
  render(
    <Provided>
      <Users />
    </Provided>,
  );
  await waitFor(() => expect(names()).toEqual(["Ada"]));
  await settled();
  const held = pod.hold("insertUser");
  fireEvent.click(screen.getByText("Add"));
  await held.arrived;
  await waitFor(() => expect(names()).toEqual(["Ada", "Ada"]));
  held.release();
  await screen.findByText("CONFLICT");
  expect(names()).toEqual(["Ada"]);
});

describe("a page that a server has rendered", () => {
  async function rendered(): Promise<DehydratedPod> {
    const server = new EdgePodClient({ url: pod.url, apiKey: pod.key });
    await server.queryClient.prefetchQuery(query("getUsers") as never);
    const state = JSON.parse(JSON.stringify(dehydrate(server)));
    server.queryClient.clear();
    return state;
  }

  function Hydrated({ state, children }: { state: DehydratedPod; children: ReactNode }) {
    const client = useClient();
    useMemo(() => hydrate(client, state), [client, state]);
    return children;
  }

  const Users = () => <List users={useQuery("getUsers").data ?? []} />;
  const page = (state: DehydratedPod) => (
    <Provided>
      <Hydrated state={state}>
        <Users />
      </Hydrated>
    </Provided>
  );

  test("reads nothing again", async () => {
    pod.addUser("Ada");
    const state = await rendered();
    render(page(state));
    expect(names()).toEqual(["Ada"]);
    await screen.findByText("Status: live");
    await settled();
    expect(pod.count("getUsers")).toBe(1);
  });

  test("reads again what has changed on the way, and is kept fresh", async () => {
    pod.addUser("Ada");
    const state = await rendered();
    pod.addUser("Grace");
    render(page(state));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
    pod.addUser("Edsger");
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace", "Edsger"]));
    expect(pod.count("getUsers")).toBe(3);
  });
});

describe("a mock pod", () => {
  function Users() {
    const { data, error } = useQuery("getUsers");
    const { trigger, error: refusal } = useMutation("insertUser");
    return (
      <>
        <p>Status: {useStatus()}</p>
        <List users={data ?? []} />
        <button type="button" onClick={() => trigger({ name: "Grace" })}>
          Add
        </button>
        <p>{(error ?? refusal)?.message}</p>
      </>
    );
  }

  test("answers, writes, and is live", async () => {
    const users = [{ id: 1, name: "Ada" }];
    const mock = createMockPod({
      getUsers: () => users,
      insertUser: ({ name }) => {
        users.push({ id: users.length + 1, name });
        return { id: users.length, name };
      },
    });
    render(
      <EdgePodProvider {...mock.props}>
        <Users />
      </EdgePodProvider>,
    );
    await screen.findByText("Status: live");
    await waitFor(() => expect(names()).toEqual(["Ada"]));
    fireEvent.click(screen.getByText("Add"));
    await waitFor(() => expect(names()).toEqual(["Ada", "Grace"]));
    expect(mock.calls).toContainEqual({ name: "insertUser", args: { name: "Grace" } });
    mock.set({ getUsers: () => [] });
    await waitFor(() => expect(names()).toEqual([]));
    mock.disconnect();
    await screen.findByText("Status: reconnecting");
    await screen.findByText("Status: live");
  });

  test("fails as it is told to, and says what it has not been given", async () => {
    const mock = createMockPod({
      getUsers: () => {
        throw new EdgePodError({ code: "FORBIDDEN", status: 403, message: "Members only" });
      },
    });
    render(
      <EdgePodProvider {...mock.props} queryClient={new QueryClient()}>
        <Users />
      </EdgePodProvider>,
    );
    await screen.findByText("Members only");
    mock.set({ getUsers: () => [] });
    await waitFor(() => expect(screen.queryByText("Members only")).toBeNull());
    fireEvent.click(screen.getByText("Add"));
    await screen.findByText("The mock pod has no insertUser: give it one in createMockPod. It has getUsers.");
  });
});
