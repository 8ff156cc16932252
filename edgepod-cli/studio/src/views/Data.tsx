/** The tables, and what is in them. */
import { useEffect, useMemo, useState } from "react";
import type { Table } from "../lib/api.ts";
import { withMeanings } from "../lib/cells.ts";
import { count } from "../lib/format.ts";
import { step } from "../lib/keys.ts";
import { type Route, routeTo } from "../lib/route.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Empty } from "../parts/parts.tsx";
import { SqlView } from "./SqlView.tsx";
import { TableView } from "./TableView.tsx";

export function Data({ route }: { route: Route }) {
  const studio = useStudio();
  const { app, schema, schemaError } = useStudioState();
  useEffect(() => studio.refreshSchema(), [studio]);
  const isSql = route.more.sql !== undefined;
  const own = (schema ?? []).filter((table) => !table.system);
  const system = (schema ?? []).filter((table) => table.system);
  const found = route.name === null ? own[0] : (schema ?? []).find(({ name }) => name === route.name);
  const wanted = useMemo(() => found && app && withMeanings(found, app.manifest), [found, app]);
  return (
    <div className="data">
      <TableList tables={own} system={system} shown={isSql ? null : (wanted?.name ?? null)} isSql={isSql} />
      <div className="data-main">
        {isSql ? (
          <SqlView initial={route.more.sql ?? ""} />
        ) : schema === null ? (
          <Empty title={schemaError ? "The tables cannot be read." : "Reading the tables…"}>
            {schemaError && <p role="alert">{schemaError}</p>}
          </Empty>
        ) : wanted ? (
          // Another table begins anew: its own filter, its own place.
          <TableView key={`${wanted.name} ${JSON.stringify(route.more)}`} table={wanted} route={route} />
        ) : route.name !== null ? (
          <Empty title={`There is no table ${route.name}.`}>
            <p>It may come with a migration that is not applied yet.</p>
          </Empty>
        ) : (
          <Empty title="The app has no tables yet.">
            <p>
              Declare a struct with <code>#[edgepod::table(name = "…")]</code>, and save: <code>edgepod dev</code>{" "}
              writes the migration.
            </p>
          </Empty>
        )}
      </div>
    </div>
  );
}

function TableList({
  tables,
  system,
  shown,
  isSql,
}: {
  tables: readonly Table[];
  system: readonly Table[];
  shown: string | null;
  isSql: boolean;
}) {
  const [text, setText] = useState("");
  const fits = ({ name }: Table) => name.toLowerCase().includes(text.toLowerCase());
  const ofSystem = system.filter(fits);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys move between its links
    <div
      className="side"
      onKeyDown={(event) => {
        const moved = step(event, 5);
        if (moved === 0 || !(event.target instanceof HTMLAnchorElement)) return;
        event.preventDefault();
        const links = [...event.currentTarget.querySelectorAll("a")];
        links[Math.max(0, Math.min(links.length - 1, links.indexOf(event.target) + moved))]?.focus();
      }}
    >
      <input
        type="search"
        aria-label="Filter tables"
        placeholder="Filter tables"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <nav aria-label="Tables">
        <ul>
          {tables.filter(fits).map((table) => (
            <TableLink key={table.name} table={table} shown={table.name === shown} />
          ))}
        </ul>
        {ofSystem.length > 0 && (
          <details open={text !== "" || ofSystem.some(({ name }) => name === shown) || undefined}>
            <summary>EdgePod's own</summary>
            <ul>
              {ofSystem.map((table) => (
                <TableLink key={table.name} table={table} shown={table.name === shown} />
              ))}
            </ul>
          </details>
        )}
      </nav>
      <a className="side-link" href={routeTo("data", null, { sql: "" })} aria-current={isSql ? "page" : undefined}>
        SQL
      </a>
    </div>
  );
}

function TableLink({ table, shown }: { table: Table; shown: boolean }) {
  return (
    <li>
      <a href={routeTo("data", table.name)} aria-current={shown ? "page" : undefined}>
        <span className="side-name">{table.name}</span>
        {table.kind === "view" && <span className="tag">view</span>}
        <span className="side-count">{table.rows === null ? "" : count(table.rows)}</span>
      </a>
    </li>
  );
}
