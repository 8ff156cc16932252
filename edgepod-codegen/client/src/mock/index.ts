/** A pod that answers from functions of your own, for tests and for Storybook. */
import { EdgePodError, type FunctionTypes, type Inherited } from "../core";

/** What a mocked function gives: its result, or a promise of one. It fails by throwing an `EdgePodError`. */
export type MockFunctions<Functions extends FunctionTypes<Functions>> = {
  [Name in keyof Functions]?:
    | ((args: Functions[Name]["args"]) => Functions[Name]["result"] | Promise<Functions[Name]["result"]>)
    | Inherited<Name>;
};

/** A pod that is no server. */
export interface MockPod<Functions extends FunctionTypes<Functions>> {
  /** The properties of a provider, or the options of a client, that talk to it. */
  props: { url: string; apiKey: string; fetch: typeof fetch; WebSocket: typeof WebSocket };
  /** What was called so far, in order. */
  calls: { name: keyof Functions & string; args: object }[];
  /** Gives functions other answers from now on, and has everything on the screen read again. */
  set: (functions: MockFunctions<Functions>) => void;
  /** Has everything on the screen read again, as a change by someone else does. */
  invalidate: () => void;
  /** Cuts the connection; the client comes back by itself. */
  disconnect: () => void;
}

/** `createMockPod` for an app's functions. */
export type CreateMockPod<Functions extends FunctionTypes<Functions>> = (
  functions: MockFunctions<Functions>,
) => MockPod<Functions>;

type AnyFunctions = Record<string, ((args: object) => unknown) | undefined>;

/** `createMockPod` before the generated code gives it its types. */
export function createMockPod(functions: AnyFunctions): MockPod<Record<never, never>> {
  // By its own name only: `valueOf` may be a function of the app's.
  const answers = new Map(Object.entries(functions));
  const sockets = new Set<MockSocket>();
  const calls: { name: never; args: object }[] = [];
  let version = 1;

  const answer = async (name: string, args: object) => {
    calls.push({ name: name as never, args });
    try {
      const mocked = answers.get(name);
      if (!mocked) {
        const known = [...answers.keys()].join(", ") || "none";
        const message = `The mock pod has no ${name}: give it one in createMockPod. It has ${known}.`;
        throw new EdgePodError({ code: "NOT_FOUND", status: 404, message });
      }
      // As JSON, so that nobody holds on to what the mock may change.
      const data = JSON.parse(JSON.stringify((await mocked(args)) ?? null));
      return { status: 200, data, meta: { tables: ["*"], written: [], version: `mock.${version}` } };
    } catch (error) {
      if (!(error instanceof EdgePodError)) throw error;
      const { code, status, message, data, traceId = "mock" } = error;
      return { status: status || 500, error: { code, message, data, trace_id: traceId } };
    }
  };

  class MockSocket {
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;
    onerror: (() => void) | null = null;
    #seq = 0;

    constructor(url: string) {
      const held = new URL(url).searchParams.getAll("table");
      setTimeout(() => {
        sockets.add(this);
        const isOld = held.some((table) => !table.endsWith(`@mock.${version}`));
        this.tell("hello", isOld ? ["*"] : []);
      });
    }

    tell(type: "hello" | "stale", tables: string[]): void {
      const seq = type === "hello" ? 0 : ++this.#seq;
      this.onmessage?.({ data: JSON.stringify({ type, tables, version: `mock.${version}`, seq }) });
    }

    send(): void {
      this.onmessage?.({ data: "pong" });
    }

    close(): void {
      sockets.delete(this);
    }

    cut(): void {
      sockets.delete(this);
      this.onclose?.({ code: 1006 });
    }
  }

  const invalidate = () => {
    version++;
    for (const socket of sockets) socket.tell("stale", ["*"]);
  };

  const mockFetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const name = decodeURIComponent(new URL(String(url)).pathname.replace(/^\/rpc\/?/, ""));
    const body = JSON.parse(String(init?.body ?? "{}"));
    init?.signal?.throwIfAborted();
    if (!name) {
      const batch = body.calls as { name: string; args?: object }[];
      const results = await Promise.all(batch.map((call) => answer(call.name, call.args ?? {})));
      return Response.json({ results, meta: { version: `mock.${version}` } });
    }
    const { status, ...reply } = await answer(name, body);
    // A mock cannot know what its function changed.
    if (new Headers(init?.headers).get("X-EdgePod-Reactive") === "false" && status === 200) {
      invalidate();
      return Response.json({ ...reply, meta: { tables: ["*"], written: ["*"], version: `mock.${version}` } });
    }
    return Response.json(reply, { status });
  };

  return {
    props: {
      url: "http://mock.invalid",
      apiKey: "ep_pk_mock",
      fetch: mockFetch,
      WebSocket: MockSocket as unknown as typeof WebSocket,
    },
    calls,
    set: (functions) => {
      for (const [name, answer] of Object.entries(functions)) answers.set(name, answer as AnyFunctions[string]);
      invalidate();
    },
    invalidate,
    disconnect: () => {
      for (const socket of [...sockets]) socket.cut();
    },
  };
}
