import { EdgePodProvider } from "./edgepod/client";
import { Users } from "./Users";

export function App() {
  return (
    <EdgePodProvider url="http://localhost:8989" apiKey="ep_pk_...">
      <Users />
    </EdgePodProvider>
  );
}
