import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { Api } from "./lib/api.ts";
import { Studio, StudioContext } from "./lib/studio.ts";
import { applyTheme, keptTheme } from "./lib/theme.ts";
import { takeToken } from "./lib/token.ts";
import { NoToken } from "./parts/NoToken.tsx";
import "./styles.css";

applyTheme(keptTheme());
const token = takeToken();
const root = createRoot(document.getElementById("root") as HTMLElement);

if (token === null) {
  root.render(<NoToken />);
} else {
  const studio = new Studio(new Api(token));
  void studio.run(new AbortController().signal);
  root.render(
    <StudioContext value={studio}>
      <App />
    </StudioContext>,
  );
}
// A new address with a token of its own is pasted over this one, as after `edgepod dev` was started again.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});
