/** The reactive graph: which functions read and write which tables, and which sessions read them. It is learnt from the events. */
import type { CallEvent, StudioEvent } from "./api.ts";
import { tablesOf } from "./topics.ts";

export interface Node {
  id: string;
  kind: "function" | "table" | "session";
  name: string;
  /** A second line: the kind of a function, the user of a session. */
  note: string;
  x: number;
  y: number;
  /** The number of the last event that concerned it; 0 for none. */
  lit: number;
}

export interface Edge {
  id: string;
  from: string;
  to: string;
  kind: "reads" | "writes" | "wakes";
  lit: number;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
  width: number;
  height: number;
}

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 40;
const GAP = 14;
const HEAD = 34;
const COLUMN = 360;
const SCREEN = 620;

/** The graph of what happened. Functions that were not called yet are there, too, so that one sees what there is. */
export function graphOf(
  events: readonly StudioEvent[],
  functions: readonly { name: string; kind: string }[],
  tables: readonly string[],
): Graph {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const node = (kind: Node["kind"], name: string, note: string): Node => {
    const id = `${kind} ${name}`;
    let there = nodes.get(id);
    if (!there) {
      there = { id, kind, name, note, x: 0, y: 0, lit: 0 };
      nodes.set(id, there);
    }
    if (note) there.note = note;
    return there;
  };
  const edge = (kind: Edge["kind"], from: Node, to: Node, lit: number): void => {
    const id = `${kind} ${from.id} ${to.id}`;
    const there = edges.get(id);
    if (there) there.lit = Math.max(there.lit, lit);
    else edges.set(id, { id, kind, from: from.id, to: to.id, lit });
  };

  const drop = (session: string): void => {
    nodes.delete(session);
    for (const [key, { to }] of edges) if (to === session) edges.delete(key);
  };

  for (const { name, kind } of functions) node("function", name, kind);
  for (const name of tables) node("table", name, "");
  for (const event of events) {
    if (event.type === "call" && event.function.startsWith("_edgepod_")) {
      // An edit in the studio: no function of the app, but its tables change.
      for (const name of tablesOf(event.writes)) node("table", name, "").lit = event.n;
    } else if (event.type === "call") {
      const caller = node("function", event.function, event.kind);
      caller.lit = event.n;
      for (const name of tablesOf(event.reads)) {
        // The answer comes from the table: the arrow says where data goes.
        const table = node("table", name, "");
        edge("reads", table, caller, event.n);
        if (follows(event)) edge("wakes", table, node("session", event.session as string, event.user ?? ""), 0);
      }
      for (const name of tablesOf(event.writes)) {
        const table = node("table", name, "");
        table.lit = event.n;
        edge("writes", caller, table, event.n);
      }
    } else if (event.type === "woke") {
      const session = node("session", event.session, "");
      session.lit = event.n;
      for (const name of tablesOf(event.topics)) edge("wakes", node("table", name, ""), session, event.n);
    } else if (event.type === "began") {
      for (const id of nodes.keys()) if (id.startsWith("session ")) drop(id);
    } else if (event.type === "socket" && event.session !== null) {
      const id = `session ${event.session}`;
      if (event.state !== "closed") node("session", event.session, "");
      else drop(id);
    }
  }
  return layOut([...nodes.values()], [...edges.values()]);
}

/** Whether a page that made this call is told of changes. */
function follows(call: CallEvent): boolean {
  return call.kind === "query" && call.session !== null && call.status < 400;
}

/** Three columns; in each what is connected stands at one height. */
function layOut(nodes: Node[], edges: Edge[]): Graph {
  const columns: Node[][] = [
    nodes.filter(({ kind }) => kind === "function"),
    nodes.filter(({ kind }) => kind === "table"),
    nodes.filter(({ kind }) => kind === "session"),
  ];
  const near = new Map<string, string[]>();
  for (const { from, to } of edges) {
    near.set(from, [...(near.get(from) ?? []), to]);
    near.set(to, [...(near.get(to) ?? []), from]);
  }
  for (const column of columns) column.sort((a, b) => a.name.localeCompare(b.name));
  const place = new Map<string, number>();
  const number = (column: Node[]): void => {
    for (const [i, { id }] of column.entries()) place.set(id, (i + 0.5) / column.length);
  };
  for (const column of columns) number(column);
  // The mean of the neighbours' places orders a column; twice through all is enough for what fits on a screen.
  for (let round = 0; round < 4; round += 1) {
    for (const column of round % 2 === 0 ? columns : columns.toReversed()) {
      const mean = new Map(
        column.map(({ id }) => {
          const places = (near.get(id) ?? []).map((other) => place.get(other) ?? 0.5);
          return [id, places.length > 0 ? places.reduce((a, b) => a + b, 0) / places.length : (place.get(id) ?? 0)];
        }),
      );
      // What nothing is known of yet stands below.
      const alone = ({ id }: Node) => (near.has(id) ? 0 : 1);
      column.sort(
        (a, b) => alone(a) - alone(b) || (mean.get(a.id) ?? 0) - (mean.get(b.id) ?? 0) || a.name.localeCompare(b.name),
      );
      number(column);
    }
  }
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = HEAD + tallest * (NODE_HEIGHT + GAP);
  for (const [c, column] of columns.entries()) {
    // A short column spreads, up to twice the usual distance, and stands in the middle of what fits on a screen.
    const step = Math.min((height - HEAD) / Math.max(1, column.length), (NODE_HEIGHT + GAP) * 2);
    const top = HEAD + Math.max(0, (Math.min(height, SCREEN) - HEAD - step * column.length) / 2);
    for (const [i, node] of column.entries()) {
      node.x = c * COLUMN;
      node.y = top + i * step + (step - NODE_HEIGHT) / 2;
    }
  }
  return { nodes, edges, width: 2 * COLUMN + NODE_WIDTH, height };
}
