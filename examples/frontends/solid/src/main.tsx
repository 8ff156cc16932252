import { render } from "solid-js/web";
import { EdgePodProvider } from "./edgepod/client";
import { Users } from "./Users";
import "../../shared.css";

render(
  () => (
    <EdgePodProvider url={import.meta.env.VITE_EDGEPOD_URL} apiKey={import.meta.env.VITE_EDGEPOD_KEY}>
      <Users />
    </EdgePodProvider>
  ),
  document.getElementById("app")!,
);
