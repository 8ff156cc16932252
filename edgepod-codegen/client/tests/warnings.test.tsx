// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { createEdgePod } from "../src/plain";
import * as hooks from "../src/react";

const WARNING = "getUsers: all() gave the first 1000 rows; there are more";

/** A server whose every reply warns of the same, as long as `warns` is true. */
function props(server: { warns: boolean }) {
  return {
    url: "http://pod.invalid",
    apiKey: "k",
    WebSocket: class {
      close() {}
    } as unknown as typeof WebSocket,
    fetch: (async () =>
      Response.json({
        data: [],
        meta: { tables: [], version: "e.1" },
        ...(server.warns && { warnings: [WARNING] }),
      })) as typeof fetch,
  };
}

afterEach(cleanup);

test("what the server warns of is said in the console once, and is in the query's result", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const server = { warns: true };
  let again = () => {};
  function Users() {
    const { warnings, refetch } = hooks.useQuery("getUsers");
    again = () => void refetch();
    return <p>{warnings.join() || "none"}</p>;
  }
  render(
    <hooks.EdgePodProvider {...props(server)}>
      <Users />
    </hooks.EdgePodProvider>,
  );
  screen.getByText("none");
  await screen.findByText(WARNING);
  again();
  const pod = createEdgePod(props(server));
  await pod.read("getUsers");
  await pod.mutate("getUsers", {});
  const seen: (readonly string[])[] = [];
  const stop = pod.watch("getUsers", {}, ({ warnings }) => seen.push(warnings));
  expect(seen).toEqual([[WARNING]]);
  stop();
  pod.close();
  expect(warn.mock.calls).toEqual([[`EdgePod: getUsers: ${WARNING}`]]);
  server.warns = false;
  again();
  await screen.findByText("none");
  warn.mockRestore();
});
