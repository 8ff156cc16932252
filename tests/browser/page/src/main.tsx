/** Small pages for single features of the client, by `?view=`; all in StrictMode, and in development, where that counts. */
import { Component, type ReactNode, StrictMode, Suspense, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  EdgePodProvider,
  type User,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useStatus,
  useSuspenseQuery,
} from "./edgepod/client";

/** What the tests read beside the screen. */
const seen = { fallbacks: 0, duplicates: [] as number[] };
(globalThis as { seen?: typeof seen }).seen = seen;

function Status() {
  const status = useStatus();
  return <output aria-label={`Connection: ${status}`}>{status}</output>;
}

function Rows({ users }: { users: User[] | undefined }) {
  return (
    <ul aria-label="Users">
      {users?.map((user) => (
        <li key={user.id}>{user.name}</li>
      ))}
    </ul>
  );
}

function Optimistic() {
  const { data: users } = useQuery("getUsers");
  const { trigger, isMutating, error } = useMutation("insertUser", {
    optimistic: {
      getUsers: (users, { name }) => [...users, { id: -users.length, email: null, name: `${name} (expected)` }],
    },
  });
  const [email, setEmail] = useState("");
  return (
    <>
      <label>
        Email <input value={email} onChange={(event) => setEmail(event.target.value)} />
      </label>
      <button disabled={isMutating} onClick={() => trigger({ name: "Ada", email: email || null })}>
        Add Ada
      </button>
      <button
        onClick={() => {
          for (let n = 1; n <= 50; n += 1) void trigger({ name: `Quick ${n}` });
        }}
      >
        Add fifty
      </button>
      {error && <p role="alert">{error.message}</p>}
      <Rows users={users} />
    </>
  );
}

function Unmounting() {
  const [isShown, setShown] = useState(false);
  return (
    <>
      <button onClick={() => setShown(!isShown)}>{isShown ? "Hide" : "Show"}</button>
      {isShown && <Shown />}
    </>
  );
}

function Shown() {
  const { data } = useQuery("getUsers");
  return data ? <Rows users={data} /> : <p>Loading…</p>;
}

function Suspended() {
  return (
    <Boundary>
      <Suspense fallback={<Fallback />}>
        <Inside />
      </Suspense>
    </Boundary>
  );
}

function Fallback() {
  useEffect(() => {
    seen.fallbacks += 1;
  }, []);
  return <p>Suspended…</p>;
}

function Inside() {
  const { data } = useSuspenseQuery("getUsers", {}, { retry: false });
  return <Rows users={data} />;
}

class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error ? <p role="alert">{error.message}</p> : this.props.children;
  }
}

function Pages() {
  const { data, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery("getUserPage");
  const users = data?.pages.flatMap((page) => page.items) ?? [];
  const ids = users.map((user) => user.id);
  seen.duplicates.push(...ids.filter((id, index) => ids.indexOf(id) !== index));
  return (
    <>
      <button disabled={isFetching || !hasNextPage} onClick={() => fetchNextPage()}>
        {hasNextPage ? "More" : "That is all"}
      </button>
      <Rows users={users} />
    </>
  );
}

const VIEWS: Record<string, () => ReactNode> = {
  optimistic: Optimistic,
  unmounting: Unmounting,
  suspense: Suspended,
  pages: Pages,
};
const View = VIEWS[new URLSearchParams(location.search).get("view") ?? ""] ?? Optimistic;
const root = document.getElementById("app");
if (!root) throw new Error("index.html has no element with the id `app`");

createRoot(root).render(
  <StrictMode>
    <EdgePodProvider url={import.meta.env.VITE_EDGEPOD_URL} apiKey={import.meta.env.VITE_EDGEPOD_KEY}>
      <Status />
      <View />
    </EdgePodProvider>
  </StrictMode>,
);
