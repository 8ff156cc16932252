// Copies of an object's database, of one version, to be taken away in pieces while it serves. An object has no file: a copy is a
// text of lines, in a table of its own, so that whoever takes it goes on after either end was killed. The command makes a SQLite
// file of it (`edgepod-cli/src/commands/data/lines.rs`).

/** The characters of a piece. */
const PIECE = 1 << 20;

/** The most bytes of a database: a copy is made in one turn, in which nobody else is answered. */
const MOST = 1 << 30;

/** The table of copies. */
const TABLE = "_edgepod_copy";

/** Values up to so many bytes become SQL in SQLite, and larger ones here: no text there has more than 2 MB. */
const LARGE = 400_000;

/** @param {string} name */
const quote = (name) => `"${name.replaceAll('"', '""')}"`;

/**
 * Makes a copy, in place of the one before.
 *
 * @param {DurableObjectStorage} storage
 */
export function copy(storage) {
  const { sql } = storage;
  if (sql.databaseSize > MOST)
    return { refused: `The database has ${sql.databaseSize} bytes, and a copy is made of ${MOST} at most.` };
  const id = crypto.randomUUID().replaceAll("-", "");
  return storage.transactionSync(() => {
    sql.exec(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (id TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (id, at)) STRICT`,
    );
    sql.exec(`DELETE FROM ${TABLE}`);
    let pieces = 0;
    let text = "";
    const flush = (/** @type {number} */ least) => {
      while (text.length > 0 && text.length >= least) {
        sql.exec(`INSERT INTO ${TABLE} VALUES (?, CAST(? AS INTEGER), ?)`, id, String(pieces), text.slice(0, PIECE));
        text = text.slice(PIECE);
        pieces += 1;
      }
    };
    /** @type {Record<string, number>} */
    const rows = {};
    for (const line of lines(sql, rows)) {
      text += `${line}\n`;
      flush(PIECE);
    }
    flush(1);
    return { id, format: "lines", pieces, rows };
  });
}

/**
 * @param {SqlStorage} sql
 * @param {string} id
 * @param {number} at
 * @returns {string | null} null where there is no such copy any more, and nothing behind its end
 */
export function piece(sql, id, at) {
  const there = sql.exec(`SELECT 1 FROM sqlite_schema WHERE name = '${TABLE}'`).toArray().length > 0;
  if (!there || sql.exec(`SELECT 1 FROM ${TABLE} WHERE id = ? LIMIT 1`, id).toArray().length === 0) return null;
  const [found] = sql
    .exec(`SELECT text FROM ${TABLE} WHERE id = ? AND at = CAST(? AS INTEGER)`, id, String(at))
    .toArray();
  return found === undefined ? "" : String(found.text);
}

/**
 * @param {SqlStorage} sql
 * @param {string} id
 */
export function done(sql, id) {
  if (piece(sql, id, 0) === null) return false;
  sql.exec(`DELETE FROM ${TABLE} WHERE id = ?`, id);
  return true;
}

/**
 * The lines of a copy: for each table `T` and what it is, then `R` and the values of each row, as SQL; `S` and anything else of
 * the schema, as JSON; `E` for the end.
 *
 * @param {SqlStorage} sql
 * @param {Record<string, number>} rows is told of each table's
 */
function* lines(sql, rows) {
  const schema = sql
    .exec("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")
    .toArray()
    .map((/** @type {any} */ row) => row)
    .filter(({ name, tbl_name }) => !isOwn(name) && !isOwn(tbl_name));
  /** @type {Map<unknown, any>} */
  const kinds = new Map(
    sql
      .exec("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")
      .toArray()
      .map((row) => [row.name, row]),
  );
  for (const { type, name, sql: made } of schema) {
    const kind = kinds.get(name);
    if (type !== "table" || kind === undefined || kind.type === "virtual") continue;
    const isSequence = name === "sqlite_sequence";
    if (name.startsWith("sqlite_") && !isSequence) continue;
    const columns = sql
      .exec("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", name)
      .toArray()
      .map((row) => String(row.name));
    const rowid = kind.wr === 1 || isSequence ? undefined : rowidOf(columns);
    const all = rowid === undefined || columns.length === 100 ? columns.map(quote) : [rowid, ...columns.map(quote)];
    yield `T${ascii({ name, sql: isSequence ? null : made, columns: all })}`;
    let count = 0;
    // By short names: a statement has 100 KB.
    const named = all.map((column, place) => `${column} AS c${place}`).join(", ");
    const values = all.map((_, place) => literal(`c${place}`)).join(", ");
    for (const row of sql.exec(`SELECT ${values} FROM (SELECT ${named} FROM ${quote(name)})`).raw()) {
      yield `R${row.map(written).join(",")}`;
      count += 1;
    }
    if (kind.type === "table" && !isSequence) rows[name] = count;
  }
  for (const { type, name, tbl_name, sql: made } of schema) {
    const isVirtual = type === "table" && kinds.get(name)?.type === "virtual";
    // What has no SQL belongs to a constraint of its table.
    if (made !== null && (type !== "table" || isVirtual)) yield `S${ascii({ type, name, tbl_name, sql: made })}`;
  }
  yield "E";
}

/**
 * JSON that may be cut anywhere.
 *
 * @param {unknown} value
 */
const ascii = (value) =>
  JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * What is the platform's or this room's, and no part of the data.
 *
 * @param {string} name
 */
const isOwn = (name) => name.startsWith("_cf_") || name === TABLE;

/**
 * A name of the rowid that no column has.
 *
 * @param {string[]} columns
 */
function rowidOf(columns) {
  const taken = columns.map((column) => column.toLowerCase());
  return ["rowid", "_rowid_", "oid"].find((name) => !taken.includes(name));
}

/**
 * The value of a column as SQL that makes it again, to the byte: what is no printable ASCII crosses as hexadecimal digits, as
 * JavaScript would mend what is no UTF-8, and `quote` ends at a NUL. Large values come as bytes: of a text after a `T`.
 *
 * @param {string} column
 */
function literal(column) {
  const bytes = `CAST(${column} AS BLOB)`;
  return `CASE typeof(${column}) WHEN 'text' THEN CASE
    WHEN length(${bytes}) > ${LARGE} THEN CAST(x'54' || ${bytes} AS BLOB)
    WHEN instr(${bytes}, x'00') OR ${column} GLOB '*[^ -~]*' THEN 'CAST(x''' || hex(${column}) || ''' AS TEXT)'
    ELSE quote(${column}) END
  WHEN 'blob' THEN iif(length(${column}) > ${LARGE}, CAST(x'42' || ${column} AS BLOB), quote(${column}))
  ELSE quote(${column}) END`;
}

/** @param {unknown} value */
function written(value) {
  if (typeof value === "string") return value;
  const bytes = new Uint8Array(/** @type {ArrayBuffer} */ (value));
  const hex = Array.from(bytes.subarray(1), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes[0] === 0x54 ? `CAST(x'${hex}' AS TEXT)` : `x'${hex}'`;
}
