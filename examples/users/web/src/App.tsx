import { EdgePodProvider } from "./edgepod/client";
import { PostsOnly, PostsPanel } from "./Posts";
import { StatusPill } from "./StatusPill";
import { UsersPanel } from "./Users";

const url = import.meta.env.VITE_EDGEPOD_URL ?? "http://127.0.0.1:8989";
const apiKey = import.meta.env.VITE_EDGEPOD_KEY;

/** `?view=posts` shows the posts alone: a second window that reads one table only. */
const postsOnly = new URLSearchParams(location.search).get("view") === "posts";

export function App() {
  if (!apiKey) {
    return (
      <main className="page">
        <p className="notice notice-error" role="alert">
          This page does not know the server's key. Start it with <code>edgepod dev</code>, which passes the key on.
        </p>
      </main>
    );
  }
  return (
    <EdgePodProvider url={url} apiKey={apiKey}>
      <div className="page">
        <header className="masthead">
          <img src="/icon.svg" alt="" width="40" height="40" />
          <div>
            <h1>Users and posts</h1>
            <p>Open this page in a second window: what changes in one appears in the other.</p>
          </div>
          <StatusPill />
        </header>
        <main className={postsOnly ? "panels panels-single" : "panels"}>
          {postsOnly ? (
            <PostsOnly />
          ) : (
            <>
              <UsersPanel />
              <PostsPanel />
            </>
          )}
        </main>
      </div>
    </EdgePodProvider>
  );
}
