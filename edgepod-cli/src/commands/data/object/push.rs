//! Data for an object: statements, one a line, that are sent in pieces into a table of the object, and done in one transaction, in
//! which all that was there before is dropped.

use std::{fmt::Write as _, io::Write, path::Path};

use anyhow::{Context, Result, bail};
use base64ct::{Base64, Encoding as _};
use edgepod_manifest::{NOTE_PUSH, READ_PUSH};
use edgepod_sql::quote;
use rand::RngExt as _;
use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};

use super::{super::check::tables, Item, Object, PUSH, Schema, follow, is_own, rows, unless};

/// The characters of a piece.
const PIECE: usize = 1 << 20;

/// After so many characters a statement ends: an object takes 100 KB.
const STATEMENT: usize = 60_000;

/// Values of more bytes go beside a statement, and it takes so many of them.
const INLINE: usize = 8_000;
const BESIDE: usize = 90;

/// What an object says of itself where it has data that is not to be replaced.
const HAS_DATA: &str = "it has data";

/// Puts the data of `file` in the place of what the pod has. Whether it may: it has data otherwise, which stays.
pub(in super::super) fn push(object: Object<'_>, file: &Path, replace: bool) -> Result<bool> {
    let id = format!("{:032x}", rand::rng().random::<u128>());
    let new = [("new", "1")];
    let ask = |steps: &[Value]| object.asked(&json!({ "steps": steps }), &new);
    let schema = Schema::read(ask)?;
    let guards = |schema: &Schema| {
        if replace {
            Vec::new()
        } else {
            without_data(schema)
        }
    };
    let mut steps = guards(&schema);
    steps.push(rows(
        format!("CREATE TABLE IF NOT EXISTS {PUSH} (at INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL) STRICT"),
        &[],
    ));
    steps.push(rows(format!("DELETE FROM {PUSH}"), &[]));
    if let Err(error) = ask(&steps) {
        return refused(object, error);
    }

    let mut lines = Vec::new();
    write_lines(&Connection::open(file)?, &mut lines)?;
    let text = String::from_utf8(lines).context("a line is no text")?;
    let mut pieces = 0;
    // It is ASCII.
    for piece in text.as_bytes().chunks(PIECE) {
        let piece = str::from_utf8(piece).context("a line is not ASCII")?;
        let sql = format!(
            "INSERT OR REPLACE INTO {PUSH} (at, id, text) VALUES (CAST(? AS INTEGER), ?, ?)"
        );
        ask(&[rows(sql, &[&pieces.to_string(), &id, piece])])?;
        pieces += 1;
    }

    let schema = Schema::read(ask)?;
    let mut steps = vec![
        rows("PRAGMA defer_foreign_keys = ON", &[]),
        unless(
            &format!("(SELECT count(*) FROM {PUSH} WHERE id = ?) = {pieces}"),
            &[&id],
            "another push took the place of this one",
        ),
        unless(
            "(SELECT group_concat(name, char(10)) FROM (SELECT name FROM sqlite_schema WHERE substr(name, 1, 4) <> '_cf_' \
             AND type = 'table' ORDER BY name)) IS ?",
            &[&names(&schema)],
            "its tables changed meanwhile",
        ),
    ];
    steps.extend(guards(&schema));
    steps.extend(follow::ends(&schema));
    steps.extend(drops(&schema));
    steps.push(json!([
        "run",
        format!("SELECT text FROM {PUSH} WHERE id = '{id}' ORDER BY at")
    ]));
    steps.push(rows(format!("DROP TABLE {PUSH}"), &[]));
    steps.push(json!(["open", ""]));
    steps.push(rows(NOTE_PUSH, &[&id]));
    let done = object.asked(&json!({ "steps": steps, "end": true }), &new);
    // Whoever does it has it said by another request that it is done: the answer may have been lost.
    match (is_done(object, &id), done) {
        (true, _) => {
            listed(object)?;
            Ok(true)
        }
        (false, Err(error)) => refused(object, error),
        (false, Ok(_)) => bail!("the object says that the data is there, and it is not"),
    }
}

fn is_done(object: Object<'_>, id: &str) -> bool {
    let said = object.asked(&json!({ "steps": [rows(READ_PUSH, &[])] }), &[("new", "1")]);
    said.is_ok_and(|said| said[0][0][0] == id)
}

/// Opens the pod, so that the directory has it.
fn listed(object: Object<'_>) -> Result<()> {
    let pod = object.pod.map(|pod| ("pod", pod));
    let query: Vec<_> = pod.into_iter().chain([("new", "1")]).collect();
    object.admin.post::<Value>("/migrate", &query).map(drop)
}

fn refused(object: Object<'_>, error: anyhow::Error) -> Result<bool> {
    if !error.to_string().contains(HAS_DATA) {
        return Err(error);
    }
    // A push that was ended when all but this was done.
    listed(object)?;
    Ok(false)
}

fn names(schema: &Schema) -> String {
    let tables = schema.objects.iter().filter(|item| item.kind == "table");
    let mut names: Vec<_> = tables.map(|item| &*item.name).collect();
    let own = schema.own.iter().filter(|(kind, _)| kind == "table");
    names.extend(own.map(|(_, name)| &**name));
    names.sort_unstable();
    names.join("\n")
}

/// Steps that fail where a table of the app has a row.
fn without_data(schema: &Schema) -> Vec<Value> {
    let tables = schema.tables().filter(|item| item.of == "table");
    let tables = tables.filter(|item| !item.name.starts_with("_edgepod_") && !item.is_sequence());
    tables
        .map(|item| {
            let none = format!("NOT EXISTS (SELECT 1 FROM {})", quote(&item.name));
            unless(&none, &[], HAS_DATA)
        })
        .collect()
}

/// Steps that drop everything: first what is done when something is dropped, then what others keep their data in with those.
fn drops(schema: &Schema) -> Vec<Value> {
    let order = |item: &Item| match (&*item.kind, &*item.of) {
        ("trigger", _) => Some((0, "TRIGGER")),
        ("view", _) => Some((1, "VIEW")),
        ("table", "virtual") => Some((2, "TABLE")),
        ("table", "table") if !item.name.starts_with("sqlite_") => Some((3, "TABLE")),
        _ => None,
    };
    let mut drops: Vec<_> = schema
        .objects
        .iter()
        .filter_map(|item| order(item).map(|order| (order, quote(&item.name))))
        .collect();
    drops.sort();
    drops
        .into_iter()
        .map(|((_, kind), name)| rows(format!("DROP {kind} IF EXISTS {name}"), &[]))
        .collect()
}

/// Writes the statements that make the database again.
fn write_lines(connection: &Connection, out: &mut Vec<u8>) -> Result<()> {
    let schema = Schema::of(connection)?;
    let mut line = |statement: &str, values: &[Vec<u8>]| {
        let mut all = vec![json!(statement)];
        all.extend(
            values
                .iter()
                .map(|bytes| json!([Base64::encode_string(bytes)])),
        );
        writeln!(out, "{}", ascii(&Value::from(all)))
    };
    let made = |item: &&Item| item.sql.is_some();
    for table in schema
        .objects
        .iter()
        .filter(|item| item.kind == "table" && item.of != "shadow")
    {
        let Some(sql) = table
            .sql
            .as_ref()
            .filter(|_| !table.name.starts_with("sqlite_"))
        else {
            continue;
        };
        if table.of == "virtual" && !is_full_text(sql) {
            bail!(
                "`{}` is a virtual table, and of those an object has FTS5 alone: {sql}",
                table.name
            );
        }
        line(sql, &[])?;
    }
    for table in &schema.objects {
        match &*table.of {
            "table" => {
                if table.is_sequence() {
                    line("DELETE FROM sqlite_sequence", &[])?;
                } else if table.name.starts_with("sqlite_") {
                    continue;
                }
                let columns = table.to_insert();
                insert(connection, &table.name, &columns, &mut line)?;
            }
            "virtual" => {
                let sql = table.sql.as_deref().unwrap_or_default().to_lowercase();
                let sql: String = sql.split_whitespace().collect();
                let name = quote(&table.name);
                if sql.contains("content=''") || sql.contains("content=\"\"") {
                    bail!(
                        "the full-text table {name} keeps no texts (content = ''), and cannot be made anew"
                    );
                } else if sql.contains("content=") {
                    line(
                        &format!("INSERT INTO {name} ({name}) VALUES ('rebuild')"),
                        &[],
                    )?;
                } else {
                    let columns = table.columns.iter().map(|column| quote(column));
                    let columns: Vec<_> = ["rowid".to_owned()].into_iter().chain(columns).collect();
                    insert(connection, &table.name, &columns, &mut line)?;
                }
            }
            _ => {}
        }
    }
    for item in schema
        .objects
        .iter()
        .filter(|item| item.kind != "table")
        .filter(made)
    {
        line(item.sql.as_deref().unwrap_or_default(), &[])?;
    }
    for (name, count) in tables(connection)?.iter().filter(|(name, _)| !is_own(name)) {
        let words = format!("rows of {} are missing", name.replace('\'', " "));
        let held = format!("(SELECT count(*) FROM {}) = {count}", quote(name));
        line(
            unless(&held, &[], &words)[1].as_str().unwrap_or_default(),
            &[],
        )?;
    }
    Ok(())
}

fn is_full_text(sql: &str) -> bool {
    let mut words = sql.split(|byte: char| !byte.is_ascii_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case("fts5"))
}

/// Lines that insert the rows of a table, some at once.
fn insert(
    connection: &Connection,
    table: &str,
    columns: &[String],
    line: &mut impl FnMut(&str, &[Vec<u8>]) -> std::io::Result<()>,
) -> Result<()> {
    let start = format!(
        "INSERT INTO {} ({}) VALUES ",
        quote(table),
        columns.join(", ")
    );
    let sql = format!("SELECT {} FROM {}", columns.join(", "), quote(table));
    let mut select = connection.prepare(&sql)?;
    let mut found = select.query(())?;
    let mut statement = String::new();
    let mut beside = Vec::new();
    while let Some(row) = found.next()? {
        let mut values = String::new();
        let mut more = Vec::new();
        for place in 0..columns.len() {
            if place > 0 {
                values.push_str(", ");
            }
            literal(row.get_ref(place)?, &mut values, &mut more)?;
        }
        let is_full =
            statement.len() + values.len() > STATEMENT || beside.len() + more.len() > BESIDE;
        if is_full && !statement.is_empty() {
            line(&statement, &beside)?;
            statement.clear();
            beside.clear();
        }
        statement.push_str(if statement.is_empty() { &start } else { ", " });
        write!(statement, "({values})")?;
        beside.append(&mut more);
    }
    if !statement.is_empty() {
        line(&statement, &beside)?;
    }
    Ok(())
}

/// A value as SQL; or as a parameter, and its bytes beside it.
fn literal(value: ValueRef<'_>, sql: &mut String, beside: &mut Vec<Vec<u8>>) -> Result<()> {
    match value {
        ValueRef::Null => sql.push_str("NULL"),
        ValueRef::Integer(n) => write!(sql, "{n}")?,
        ValueRef::Real(x) if x.is_infinite() => {
            sql.push_str(if x > 0.0 { "9e999" } else { "-9e999" })
        }
        ValueRef::Real(x) => write!(sql, "{x:e}")?,
        ValueRef::Text(text) => {
            let plain = text.iter().all(|byte| matches!(byte, b' '..=b'~'));
            if text.len() > INLINE {
                beside.push(text.to_vec());
                sql.push_str("CAST(? AS TEXT)");
            } else if let (true, Ok(text)) = (plain, str::from_utf8(text)) {
                write!(sql, "'{}'", text.replace('\'', "''"))?;
            } else {
                write!(
                    sql,
                    "CAST(x'{}' AS TEXT)",
                    base16ct::lower::encode_string(text)
                )?;
            }
        }
        ValueRef::Blob(bytes) if bytes.len() > INLINE => {
            beside.push(bytes.to_vec());
            sql.push('?');
        }
        ValueRef::Blob(bytes) => write!(sql, "x'{}'", base16ct::lower::encode_string(bytes))?,
    }
    Ok(())
}

/// JSON that may be cut anywhere.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for unit in value.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => text.push(byte.into()),
            _ => text.push_str(&format!("\\u{unit:04x}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_database_make_it_again() {
        let from = Connection::open_in_memory().unwrap();
        let sql = "CREATE TABLE t (a, \"é\" TEXT, c AS (a || '!')); CREATE INDEX i ON t (a);
             INSERT INTO t (rowid, a, \"é\") VALUES (7, 9223372036854775807, 'it''s'), (9, 0.1, CAST(x'00ff' AS TEXT)), (11, -9e999, NULL);
             INSERT INTO t (a) VALUES (zeroblob(9000)), (hex(zeroblob(9000))), (-9223372036854775808), (5e-324), (1.0);
             CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO n VALUES (5); DELETE FROM n;
             CREATE VIRTUAL TABLE f USING fts5(words); INSERT INTO f (rowid, words) VALUES (3, 'running dogs');
             CREATE TRIGGER fired AFTER INSERT ON t BEGIN DELETE FROM t; END;";
        from.execute_batch(sql).unwrap();
        let mut lines = Vec::new();
        write_lines(&from, &mut lines).unwrap();
        assert!(lines.is_ascii());
        let to = Connection::open_in_memory().unwrap();
        for line in String::from_utf8(lines).unwrap().lines() {
            let statement: Vec<Value> = serde_json::from_str(line).unwrap();
            let values = statement[1..].iter();
            let values =
                values.map(|value| Base64::decode_vec(value[0].as_str().unwrap()).unwrap());
            let mut prepared = to.prepare(statement[0].as_str().unwrap()).unwrap();
            for (place, value) in values.enumerate() {
                prepared.raw_bind_parameter(place + 1, value).unwrap();
            }
            let mut rows = prepared.raw_query();
            while rows.next().unwrap().is_some() {}
        }
        for sql in [
            "SELECT group_concat(rowid || typeof(a) || hex(a) || quote(a) || coalesce(hex(\"é\"), '-') || c) FROM t",
            "SELECT group_concat(name || seq) FROM sqlite_sequence",
            "SELECT group_concat(rowid || words) FROM f WHERE f MATCH 'dogs'",
            "SELECT group_concat(name || coalesce(sql, '')) FROM (SELECT * FROM sqlite_schema ORDER BY name)",
        ] {
            let ask = |of: &Connection| {
                of.query_row(sql, (), |row| row.get::<_, String>(0))
                    .unwrap()
            };
            assert_eq!(ask(&to), ask(&from), "{sql}");
        }
    }
}
