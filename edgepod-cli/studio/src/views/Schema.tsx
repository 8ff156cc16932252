/** The tables with their columns and references, drawn. */
import { useEffect, useMemo, useState } from "react";
import { count } from "../lib/format.ts";
import { routeTo } from "../lib/route.ts";
import { BOX_WIDTH, type Box, drawSchema, ROW_HEIGHT, TITLE_HEIGHT } from "../lib/schema.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Empty } from "../parts/parts.tsx";

export function Schema() {
  const studio = useStudio();
  const { schema, schemaError } = useStudioState();
  const [near, setNear] = useState<string | null>(null);
  useEffect(() => studio.refreshSchema(), [studio]);
  const drawn = useMemo(() => drawSchema((schema ?? []).filter(({ system }) => !system)), [schema]);
  if (schema === null || drawn.boxes.length === 0) {
    return (
      <Empty
        title={
          schemaError
            ? "The schema cannot be read."
            : schema === null
              ? "Reading the schema…"
              : "There are no tables yet."
        }
      >
        {schemaError ? (
          <p role="alert">{schemaError}</p>
        ) : (
          schema !== null && (
            <p>
              Declare a struct with <code>#[edgepod::table(name = "…")]</code>, and save.
            </p>
          )
        )}
      </Empty>
    );
  }
  return (
    <div className="graph">
      <div className="bar">
        <h2>Schema</h2>
        <span className="faint">as the database has it</span>
      </div>
      <div className="graph-box">
        <svg
          width={drawn.width + 24}
          height={drawn.height + 24}
          viewBox={`-12 -12 ${drawn.width + 24} ${drawn.height + 24}`}
          role="group"
          aria-label="Tables and their references"
        >
          {drawn.lines.map(({ id, from, to, path }) => (
            <path
              key={id}
              d={path}
              className={`reference ${near === from.table || near === to.table ? "reference-near" : ""}`}
            >
              <title>{`${from.table}.${from.column} references ${to.table}${to.column ? `.${to.column}` : ""}`}</title>
            </path>
          ))}
          {drawn.boxes.map((box) => (
            <TableBox key={box.table.name} box={box} onNear={setNear} />
          ))}
        </svg>
      </div>
    </div>
  );
}

function TableBox({ box: { table, x, y, height }, onNear }: { box: Box; onNear: (name: string | null) => void }) {
  const references = new Set(table.references.flatMap(({ columns }) => columns));
  return (
    <g transform={`translate(${x} ${y})`}>
      <a
        href={routeTo("data", table.name)}
        className="box"
        onMouseEnter={() => onNear(table.name)}
        onMouseLeave={() => onNear(null)}
        onFocus={() => onNear(table.name)}
        onBlur={() => onNear(null)}
      >
        <rect className="box-body" width={BOX_WIDTH} height={height} rx={8} />
        <text className="box-title" x={12} y={22}>
          {table.name}
        </text>
        <text className="box-count" x={BOX_WIDTH - 12} y={22}>
          {table.kind === "view" ? "view" : table.rows === null ? "" : count(table.rows)}
        </text>
        <line x1={0} x2={BOX_WIDTH} y1={TITLE_HEIGHT - 1} y2={TITLE_HEIGHT - 1} />
        {table.columns.map((column, i) => (
          <g key={column.name} transform={`translate(0 ${TITLE_HEIGHT + i * ROW_HEIGHT})`}>
            <text className={`box-column ${column.key > 0 ? "box-key" : ""}`} x={12} y={17}>
              {column.name.length > 20 ? `${column.name.slice(0, 19)}…` : column.name}
            </text>
            <text className="box-type" x={BOX_WIDTH - 12} y={17}>
              {column.key > 0 ? "key · " : references.has(column.name) ? "→ · " : ""}
              {column.type.toLowerCase() || "any"}
              {column.notNull || column.key > 0 ? "" : "?"}
            </text>
          </g>
        ))}
      </a>
    </g>
  );
}
