/** Functions that are named like what every object has. */
import { QueryClient } from "@tanstack/query-core";
import { expect, test } from "vitest";
import { api as anyApi, EdgePodClient, query } from "../src/core";
import { createMockPod } from "../src/mock";

const NAMES = ["valueOf", "constructor", "then", "toString", "__proto__", "hasOwnProperty", "toJSON"];

test.each(NAMES)("a query named %s is read, mocked, and in the api; others' updates leave it alone", async (name) => {
  const mock = createMockPod({ [name]: () => [name], rename: () => null });
  const client = new EdgePodClient({ ...mock.props, queryClient: new QueryClient() });
  const api = anyApi as Record<string, { queryOptions: () => { queryKey: readonly string[] } }>;
  expect(await api).toBe(api);
  const options = api[name]?.queryOptions() as never;
  expect(await client.queryClient.fetchQuery(options)).toEqual([name]);
  await client.mutate("rename", {}, { optimistic: { getUsers: () => [] } });
  expect(client.queryClient.getQueryData(query(name).queryKey)).toEqual([name]);
  const shown: unknown[] = [];
  client.queryClient.getQueryCache().subscribe(({ query }) => shown.push(query.state.data));
  await client.mutate("rename", {}, { optimistic: { [name]: (old: never) => [...old, "expected"] } });
  expect(shown).toContainEqual([name, "expected"]);
  client.queryClient.clear();
});

test.each(NAMES)("a function named %s that is not mocked is one that the mock does not have", async (name) => {
  const mock = createMockPod({});
  const client = new EdgePodClient(mock.props);
  await expect(client.mutate(name)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
