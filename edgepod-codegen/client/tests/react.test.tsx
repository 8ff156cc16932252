// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { type ReactNode, StrictMode, Suspense, useState } from "react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as hooks from "../src/react";
import { EdgePodProvider, useStatus } from "../src/react";
import { Boundary } from "./boundary";
import { Pod, settled, sleep, until } from "./pod";

interface User {
  id: number;
  name: string;
}

interface Queries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: User[]; error: never };
  getUserById: { kind: "query"; args: { id: number }; result: User; error: never };
}

interface Mutations {
  insertUser: { kind: "function"; args: { name: string }; result: User; error: never };
}

// As the generated code does it.
const useQuery: hooks.UseQuery<Queries> = hooks.useQuery as hooks.UseQuery<Queries>;
const useMutation: hooks.UseMutation<Mutations> = hooks.useMutation as hooks.UseMutation<Mutations>;

// The server is real, and this machine may have other things to do.
configure({ asyncUtilTimeout: 30_000 });

let pod: Pod;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  pod = await new Pod().start();
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  cleanup();
  vi.unstubAllGlobals();
  await pod.stop();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

function Provided({ children, apiKey = pod.key }: { children: ReactNode; apiKey?: string }) {
  return (
    <EdgePodProvider url={pod.url} apiKey={apiKey}>
      {children}
    </EdgePodProvider>
  );
}

function Users() {
  const { data, isLoading, error } = useQuery("getUsers");
  const { trigger, isMutating, error: refusal, data: added, reset } = useMutation("insertUser");
  const status = useStatus();
  if (isLoading) return <p>Loading…</p>;
  if (error) return <p>Error: {error.message}</p>;
  return (
    <div>
      <p>Status: {status}</p>
      <ul>
        {data?.map((user) => (
          <li key={user.id}>{user.name}</li>
        ))}
      </ul>
      <button type="button" disabled={isMutating} onClick={() => trigger({ name: "Ada" })}>
        Add
      </button>
      {added && <p>Added: {added.name}</p>}
      {refusal && (
        <button type="button" onClick={reset}>
          {refusal.code}: {refusal.message}
        </button>
      )}
    </div>
  );
}

const names = () => screen.queryAllByRole("listitem").map((item) => item.textContent);
const click = (name: RegExp) => fireEvent.click(screen.getByRole("button", { name }));

describe("the seed's component", () => {
  test("loads, adds, shows what others add, and says how the connection is", async () => {
    pod.addUser("Grace");
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    screen.getByText("Loading…");
    await waitFor(() => expect(names()).toEqual(["Grace"]));
    await screen.findByText("Status: live");

    click(/Add/);
    await screen.findByText("Added: Ada");
    expect(names()).toEqual(["Grace", "Ada"]);

    pod.addUser("Edsger");
    await waitFor(() => expect(names()).toEqual(["Grace", "Ada", "Edsger"]));
  });

  test("shows a refusal without throwing it, and forgets it", async () => {
    pod.addUser("Ada");
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await waitFor(() => expect(names()).toEqual(["Ada"]));
    click(/Add/);
    await screen.findByText("CONFLICT: That name is taken");
    click(/CONFLICT/);
    await waitFor(() => expect(screen.queryByText(/CONFLICT/)).toBeNull());
  });

  test("shows why nothing could be loaded", async () => {
    render(
      <Provided apiKey="ep_pk_wrong">
        <Users />
      </Provided>,
    );
    await screen.findByText("Error: Unknown key");
  });

  test("two windows stay in step", async () => {
    const one = render(
      <Provided>
        <Users />
      </Provided>,
    );
    const two = render(
      <Provided>
        <Users />
      </Provided>,
    );
    const [first, second] = [within(one.container), within(two.container)];
    await first.findByText("Status: live");
    await second.findByText("Status: live");
    fireEvent.click(first.getByRole("button", { name: "Add" }));
    await second.findByText("Ada");
    expect(pod.opened).toBe(2);
  });
});

describe("the provider", () => {
  test("opens one socket in StrictMode, and closes it when it goes", async () => {
    const { unmount } = render(
      <StrictMode>
        <Provided>
          <Users />
        </Provided>
      </StrictMode>,
    );
    await screen.findByText("Status: live");
    await settled();
    expect(pod.opened).toBe(1);
    unmount();
    await until("closed", () => pod.openSockets === 0);
    await settled();
    expect(pod.opened).toBe(1);
  });

  test("goes in the middle of a load without a complaint", async () => {
    const complaints = vi.spyOn(console, "error");
    const held = pod.hold("getUsers");
    const { unmount } = render(
      <Provided>
        <Users />
      </Provided>,
    );
    await held.arrived;
    unmount();
    held.release();
    await settled();
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  });

  test("starts anew with another key", async () => {
    const { rerender } = render(
      <Provided apiKey="ep_pk_wrong">
        <Users />
      </Provided>,
    );
    await screen.findByText("Error: Unknown key");
    rerender(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
  });

  test("asks the newest getToken, and does not start anew for it", async () => {
    const page = (token: string) => (
      <EdgePodProvider url={pod.url} apiKey={pod.key} getToken={() => token}>
        <Users />
      </EdgePodProvider>
    );
    const { rerender } = render(page("first"));
    await screen.findByText("Status: live");
    expect(pod.headers.authorization).toBe("Bearer first");
    rerender(page("second"));
    click(/Add/);
    await screen.findByText("Added: Ada");
    expect(pod.headers.authorization).toBe("Bearer second");
    expect(pod.opened).toBe(1);
  });

  test("is asked for by name where it is missing", () => {
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(() => render(<Users />)).toThrow("EdgePod's hooks need <EdgePodProvider> around them");
    complaints.mockRestore();
  });

  test("notices a connection that is dead although it looks open", async () => {
    pod.answersPings = false;
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
    pod.signals = "lost";
    pod.addUser("Grace");
    window.dispatchEvent(new Event("online"));
    await waitFor(() => expect(names()).toEqual(["Grace"]));
    expect(pod.opened).toBe(2);
  });

  test("a lost signal that nothing follows is made good by the next ping, on the same connection", async () => {
    pod.addPost("Before");
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
    await waitFor(() => expect(pod.calls).toEqual(["getUsers"]));
    pod.signals = "lost";
    pod.addUser("Grace");
    await sleep(500);
    expect(names()).toEqual([]);
    window.dispatchEvent(new Event("online"));
    await waitFor(() => expect(names()).toEqual(["Grace"]));
    // What it knows already, and what it does not read, costs nothing.
    pod.addPost("After");
    window.dispatchEvent(new Event("online"));
    await sleep(500);
    expect(pod.calls).toEqual(["getUsers", "getUsers"]);
    expect(pod.opened).toBe(1);
  });

  test("leaves a connection alone that answers", async () => {
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    await sleep(5_500);
    expect(pod.opened).toBe(1);
    screen.getByText("Status: live");
  });

  test("is offline when the device says so, and back at once when it is", async () => {
    let attempts = 0;
    class Counted extends globalThis.WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        attempts++;
      }
    }
    vi.stubGlobal("WebSocket", Counted);
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
    const onLine = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    await pod.stop();
    await screen.findByText("Status: offline");
    await sleep(3_000);
    onLine.mockRestore();
    pod.addUser("Grace");
    await pod.start();
    const before = attempts;
    window.dispatchEvent(new Event("online"));
    // The wait between two attempts is of seconds by now.
    await sleep(20);
    expect(attempts).toBe(before + 1);
    await screen.findByText("Status: live");
    await waitFor(() => expect(names()).toEqual(["Grace"]));
  });
});

describe("useQuery", () => {
  test("reads nothing while its arguments are null", async () => {
    pod.addUser("Ada");
    function Chosen() {
      const [id, choose] = useState<number | null>(null);
      const { data, isLoading, isPending } = useQuery("getUserById", id === null ? null : { id });
      return (
        <button type="button" onClick={() => choose(1)}>
          {data?.name ?? (isLoading ? "loading" : isPending ? "nothing chosen" : "nothing")}
        </button>
      );
    }
    render(
      <Provided>
        <Chosen />
      </Provided>,
    );
    await settled();
    screen.getByText("nothing chosen");
    expect(pod.calls).toEqual([]);
    click(/nothing chosen/);
    await screen.findByText("Ada");
  });

  test("selects, and takes TanStack Query's options", async () => {
    pod.addUser("Ada");
    function Count() {
      const { data } = useQuery("getUsers", {}, { select: (users) => users.length, placeholderData: [] });
      return <p>Count: {data}</p>;
    }
    render(
      <Provided>
        <Count />
      </Provided>,
    );
    screen.getByText("Count: 0");
    await screen.findByText("Count: 1");
  });

  test("shares one request between components", async () => {
    render(
      <Provided>
        <Users />
        <Users />
      </Provided>,
    );
    await waitFor(() => expect(screen.getAllByText("Status: live")).toHaveLength(2));
    expect(pod.count("getUsers")).toBe(1);
  });

  test("a request for what is no longer shown is aborted", async () => {
    const held = pod.hold("getUserById");
    pod.addUser("Ada");
    pod.addUser("Grace");
    const Named = ({ id }: { id: number }) => <p>{useQuery("getUserById", { id }).data?.name ?? "…"}</p>;
    const { rerender } = render(<Named id={1} />, { wrapper: Provided });
    await held.arrived;
    rerender(<Named id={2} />);
    await screen.findByText("Grace");
    held.release();
    await settled();
    screen.getByText("Grace");
  });

  test("throws to the nearest boundary when asked to", async () => {
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    function Thrower() {
      useQuery("getUserById", { id: 404 }, { throwOnError: true });
      return null;
    }
    render(
      <Provided>
        <Boundary>
          <Suspense>
            <Thrower />
          </Suspense>
        </Boundary>
      </Provided>,
    );
    await screen.findByText("Caught: There is no user 404");
    complaints.mockRestore();
  });
});

describe("useMutation", () => {
  test("trigger gives the result to who waits, and the error to who catches", async () => {
    const outcomes: unknown[] = [];
    function Adder() {
      const { trigger } = useMutation("insertUser");
      const add = async () => {
        try {
          outcomes.push((await trigger({ name: "Ada" })).name);
        } catch (error) {
          outcomes.push((error as { code: string }).code);
        }
      };
      return (
        <button type="button" onClick={add}>
          Add
        </button>
      );
    }
    render(
      <Provided>
        <Adder />
      </Provided>,
    );
    click(/Add/);
    await waitFor(() => expect(outcomes).toEqual(["Ada"]));
    click(/Add/);
    await waitFor(() => expect(outcomes).toEqual(["Ada", "CONFLICT"]));
  });

  test("is mutating until the screen shows what it wrote", async () => {
    render(
      <Provided>
        <Users />
      </Provided>,
    );
    await screen.findByText("Status: live");
    const held = pod.hold("getUsers");
    click(/Add/);
    await held.arrived;
    await settled();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Add" }).disabled).toBe(true);
    held.release();
    await waitFor(() => expect(screen.getByRole<HTMLButtonElement>("button", { name: "Add" }).disabled).toBe(false));
    expect(names()).toEqual(["Ada"]);
  });

  test("keeps the same trigger from render to render", async () => {
    const triggers = new Set<unknown>();
    function Adder() {
      const { trigger } = useMutation("insertUser");
      const [count, setCount] = useState(0);
      triggers.add(trigger);
      return (
        <button type="button" onClick={() => setCount(count + 1)}>
          Rendered {count}
        </button>
      );
    }
    render(
      <Provided>
        <Adder />
      </Provided>,
    );
    click(/Rendered 0/);
    screen.getByText("Rendered 1");
    expect(triggers.size).toBe(1);
  });
});
