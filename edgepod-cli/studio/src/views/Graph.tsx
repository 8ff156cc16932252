/** The reactive graph, drawn live: what calls read and write lights up, and so does whom it wakes. */
import { useMemo, useState } from "react";
import { short } from "../lib/format.ts";
import { type Edge, graphOf, NODE_HEIGHT, NODE_WIDTH, type Node } from "../lib/graph.ts";
import { routeTo } from "../lib/route.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Empty, OnlyInDevelopment } from "../parts/parts.tsx";

export function GraphView() {
  const studio = useStudio();
  const { app, version, schema } = useStudioState();
  const [near, setNear] = useState<string | null>(null);
  // Only what comes after the view was opened lights up.
  const [from] = useState(() => studio.log.events.at(-1)?.n ?? 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that the log has changed
  const graph = useMemo(() => {
    const internal = app?.manifest.internal?.functions ?? [];
    const tables = (schema ?? []).filter(({ system, kind }) => !system && kind === "table").map(({ name }) => name);
    return graphOf(studio.log.events, [...(app?.manifest.functions ?? []), ...internal], tables);
  }, [app, version, schema, studio]);

  if (app && !app.development) return <OnlyInDevelopment what="What the graph is made of" />;
  if (graph.nodes.length === 0) {
    return (
      <Empty title="There is nothing to draw yet.">
        <p>Write a function and a table, and call it.</p>
      </Empty>
    );
  }
  const places = new Map(graph.nodes.map((node) => [node.id, node]));
  const linked = new Set<string>();
  if (near !== null) {
    linked.add(near);
    for (const edge of graph.edges) {
      if (edge.from === near) linked.add(edge.to);
      if (edge.to === near) linked.add(edge.from);
    }
  }
  return (
    <div className="graph">
      <div className="bar">
        <h2>Graph</h2>
        <span className="faint">learnt from the latest calls</span>
        <span className="bar-space" />
        <ul className="legend" aria-label="Legend">
          <li className="legend-reads">reads</li>
          <li className="legend-writes">writes</li>
          <li className="legend-wakes">follows, is woken</li>
        </ul>
      </div>
      <div className="graph-box">
        <svg
          viewBox={`-12 0 ${graph.width + 24} ${graph.height + 12}`}
          className={near === null ? "" : "graph-near"}
          role="group"
          aria-label="Functions, tables and sessions, and what connects them"
        >
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
              <path d="M0 1 L7 4 L0 7" fill="none" stroke="context-stroke" strokeWidth="1.5" />
            </marker>
          </defs>
          {["Functions", "Tables", "Sessions"].map((title, i) => (
            <text key={title} className="graph-title" x={i * 360} y={18}>
              {title}
            </text>
          ))}
          {!graph.nodes.some(({ kind }) => kind === "session") && (
            <text className="graph-none" x={720} y={60}>
              no page is open
            </text>
          )}
          {graph.edges.map((edge) => (
            <Line
              key={edge.id}
              edge={edge}
              places={places}
              lit={edge.lit > from ? edge.lit : 0}
              near={near === null || edge.from === near || edge.to === near}
            />
          ))}
          {graph.nodes.map((node) => (
            <Box
              key={node.id}
              node={node}
              lit={node.lit > from ? node.lit : 0}
              near={near === null || linked.has(node.id)}
              onNear={setNear}
            />
          ))}
        </svg>
      </div>
    </div>
  );
}

function Line({
  edge,
  places,
  lit,
  near,
}: {
  edge: Edge;
  places: ReadonlyMap<string, Node>;
  lit: number;
  near: boolean;
}) {
  const from = places.get(edge.from);
  const to = places.get(edge.to);
  if (!from || !to) return null;
  const rightwards = from.x < to.x;
  // Reading and writing lines of the same two would lie upon each other.
  const shift = edge.kind === "reads" ? -6 : edge.kind === "writes" ? 6 : 0;
  const x1 = rightwards ? from.x + NODE_WIDTH : from.x;
  const x2 = rightwards ? to.x - 3 : to.x + NODE_WIDTH + 3;
  const y1 = from.y + NODE_HEIGHT / 2 + shift;
  const y2 = to.y + NODE_HEIGHT / 2 + shift;
  const bend = ((x2 - x1) * 2) / 5;
  const path = `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`;
  return (
    <g className={`edge edge-${edge.kind} ${near ? "" : "far"}`}>
      <path d={path} markerEnd="url(#arrow)" />
      {/* A new key begins the animation anew. */}
      {lit > 0 && <path key={lit} d={path} className="edge-lit" />}
    </g>
  );
}

function Box({
  node,
  lit,
  near,
  onNear,
}: {
  node: Node;
  lit: number;
  near: boolean;
  onNear: (id: string | null) => void;
}) {
  const name = node.kind === "session" ? (node.note ? node.note : short(node.name)) : node.name;
  const note = node.kind === "session" ? (node.note ? short(node.name) : "session") : node.note;
  const href =
    node.kind === "function"
      ? routeTo("functions", node.name)
      : node.kind === "table"
        ? routeTo("data", node.name)
        : routeTo("calls", null, { text: node.name });
  const long = name.length > 22 ? `${name.slice(0, 21)}…` : name;
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <a
        href={href}
        className={`node node-${node.kind === "function" ? node.note : node.kind} ${near ? "" : "far"}`}
        onMouseEnter={() => onNear(node.id)}
        onMouseLeave={() => onNear(null)}
        onFocus={() => onNear(node.id)}
        onBlur={() => onNear(null)}
      >
        <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx={8} />
        {lit > 0 && <rect key={lit} className="node-lit" width={NODE_WIDTH} height={NODE_HEIGHT} rx={8} />}
        <text x={12} y={note ? 18 : 25}>
          {long}
        </text>
        {note && (
          <text className="node-note" x={12} y={32}>
            {note}
          </text>
        )}
      </a>
    </g>
  );
}
