import { EdgePodProvider } from "./edgepod/client";
import { Notes } from "./Notes";
import { SignIn } from "./SignIn";
import { useSession } from "./session";

const url = import.meta.env.VITE_EDGEPOD_URL ?? "http://127.0.0.1:8989";
const apiKey = import.meta.env.VITE_EDGEPOD_KEY;

export function App() {
  const { session, expired, left, begin, expire, end } = useSession();
  if (!apiKey) {
    return (
      <main className="page">
        <p className="notice" role="alert">
          This page does not know the server's key. Start it with <code>edgepod dev</code>, which passes the key on.
        </p>
      </main>
    );
  }
  const state = session === null ? "anonymous" : expired ? "expired" : "signed-in";
  return (
    <div className="page">
      <header className="masthead">
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Private notes</h1>
        <p className={`state state-${state}`} role="status" aria-label="Session">
          {state === "anonymous" && "Not signed in"}
          {state === "expired" && "Session expired"}
          {state === "signed-in" && `Signed in as ${session?.email}`}
        </p>
      </header>
      {/* A new token is a new client: nothing that one person has read is shown to the next. */}
      <EdgePodProvider
        key={session?.token ?? state}
        url={url}
        apiKey={apiKey}
        getToken={() => (state === "signed-in" ? session?.token : undefined)}
      >
        <main>
          {state === "signed-in" && session ? (
            <Notes left={left} onExpired={expire} onLogOut={end} />
          ) : (
            <SignIn expiredFor={session?.email} onSignedIn={begin} onForget={end} />
          )}
        </main>
      </EdgePodProvider>
    </div>
  );
}
