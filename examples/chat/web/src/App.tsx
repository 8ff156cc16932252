import { Orgs } from "./Orgs";
import { Pod } from "./Pod";
import { SignUp } from "./SignUp";
import { apiKey, useDevice } from "./session";

export function App() {
  const { device, begin, forget } = useDevice();
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
    <Pod device={device}>
      {device ? <Orgs device={device} onForget={forget} /> : <SignUp onSignedUp={begin} />}
    </Pod>
  );
}
