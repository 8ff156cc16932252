/** What one query costs beside many others. Operations are counted, not time. */
import { QueryClient, QueryObserver } from "@tanstack/query-core";
import { expect, test } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { EdgePodClient, query } from "../src/core";
import { isNewer } from "../src/core/registry";
import { heldOf } from "../src/core/socket";
import { until } from "./pod";

/** A request. */
interface Sent {
  path: string;
  bytes: number;
}

/** A server that answers at once: each item is a row of a table of its own. */
function client(queryClient = new QueryClient(), sent: Sent[] = []): EdgePodClient {
  let version = 1;
  const reply = ({ id }: { id: number }) => ({
    status: 200,
    data: { id },
    meta: { tables: [`table${id}`], written: [`table${id}`], version: `e.${version}` },
  });
  const answer = async (url: unknown, init?: RequestInit) => {
    const body = JSON.parse(String(init?.body));
    sent.push({ path: new URL(String(url)).pathname, bytes: String(init?.body).length });
    const isBatch = String(url).endsWith("/rpc");
    if (String(url).endsWith("/rename")) version++;
    const replies = isBatch
      ? { results: body.calls.map(({ args }: { args: { id: number } }) => reply(args)) }
      : reply(body);
    return Response.json(replies);
  };
  return new EdgePodClient({
    url: "http://items.invalid",
    apiKey: "k",
    queryClient,
    fetch: answer as typeof fetch,
    WebSocket: NodeWebSocket as unknown as typeof WebSocket,
  });
}

/** Counts how often any of the arguments is made into a key, and how often all queries are gone through. */
function counted(pod: EdgePodClient) {
  const counts = { hashes: 0, scans: 0 };
  const cache = pod.queryClient.getQueryCache();
  const getAll = cache.getAll.bind(cache);
  cache.getAll = () => {
    counts.scans++;
    return getAll();
  };
  const stringify = JSON.stringify;
  JSON.stringify = ((value: unknown, ...more: never[]) => {
    if (Array.isArray(value) && value[0] === "edgepod") counts.hashes++;
    return stringify(value, ...more);
  }) as typeof JSON.stringify;
  return {
    counts,
    of: async (work: () => Promise<unknown>) => {
      Object.assign(counts, { hashes: 0, scans: 0 });
      await work();
      return { ...counts };
    },
    end: () => {
      JSON.stringify = stringify;
    },
  };
}

async function watch(pod: EdgePodClient, from: number, to: number): Promise<() => void> {
  const observers = Array.from(
    { length: to - from },
    (_, index) => new QueryObserver(pod.queryClient, query("getItem", { id: from + index }, pod.origin) as never),
  );
  const ends = observers.map((observer) => observer.subscribe(() => {}));
  await until("all are there", () => observers.every((observer) => observer.getCurrentResult().isSuccess), 60_000);
  return () => {
    for (const end of ends) end();
  };
}

test("one watched query among ten thousand costs what it costs alone", { timeout: 180_000 }, async () => {
  const measure = async (others: number) => {
    const pod = client();
    const end = await watch(pod, 0, others);
    const counter = counted(pod);
    let hide = () => {};
    const watched = await counter.of(async () => {
      hide = await watch(pod, others, others + 1);
    });
    const written = await counter.of(() => pod.mutate("rename", { id: others }));
    counter.end();
    hide();
    end();
    pod.queryClient.clear();
    return { watched, written };
  };
  const alone = await measure(0);
  expect(alone.watched.hashes).toBeGreaterThan(0);
  expect(alone.watched.hashes).toBeLessThanOrEqual(3);
  expect(await measure(10_000)).toEqual(alone);
});

test("a list whose rows each read their own query costs what its rows cost", { timeout: 180_000 }, async () => {
  const measure = async (rows: number) => {
    const pod = client();
    const counter = counted(pod);
    let end = () => {};
    const { hashes, scans } = await counter.of(async () => {
      end = await watch(pod, 0, rows);
    });
    counter.end();
    end();
    pod.queryClient.clear();
    return [hashes / rows, scans];
  };
  expect(await measure(2_000)).toEqual(await measure(100));
});

test.each([1, 4, 20])(
  "a write costs two requests, however many queries of the page it made stale: %i",
  async (shown) => {
    const sent: Sent[] = [];
    const pod = client(new QueryClient(), sent);
    const ends = [];
    for (let copy = 0; copy < shown; copy++) {
      // Each of them reads the table that is written.
      const options = query("getItem", { id: 1, copy }, pod.origin);
      const observer = new QueryObserver(pod.queryClient, options as never);
      ends.push(observer.subscribe(() => {}));
      await until("it is there", () => observer.getCurrentResult().isSuccess);
    }
    sent.length = 0;
    await pod.mutate("rename", { id: 1 });
    expect(sent.map(({ path }) => path)).toEqual(["/rpc/rename", shown === 1 ? "/rpc/getItem" : "/rpc"]);
    // What a write would have to carry with it, to bring the data of the page along.
    const keys = pod.queryClient
      .getQueryCache()
      .getAll()
      .map(({ queryKey }) => queryKey.slice(1, 3));
    console.log(`${shown} queries: their names and arguments are ${JSON.stringify(keys).length} bytes`);
    for (const end of ends) end();
    pod.queryClient.clear();
  },
);

test("a page that has shown ten thousand items and shows one names one when it connects again", async () => {
  const pod = client(new QueryClient({ defaultOptions: { queries: { gcTime: 0 } } }));
  const named = () => [...heldOf(pod.registry.reads, isNewer).keys()];
  const end = await watch(pod, 0, 10_000);
  expect(named()).toHaveLength(10_000);
  const hide = await watch(pod, 10_000, 10_001);
  end();
  await until("the others are forgotten", () => pod.registry.reads.size === 1, 20_000);
  expect(named()).toEqual(["table10000"]);
  hide();
  pod.queryClient.clear();
}, 60_000);
