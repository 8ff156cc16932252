// What `edgepod data` has an object do: steps in SQL, in one transaction and one turn, in which nobody else is answered. Which they
// are is the command's to say (`edgepod-cli/src/commands/data/object`): a Worker carries no more of it than this.

/** The characters of a piece. */
const PIECE = 1e6;

/**
 * @typedef {[sql: string, ...values: any[]]} Statement bytes among the values are in an array, in Base64
 * @typedef {[mode: "rows" | "slice" | "pack" | "run" | "open", ...Statement]} Step
 */

/**
 * What each step comes to: with `rows` these; or why nothing was done. `pack` writes a line for each row, its values with commas between
 * them, and hands the lines to the statement that stands in place of the values, in pieces. `slice` comes to a piece of such lines, with
 * the first value of the last and whether that was the last of all: its statement gives some rows, those after this value, and is run
 * until the piece is there. `run` runs the statements that stand in the lines of such pieces. `open` opens an engine on what is there then.
 *
 * @param {import("./admin_object.mjs").Administered} object
 * @param {string} asked `{ steps: Step[], end?: boolean, bookmark?: number | string }`: with `end` the object ends, and the next knows
 *   nothing of the data before. Of a time, in milliseconds since 1970, `bookmark` tells the bookmark in the platform's history; to that
 *   of a bookmark the next object goes back, and the answer is the one of before.
 */
export async function data({ ctx, fits }, asked) {
  /** @type {{ steps: Step[], end?: boolean, bookmark?: number | string }} */
  const { steps, end, bookmark } = JSON.parse(asked);
  const { storage } = ctx;
  const { sql } = storage;
  /** @type {(...statement: Statement) => any[]} */
  const exec = (text, ...values) => [...sql.exec(text, ...values.map(bytes)).raw()];
  /** @type {(step: Step) => unknown} */
  const take = ([mode, text, ...values]) => {
    if (mode === "open") return fits();
    if (mode === "rows") return exec(text, ...values);
    let rest = "";
    if (mode === "slice") {
      let [after] = values;
      let last;
      // A statement that is left before its end would hold its tables.
      do {
        last = after;
        for (const row of sql.exec(text, after).raw()) {
          rest += `${row.map(written)}\n`;
          after = row[0];
        }
      } while (after !== last && rest.length < PIECE);
      return [after, rest, after === last];
    }
    const pack = (/** @type {number} */ least) => {
      while (rest.length > least) {
        sql.exec(values[0], rest.slice(0, PIECE));
        rest = rest.slice(PIECE);
      }
    };
    for (const row of sql.exec(text).raw()) {
      rest += row.map(written);
      if (mode === "run") {
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) exec(.../** @type {Statement} */ (JSON.parse(line)));
      } else {
        rest += "\n";
        pack(PIECE);
      }
    }
    if (mode === "pack") pack(0);
    return undefined;
  };
  let said;
  try {
    if (bookmark !== undefined)
      return [
        await (typeof bookmark === "number"
          ? storage.getBookmarkForTime(bookmark)
          : storage.onNextSessionRestoreBookmark(bookmark)),
      ];
    said = storage.transactionSync(() => steps.map(take));
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
  if (end) {
    await storage.sync();
    ctx.abort();
  }
  return said;
}

/** @param {any} value */
const bytes = (value) =>
  Array.isArray(value) ? Uint8Array.from(atob(value[0]), (/** @type {string} */ one) => one.charCodeAt(0)) : value;

/**
 * Bytes as SQL: those of a blob or, after a `T`, of a text. They are too large to have become SQL in SQLite.
 *
 * @param {any} value
 */
const written = (value) => {
  if (!(value instanceof ArrayBuffer)) return value;
  const [kind, ...all] = new Uint8Array(value);
  const hex = `x'${all.map((byte) => byte.toString(16).padStart(2, "0")).join("")}'`;
  return kind === 84 ? `CAST(${hex} AS TEXT)` : hex;
};
