import { EdgePodProvider } from "./edgepod/client";
import { Orgs } from "./Orgs";
import { SignUp } from "./SignUp";
import { apiKey, url, useDevice } from "./session";

export function App() {
  const { device, getToken, begin, forget } = useDevice();
  if (!apiKey) {
    return (
      <main className="door">
        <p className="notice" role="alert">
          This page does not know the server's key. Start it with <code>edgepod dev</code>, which passes the key on.
        </p>
      </main>
    );
  }
  return (
    <EdgePodProvider url={url} apiKey={apiKey} getToken={getToken}>
      {device ? <Orgs device={device} onForget={forget} /> : <SignUp onSignedUp={begin} />}
    </EdgePodProvider>
  );
}
