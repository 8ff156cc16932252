//! Values of any kind as JSON, which SQLite itself writes: what the studio shows in a cell.

use crate::quote;

/// The most characters of a text in a cell.
pub const CELL_TEXT: usize = 1_000;

/// The most bytes of a blob in a cell.
pub const CELL_BYTES: usize = 256;

/// What gives a column as the JSON of a cell, which is a text to whoever reads it: `null`, a number, a text; an integer beyond 2^53 as `{"integer":
/// "digits"}`, a blob as `{"blob": "hexadecimal digits", "bytes": n}` with the first [`CELL_BYTES`], a text of more than [`CELL_TEXT`] characters as
/// `{"text": "its beginning", "length": n}`; so is one with a NUL that has more than four times as many bytes, as SQLite counts characters up to the
/// first NUL. JSON has no infinity: that is `{"text": "Inf", "length": 3}`, which nobody takes for a value.
///
/// ```
/// let sql = format!("SELECT {} FROM users", edgepod_sql::cell("name"));
/// assert!(sql.starts_with("SELECT (CASE typeof(\"name\")"));
/// ```
pub fn cell(column: &str) -> String {
    let name = quote(column);
    format!(
        "(CASE typeof({name}) WHEN 'null' THEN 'null' \
         WHEN 'integer' THEN iif({name} BETWEEN -9007199254740991 AND 9007199254740991, CAST({name} AS TEXT), \
         '{{\"integer\":\"' || {name} || '\"}}') \
         WHEN 'real' THEN iif(abs({name}) <= 1.7976931348623157e308, json_quote({name}), \
         '{{\"text\":\"' || {name} || '\",\"length\":' || length({name}) || '}}') \
         WHEN 'text' THEN iif(length({name}) > {CELL_TEXT} OR length(CAST({name} AS BLOB)) > 4 * {CELL_TEXT}, \
         '{{\"text\":' || json_quote(substr({name}, 1, {CELL_TEXT})) || ',\"length\":' || length({name}) || '}}', \
         json_quote({name} || '')) \
         ELSE '{{\"blob\":\"' || lower(hex(substr({name}, 1, {CELL_BYTES}))) || '\",\"bytes\":' || length({name}) || '}}' END) || ''"
    )
}
