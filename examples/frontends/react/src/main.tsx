import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { EdgePodProvider } from "./edgepod/client";
import { Users } from "./Users";
import "../../shared.css";

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <EdgePodProvider url={import.meta.env.VITE_EDGEPOD_URL} apiKey={import.meta.env.VITE_EDGEPOD_KEY}>
      <Users />
    </EdgePodProvider>
  </StrictMode>,
);
