/** The frame around the views: the header, the navigation, the keys. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { mainKey, typing, useKeys } from "./lib/keys.ts";
import { type Route, readRoute, routeTo, VIEWS, type View } from "./lib/route.ts";
import { type Connection, useStudio, useStudioState } from "./lib/studio.ts";
import { applyTheme, keptTheme, THEMES, type Theme } from "./lib/theme.ts";
import { Keys } from "./parts/Keys.tsx";
import { NoToken } from "./parts/NoToken.tsx";
import { Empty } from "./parts/parts.tsx";
import { Calls } from "./views/Calls.tsx";
import { Data } from "./views/Data.tsx";
import { Functions } from "./views/Functions.tsx";
import { GraphView } from "./views/Graph.tsx";
import { Operations } from "./views/Operations.tsx";
import { Schema } from "./views/Schema.tsx";

const NAMES: Record<View, string> = {
  calls: "Calls",
  data: "Data",
  functions: "Functions",
  graph: "Graph",
  schema: "Schema",
  operations: "Jobs & pods",
};

const WORDS: Record<Connection, string> = {
  connecting: "Connecting",
  answers: "The app answers",
  away: "The app does not answer",
  denied: "Not allowed",
};

function useRoute(): Route {
  const fragment = useSyncExternalStore(
    (changed) => {
      addEventListener("hashchange", changed);
      return () => removeEventListener("hashchange", changed);
    },
    () => location.hash,
  );
  return readRoute(fragment);
}

export function App() {
  const studio = useStudio();
  const state = useStudioState();
  const route = useRoute();
  const [showsKeys, setShowsKeys] = useState(false);
  const lastOf = useRef<Partial<Record<View, string>>>({});
  lastOf.current[route.view] = location.hash;

  const go = useCallback((view: View) => {
    // Each view comes back as it was left.
    location.hash = lastOf.current[view] ?? routeTo(view);
  }, []);

  useKeys(
    useCallback(
      (event: KeyboardEvent) => {
        if (event.defaultPrevented) return;
        const inDialog = event.target instanceof Element && event.target.closest("dialog") !== null;
        if (inDialog) return;
        if (typing(event.target)) {
          if (event.key !== "Escape") return;
          // A field for searching would be emptied by it: the filter stays, and the keys are the list's again.
          event.preventDefault();
          const list = document.querySelector<HTMLElement>("[data-list]");
          if (list) list.focus({ preventScroll: true });
          else (event.target as HTMLElement).blur();
          return;
        }
        if (mainKey(event) && event.key.toLowerCase() === "z") {
          event.preventDefault();
          void studio.undo(event.shiftKey ? "redo" : "undo");
          return;
        }
        if (mainKey(event) || event.altKey) return;
        const view = VIEWS[Number(event.key) - 1];
        if (view !== undefined && /^[1-6]$/.test(event.key)) {
          event.preventDefault();
          go(view);
        } else if (event.key === "/") {
          const filter = document.querySelector<HTMLElement>("[data-filter]");
          if (!filter) return;
          event.preventDefault();
          filter.focus();
        } else if (event.key === "?") {
          event.preventDefault();
          setShowsKeys(true);
        }
      },
      [studio, go],
    ),
  );

  // A list is ready for the keys when its view is opened.
  const { view } = route;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is done anew for each view
  useEffect(() => {
    if (!typing(document.activeElement))
      document.querySelector<HTMLElement>("[data-list]")?.focus({ preventScroll: true });
  }, [view]);

  if (state.connection === "denied") return <NoToken old />;
  return (
    <div className="studio">
      <Header />
      <nav className="views" aria-label="Views">
        {VIEWS.map((view, i) => (
          <a
            key={view}
            href={lastOf.current[view] ?? routeTo(view)}
            aria-current={view === route.view ? "page" : undefined}
            aria-keyshortcuts={`${i + 1}`}
          >
            {NAMES[view]}{" "}
            <span className="key" aria-hidden="true">
              {i + 1}
            </span>
          </a>
        ))}
        <button type="button" className="quiet nav-keys" onClick={() => setShowsKeys(true)} aria-keyshortcuts="?">
          Keys{" "}
          <span className="key" aria-hidden="true">
            ?
          </span>
        </button>
      </nav>
      {state.connection === "away" && (
        <p className="banner" role="status">
          {state.trouble} It is asked again until it does; what is shown here is as it was.
        </p>
      )}
      <main className="view" aria-label={NAMES[route.view]}>
        <Shown route={route} />
      </main>
      <NoticeBar />
      {showsKeys && <Keys onClose={() => setShowsKeys(false)} />}
    </div>
  );
}

function Shown({ route }: { route: Route }) {
  const { app, pod, pods, connection } = useStudioState();
  if (!app) {
    return (
      <Empty title={connection === "away" ? "The app does not answer yet." : "Asking the app…"}>
        {connection === "away" && (
          <p>
            The first build may take a minute: its progress is in the terminal of <code>edgepod dev</code>. This page
            goes on by itself.
          </p>
        )}
      </Empty>
    );
  }
  if (app.pods && pod === null && route.view !== "functions") {
    return (
      <Empty title={pods.length === 0 ? "There are no pods yet." : "Which pod?"}>
        <p>
          {pods.length === 0
            ? "A pod is made by the first call that is for it. Make one, or open the app's page, and it is here."
            : "Choose one above: each pod has data of its own."}
        </p>
      </Empty>
    );
  }
  switch (route.view) {
    case "calls":
      return <Calls route={route} />;
    case "data":
      return <Data route={route} />;
    case "functions":
      return <Functions route={route} />;
    case "graph":
      return <GraphView />;
    case "schema":
      return <Schema />;
    case "operations":
      return <Operations />;
  }
}

function Header() {
  const studio = useStudio();
  const { app, connection, history } = useStudioState();
  return (
    <header className="head">
      <h1>
        <span className="mark" aria-hidden="true" />
        {app?.name ?? "EdgePod"} <span className="head-word">studio</span>
      </h1>
      {app && (
        <span className="head-facts">
          <span className="tag" title={`The app is at ${app.url}`}>
            {app.host}
          </span>
          {!app.development && <span className="tag tag-wait">release</span>}
          {!app.write && <span className="tag tag-wait">reading only</span>}
        </span>
      )}
      <span className={`dot dot-${connection}`} role="status" aria-label={`Connection: ${WORDS[connection]}`}>
        <span>{WORDS[connection]}</span>
      </span>
      <span className="head-space" />
      {app?.pods && <PodPicker />}
      {(history.done.length > 0 || history.undone.length > 0) && (
        <button
          type="button"
          disabled={history.done.length === 0}
          title={history.done.at(-1)?.label}
          onClick={() => void studio.undo()}
        >
          Undo
        </button>
      )}
      {app?.page && (
        <a className="button" href={app.page} target="_blank" rel="noreferrer">
          Open the page
        </a>
      )}
      <ThemeSwitch />
    </header>
  );
}

function PodPicker() {
  const studio = useStudio();
  const { pod, pods, morePods } = useStudioState();
  return (
    <label className="field-inline">
      Pod
      <select
        value={pod ?? ""}
        onFocus={() => void studio.loadPods().catch((error) => studio.tell(String(error), "bad"))}
        onChange={({ target }) => {
          if (target.value === "\u0000more") void studio.loadPods(true);
          else studio.choosePod(target.value);
        }}
      >
        {pod === null && <option value="">Choose a pod</option>}
        {pod !== null && !pods.includes(pod) && <option>{pod}</option>}
        {pods.map((name) => (
          <option key={name}>{name}</option>
        ))}
        {morePods !== null && <option value={"\u0000more"}>Load more…</option>}
      </select>
    </label>
  );
}

const THEME_WORDS: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

function ThemeSwitch() {
  const [theme, setTheme] = useState(keptTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  return (
    <button
      type="button"
      className="theme"
      aria-label={`Colours: ${THEME_WORDS[theme]}`}
      title={`Colours: ${THEME_WORDS[theme]}. Next: ${THEME_WORDS[next]}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <span className={`theme-sign theme-${theme}`} aria-hidden="true" />
    </button>
  );
}

function NoticeBar() {
  const studio = useStudio();
  const { notice } = useStudioState();
  return (
    <>
      <div className="notices" role="status" aria-label="Notices">
        {notice?.kind === "good" && <NoticeText key={notice.id} onClose={() => studio.dismiss()} />}
      </div>
      <div className="notices">
        {notice?.kind === "bad" && (
          <div role="alert" key={notice.id}>
            <NoticeText onClose={() => studio.dismiss()} />
          </div>
        )}
      </div>
    </>
  );
}

function NoticeText({ onClose }: { onClose: () => void }) {
  const studio = useStudio();
  const { notice } = useStudioState();
  if (!notice) return null;
  return (
    <div className={`notice notice-${notice.kind}`}>
      <span>{notice.text}</span>
      {notice.undo && (
        <button type="button" onClick={() => void studio.undo()}>
          Undo
        </button>
      )}
      <button type="button" className="quiet" aria-label="Dismiss" onClick={onClose}>
        ×
      </button>
    </div>
  );
}
