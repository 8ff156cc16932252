//! A copy of an object's data: made in one turn, into a table of the object, from where it is taken in pieces.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use edgepod_manifest::{DataFormat, PodStatus};
use edgepod_sql::quote;
use rand::RngExt as _;
use serde_json::json;

use super::{
    super::partial::{Copy, Part},
    COPY, Item, Object, SCHEMA, Schema, count, of_the_data, rows, strange,
};

/// The most bytes of a database: a copy is made in one turn, in which nobody else is answered.
const MOST: u64 = 1 << 30;

/// Values up to so many bytes become SQL in SQLite, and larger ones in JavaScript: no text of SQLite's has more than 2 MB there.
const LARGE: usize = 400_000;

/// How often it is tried again where the tables change meanwhile, as they do when a build is deployed.
const TRIES: usize = 5;

/// Has a copy made.
pub(in super::super) fn copy(object: Object<'_>) -> Result<Copy> {
    let query: Vec<_> = object.pod.map(|pod| ("pod", pod)).into_iter().collect();
    let status: PodStatus = object.admin.get("/status", &query)?;
    if status.bytes > MOST {
        bail!(
            "the database has {} bytes, and an object copies {MOST} at most",
            status.bytes
        );
    }
    for _ in 0..TRIES {
        let schema = Schema::read(|steps| object.run(steps))?;
        if let Some(copy) = copy_of(object, &schema)? {
            return Ok(copy);
        }
    }
    bail!("the tables of the pod change all the time: try again later")
}

/// None where the schema is another one meanwhile.
fn copy_of(object: Object<'_>, schema: &Schema) -> Result<Option<Copy>> {
    let id = format!("{:032x}", rand::rng().random::<u128>());
    let keep = format!("INSERT INTO {COPY} (id, text) VALUES ('{id}', ?)");
    let mut steps = vec![
        rows(SCHEMA, &[]),
        rows(
            format!(
                "CREATE TABLE IF NOT EXISTS {COPY} (at INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL) STRICT"
            ),
            &[],
        ),
        rows(format!("DELETE FROM {COPY}"), &[]),
    ];
    for table in schema.tables() {
        steps.push(json!(["pack", select(table), keep]));
        steps.push(rows(
            format!(
                "SELECT (SELECT count(*) FROM {COPY}), (SELECT count(*) FROM {})",
                quote(&table.name)
            ),
            &[],
        ));
    }
    let said = object.run(&steps)?;
    if said.len() != steps.len() {
        return Err(strange());
    }
    if of_the_data(&said[0]) != schema.said {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let mut in_tables = BTreeMap::new();
    let mut pieces = 0;
    for (table, said) in schema.tables().zip(said[3..].chunks(2)) {
        parts.push(Part::Known(header(table)?));
        let until = count(&said[1], 0)?;
        parts.extend((pieces + 1..=until).map(Part::Piece));
        pieces = until;
        if table.of == "table" && !table.is_sequence() {
            in_tables.insert(table.name.clone(), count(&said[1], 1)?);
        }
    }
    let mut rest = String::new();
    for item in &schema.objects {
        // What has no SQL belongs to a constraint of its table.
        let Some(sql) = &item.sql else { continue };
        if item.kind != "table" || item.of == "virtual" {
            let line =
                json!({ "type": item.kind, "name": item.name, "tbl_name": item.table, "sql": sql });
            rest.push_str(&format!("S{line}\n"));
        }
    }
    rest.push_str("E\n");
    parts.push(Part::Known(rest));
    Ok(Some(Copy {
        id,
        format: DataFormat::Lines,
        parts,
        rows: in_tables,
    }))
}

fn header(table: &Item) -> Result<String> {
    let sql = (!table.is_sequence()).then_some(&table.sql);
    let line = json!({ "name": table.name, "sql": sql, "columns": table.to_insert() });
    Ok(format!("T{}\n", serde_json::to_string(&line)?))
}

/// A piece of a copy; None where there is no such copy any more.
pub(in super::super) fn piece(object: Object<'_>, id: &str, at: u64) -> Result<Option<Vec<u8>>> {
    let sql = format!("SELECT text FROM {COPY} WHERE id = ? AND at = CAST(? AS INTEGER)");
    let said = object.run(&[rows(sql, &[id, &at.to_string()])])?;
    let text = said.first().and_then(|rows| rows[0][0].as_str());
    Ok(text.map(|text| text.as_bytes().to_vec()))
}

/// Removes a copy.
pub(in super::super) fn done(object: Object<'_>, id: &str) -> Result<()> {
    let step = rows(format!("DELETE FROM {COPY} WHERE id = ?"), &[id]);
    object.run(&[step]).map(drop)
}

/// The rows of a table, each value as SQL that makes it again.
fn select(table: &Item) -> String {
    let columns = table.to_insert();
    let places = 0..columns.len();
    let literals: Vec<_> = places
        .clone()
        .map(|place| literal(&format!("c{place}")))
        .collect();
    // By short names: a statement has 100 KB.
    let named = columns.iter().zip(places);
    let named: Vec<_> = named
        .map(|(column, place)| format!("{column} AS c{place}"))
        .collect();
    format!(
        "SELECT {} FROM (SELECT {} FROM {})",
        literals.join(", "),
        named.join(", "),
        quote(&table.name)
    )
}

/// The value of a column as SQL that makes it again, to the byte: what is no printable ASCII crosses as hexadecimal digits, as
/// JavaScript would mend what is no UTF-8, and `quote` ends at a NUL. Large values come as bytes: of a text after a `T`.
fn literal(column: &str) -> String {
    let bytes = format!("CAST({column} AS BLOB)");
    format!(
        "CASE typeof({column}) WHEN 'text' THEN CASE \
         WHEN length({bytes}) > {LARGE} THEN CAST(x'54' || {bytes} AS BLOB) \
         WHEN instr({bytes}, x'00') OR {column} GLOB '*[^ -~]*' THEN 'CAST(x''' || hex({column}) || ''' AS TEXT)' \
         ELSE quote({column}) END \
         WHEN 'blob' THEN iif(length({column}) > {LARGE}, CAST(x'42' || {column} AS BLOB), quote({column})) \
         ELSE quote({column}) END"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_for_a_hundred_columns_is_one_that_an_object_takes() {
        let table = Item {
            kind: "table".to_owned(),
            name: "t".to_owned(),
            table: "t".to_owned(),
            sql: None,
            of: "table".to_owned(),
            has_rowid: true,
            columns: (0..100).map(|n| format!("a \"long\" name {n}")).collect(),
        };
        assert_eq!(table.to_insert().len(), 100);
        assert!(select(&table).len() < 100_000, "{}", select(&table).len());
        let step = rows("SELECT ?", &["é"]);
        assert_eq!(step, json!(["rows", "SELECT ?", "é"]));
    }
}
