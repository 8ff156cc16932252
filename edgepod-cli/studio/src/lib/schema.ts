/** Where the tables of a schema stand when they are drawn. */
import type { Table } from "./api.ts";

export interface Box {
  table: Table;
  x: number;
  y: number;
  height: number;
}

export interface Line {
  id: string;
  from: { table: string; column: string };
  to: { table: string; column: string };
  path: string;
}

export const BOX_WIDTH = 230;
export const ROW_HEIGHT = 24;
export const TITLE_HEIGHT = 34;
const GAP_X = 84;
const GAP_Y = 28;

/** Tables in columns: what is referenced stands to the left of what references it. */
export function drawSchema(tables: readonly Table[]): { boxes: Box[]; lines: Line[]; width: number; height: number } {
  const names = new Map(tables.map((table) => [table.name, table]));
  const depths = new Map<string, number>();
  const depthOf = (name: string, path: readonly string[]): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    // Tables that refer to each other in a circle begin where one entered it.
    if (path.includes(name)) return 0;
    const table = names.get(name);
    const others = (table?.references ?? []).map((reference) => reference.table).filter((other) => names.has(other));
    const depth =
      Math.max(-1, ...others.filter((other) => other !== name).map((other) => depthOf(other, [...path, name]))) + 1;
    depths.set(name, depth);
    return depth;
  };
  const columns: Table[][] = [];
  for (const table of tables) {
    const depth = depthOf(table.name, []);
    columns[depth] = [...(columns[depth] ?? []), table];
  }
  // Many tables without references would be one endless column.
  const all = columns.filter(Boolean).flatMap((column) => spread(column));
  const boxes: Box[] = [];
  let height = 0;
  for (const [c, column] of all.entries()) {
    let y = 0;
    for (const table of column) {
      const own = TITLE_HEIGHT + table.columns.length * ROW_HEIGHT + 6;
      boxes.push({ table, x: c * (BOX_WIDTH + GAP_X), y, height: own });
      y += own + GAP_Y;
    }
    height = Math.max(height, y - GAP_Y);
  }
  const byName = new Map(boxes.map((box) => [box.table.name, box]));
  const lines: Line[] = [];
  for (const box of boxes) {
    for (const reference of box.table.references) {
      const target = byName.get(reference.table);
      if (!target) continue;
      for (const [i, column] of reference.columns.entries()) {
        const to = reference.to[i] ?? "";
        lines.push({
          id: `${box.table.name}.${column} ${reference.table}.${to}`,
          from: { table: box.table.name, column },
          to: { table: reference.table, column: to },
          path: curve(box, column, target, to),
        });
      }
    }
  }
  return { boxes, lines, width: Math.max(0, all.length * (BOX_WIDTH + GAP_X) - GAP_X), height };
}

/** Columns of at most some 30 rows each. */
function spread(column: Table[]): Table[][] {
  const parts: Table[][] = [];
  let rows = 0;
  for (const table of column) {
    const own = table.columns.length + 3;
    const last = parts.at(-1);
    if (!last || rows + own > 34) {
      parts.push([table]);
      rows = own;
    } else {
      last.push(table);
      rows += own;
    }
  }
  return parts;
}

function heightOf(box: Box, column: string): number {
  const i = box.table.columns.findIndex(({ name }) => name === column);
  return box.y + (i < 0 ? TITLE_HEIGHT / 2 : TITLE_HEIGHT + (i + 0.5) * ROW_HEIGHT);
}

function curve(from: Box, column: string, to: Box, target: string): string {
  const y1 = heightOf(from, column);
  const y2 = heightOf(to, target);
  if (from.x === to.x) {
    // In one column: around the right side.
    const x = from.x + BOX_WIDTH;
    return `M ${x} ${y1} C ${x + 60} ${y1}, ${x + 60} ${y2}, ${x} ${y2}`;
  }
  const leftwards = to.x < from.x;
  const x1 = leftwards ? from.x : from.x + BOX_WIDTH;
  const x2 = leftwards ? to.x + BOX_WIDTH : to.x;
  const bend = Math.max(40, Math.abs(x2 - x1) / 2) * (leftwards ? -1 : 1);
  return `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`;
}
