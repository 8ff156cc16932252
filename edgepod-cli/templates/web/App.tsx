import { EdgePodProvider } from "./edgepod/client";
import { Tasks } from "./Tasks";

const url = import.meta.env.VITE_EDGEPOD_URL ?? "http://127.0.0.1:8989";
const apiKey = import.meta.env.VITE_EDGEPOD_KEY;

export function App() {
  if (!apiKey) {
    return (
      <main>
        <p role="alert">
          This page does not know the server's key. Start it with <code>edgepod dev</code>, which passes the key on.
        </p>
      </main>
    );
  }
  return (
    <EdgePodProvider url={url} apiKey={apiKey}>
      <Tasks />
    </EdgePodProvider>
  );
}
