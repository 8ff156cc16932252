/** The calls as they come. */
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { CallEvent, StudioEvent } from "../lib/api.ts";
import { clock, count, duration, plural, short } from "../lib/format.ts";
import { mainKey, step, typing, useKeys } from "../lib/keys.ts";
import { failed, type LogFilter, shown } from "../lib/log.ts";
import type { Route } from "../lib/route.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { tablesOf } from "../lib/topics.ts";
import { Choice, Empty, OnlyInDevelopment } from "../parts/parts.tsx";
import { useWindow } from "../parts/useWindow.ts";
import { CallDetail } from "./CallDetail.tsx";

const ROW = 34;
const HEAD = 28;

const KINDS = [
  { value: "all", text: "All" },
  { value: "query", text: "Queries" },
  { value: "function", text: "Functions" },
  { value: "action", text: "Actions" },
  { value: "other", text: "Jobs, sockets" },
] as const;

export function Calls({ route }: { route: Route }) {
  const studio = useStudio();
  const { app, version, lost } = useStudioState();
  const [filter, setFilter] = useState<LogFilter>({ text: route.more.text ?? "", kind: "all", errors: false });
  const [paused, setPaused] = useState<readonly StudioEvent[] | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const [opened, setOpened] = useState<CallEvent | null>(null);
  const box = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that the log has changed
  const events = useMemo(
    () => (paused ?? studio.log.events).filter((event) => shown(event, filter)).toReversed(),
    [paused, filter, version, studio],
  );
  const at = selected === null ? -1 : events.findIndex(({ n }) => n === selected);
  const { first, end, show } = useWindow(box, events.length, ROW, HEAD);

  // What is looked at further down stays where it is when newer calls come above it.
  const above = useRef<{ n: number; row: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const anchor = above.current;
    if (anchor && element.scrollTop > 0) {
      const row = events.findIndex(({ n }) => n === anchor.n);
      if (row > anchor.row) element.scrollTop += (row - anchor.row) * ROW;
    }
    const row = Math.floor(element.scrollTop / ROW);
    const event = events[row];
    above.current = event ? { n: event.n, row } : null;
  }, [events]);

  const open = useCallback((event: StudioEvent) => {
    setSelected(event.n);
    if (event.type === "call") setOpened(event);
  }, []);

  /** Shows a call that is named elsewhere, also where the filter hides it. */
  const goTo = useCallback(
    (call: CallEvent) => {
      setOpened(call);
      setSelected(call.n);
      const row = events.findIndex(({ n }) => n === call.n);
      if (row >= 0) show(row);
      else setFilter({ text: "", kind: "all", errors: false });
    },
    [events, show],
  );

  const why = useCallback(
    (call: CallEvent) => {
      const reason = studio.log.why(call);
      if (reason?.writer) goTo(reason.writer);
      else open(call);
    },
    [studio, goTo, open],
  );

  const pause = useCallback(() => setPaused((before) => (before === null ? [...studio.log.events] : null)), [studio]);

  const close = useCallback(() => {
    setOpened(null);
    box.current?.focus({ preventScroll: true });
  }, []);

  useKeys(
    useCallback(
      (event: KeyboardEvent) => {
        if (typing(event.target) || event.defaultPrevented || document.querySelector("dialog[open]")) return;
        if (event.key === "Escape") {
          close();
          return;
        }
        if (mainKey(event) || event.altKey) return;
        if (event.key === "p") pause();
        const inList = event.target === document.body || box.current?.contains(event.target as globalThis.Node);
        if (event.key === "w" && opened) why(opened);
        if (!inList) return;
        if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
        const current = events[at];
        if (event.key === "Enter" && current) {
          event.preventDefault();
          open(current);
          return;
        }
        const moved = step(event, 10);
        if (moved === 0 || events.length === 0) return;
        event.preventDefault();
        const row = at < 0 ? 0 : Math.max(0, Math.min(events.length - 1, at + moved));
        const next = events[row] as StudioEvent;
        setSelected(next.n);
        if (opened && next.type === "call") setOpened(next);
        show(row);
      },
      [events, at, opened, open, close, pause, show, why],
    ),
  );

  if (app && !app.development) return <OnlyInDevelopment what="Calls" />;
  return (
    <div className="calls">
      <div className="bar">
        <input
          type="search"
          data-filter
          aria-label="Filter calls"
          placeholder="Filter: function, user, topic, code…"
          value={filter.text}
          onChange={({ target }) => setFilter({ ...filter, text: target.value })}
        />
        <Choice label="Kind" value={filter.kind} options={KINDS} onChange={(kind) => setFilter({ ...filter, kind })} />
        <button
          type="button"
          aria-pressed={filter.errors}
          onClick={() => setFilter({ ...filter, errors: !filter.errors })}
        >
          Errors only
        </button>
        <span className="bar-space" />
        <span className="faint">
          {plural(events.length, "event")}
          {lost && <span title="The app forgot some before this page asked."> · some lost</span>}
        </span>
        <button type="button" aria-pressed={paused !== null} aria-keyshortcuts="p" onClick={pause}>
          {paused === null ? "Pause" : "Go on"}
        </button>
        <button
          type="button"
          onClick={() => {
            studio.clearLog();
            setPaused(null);
            setSelected(null);
            setOpened(null);
          }}
        >
          Clear
        </button>
      </div>
      <div className="split">
        <div
          className="log"
          role="grid"
          aria-label="Calls"
          aria-rowcount={events.length + 1}
          tabIndex={0}
          data-list
          ref={box}
          aria-activedescendant={at >= first && at < end ? `event-${selected}` : undefined}
        >
          {events.length > 0 && <Head />}
          {events.length === 0 ? (
            <NothingYet filtered={studio.log.events.length > 0} />
          ) : (
            <div className="log-rows" role="presentation" style={{ height: events.length * ROW }}>
              {events.slice(first, end).map((event, i) => (
                <EventRow
                  key={event.n}
                  event={event}
                  row={first + i}
                  selected={event.n === selected}
                  opened={event === opened || (opened !== null && event.n === opened.n)}
                  onOpen={open}
                  onWhy={why}
                />
              ))}
            </div>
          )}
        </div>
        {opened && <CallDetail call={opened} onGo={goTo} onClose={close} />}
      </div>
    </div>
  );
}

const HEADS = ["Time", "Function", "Who", "Status", "Duration", "Rows r / w", "Answer"] as const;

function Head() {
  return (
    <div role="row" aria-rowindex={1} className="log-row log-head">
      {HEADS.map((head) => (
        <span
          key={head}
          role="columnheader"
          className={`log-h-${head.split(" ")[0]?.toLowerCase()}`}
          title={head === "Rows r / w" ? "Rows read and written" : undefined}
        >
          {head}
        </span>
      ))}
    </div>
  );
}

function NothingYet({ filtered }: { filtered: boolean }) {
  const { app } = useStudioState();
  const functions = app?.manifest.functions ?? [];
  const easy = functions.find(({ kind, args }) => kind === "query" && (args ?? []).length === 0) ?? functions[0];
  if (filtered) {
    return (
      <div role="row">
        <div role="gridcell">
          <Empty title="No event is like that.">
            <p>Change the filter above, or clear it.</p>
          </Empty>
        </div>
      </div>
    );
  }
  return (
    <div role="row">
      <div role="gridcell">
        <Empty title="Nobody has called yet.">
          <p>
            {app?.page ? (
              <>
                Open <a href={app.page}>the app's page</a>
              </>
            ) : (
              <>Open your app's page</>
            )}
            , run a function under <a href="#/functions">Functions</a>, or type{" "}
            <code>edgepod call {easy?.name ?? "getUsers"}</code>. Each call is here as it comes, with what it read and
            wrote, and whom it woke.
          </p>
        </Empty>
      </div>
    </div>
  );
}

function EventRow({
  event,
  row,
  selected,
  opened,
  onOpen,
  onWhy,
}: {
  event: StudioEvent;
  row: number;
  selected: boolean;
  opened: boolean;
  onOpen: (event: StudioEvent) => void;
  onWhy: (call: CallEvent) => void;
}) {
  const isCall = event.type === "call";
  return (
    // The keys are heard by the whole list.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      id={`event-${event.n}`}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={selected}
      className={`log-row ${isCall ? "" : "log-aside"} ${isCall && failed(event) ? "log-failed" : ""} ${opened ? "log-open" : ""}`}
      style={{ transform: `translateY(${row * ROW}px)` }}
      onClick={() => onOpen(event)}
    >
      <span role="gridcell" className="log-time">
        {clock(event.at)}
      </span>
      {isCall ? <CallCells call={event} onWhy={onWhy} /> : <AsideCell event={event} />}
    </div>
  );
}

/** Who called, in a word or two. */
export function caller(call: CallEvent): string {
  if (call.function === "_edgepod_execute") return "studio";
  if (call.job !== null) return `job ${call.job}`;
  if (call.admin) return "admin";
  if (call.user !== null) return call.user;
  return call.session === null ? "nobody" : short(call.session);
}

/** What a call is called. Edits in the studio are calls, too. */
export function callName(call: CallEvent): string {
  if (call.function !== "_edgepod_execute") return call.function;
  const [table] = tablesOf(call.writes);
  return table === undefined ? "edit of a row" : `edit of ${table}`;
}

function CallCells({ call, onWhy }: { call: CallEvent; onWhy: (call: CallEvent) => void }) {
  const studio = useStudio();
  const reason = studio.log.why(call);
  const woken = studio.log.wokenBy(call.trace).length;
  return (
    <>
      <span role="gridcell" className="log-name">
        <span className={`sign sign-${call.kind}`} title={call.kind} role="img" aria-label={call.kind} />
        <span className="log-function">{callName(call)}</span>
        {call.args !== "{}" && !call.function.startsWith("_edgepod_") && <span className="log-args">{call.args}</span>}
        {reason && (
          <button
            type="button"
            className="chip why"
            aria-label="Why did this refetch?"
            title={`Asked again: ${reason.topics.join(", ")} changed`}
            onClick={(event) => {
              event.stopPropagation();
              onWhy(call);
            }}
          >
            why?
          </button>
        )}
        {call.writes.length > 0 && woken > 0 && (
          <span className="chip woke" title={`${plural(woken, "session")} woken`}>
            woke {woken}
          </span>
        )}
      </span>
      <span role="gridcell" className="log-who" title={call.user ?? call.session ?? undefined}>
        {caller(call)}
      </span>
      <span role="gridcell" className={`log-status ${failed(call) ? "bad" : ""}`}>
        {failed(call) && call.code ? call.code : call.status}
      </span>
      <span role="gridcell" className="log-number">
        {duration(call.micros)}
      </span>
      <span role="gridcell" className="log-number log-moved" title="rows read / written">
        {count(call.rows_read)} / {count(call.rows_written)}
      </span>
      <span role="gridcell" className="log-answer">
        {answer(call)}
      </span>
    </>
  );
}

/** Where a call's answer comes from. */
export function answer(call: CallEvent): string {
  if (call.cached) return "kept";
  return call.replayed ? "replayed" : "computed";
}

function AsideCell({ event }: { event: Exclude<StudioEvent, CallEvent> }) {
  switch (event.type) {
    case "job":
      return (
        <span role="gridcell" className={event.state === "failed" ? "bad" : ""}>
          job {event.job} · {event.function} {event.state}
          {event.attempt > 1 && `, attempt ${event.attempt}`}
        </span>
      );
    case "socket":
      return (
        <span role="gridcell">
          socket {event.socket} {event.state}
          {event.session !== null && ` · session ${short(event.session)}`}
        </span>
      );
    case "woke":
      return (
        <span role="gridcell">
          a time came · woke session {short(event.session)} for {event.topics.join(", ")}
        </span>
      );
    case "began":
      return <span role="gridcell">the app began anew</span>;
  }
}
