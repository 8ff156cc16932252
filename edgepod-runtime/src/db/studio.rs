//! Statements of the studio, which are known only as it asks: their rows come as cells. In builds for development alone.

use edgepod_sql::{TokenKind, cell, tokens};
use serde::Deserialize;

use super::{
    Connection, Db, ReadDb, RowFormat, Rows, Value, failure, touch_text,
    writer::{Sql, Writer},
};
use crate::{Error, Result};

/// A value as the studio writes it: as JSON where that is exact.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    /// NULL.
    Null,
    /// An integer that a number of JavaScript holds.
    Integer(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(String),
    /// Another integer, in digits.
    Digits {
        /// The digits.
        integer: String,
    },
    /// Bytes, in hexadecimal digits.
    Blob {
        /// The digits.
        blob: String,
        /// How many there are, where not all are here.
        bytes: Option<usize>,
    },
}

impl Cell {
    /// The value.
    ///
    /// # Errors
    /// What is none, or is cut.
    pub(crate) fn value(self) -> Result<Value> {
        let wrong = || {
            Error::bad_request(
                "A value is null, a number, a text, {\"integer\": \"digits\"} or {\"blob\": \"hexadecimal digits\"}, and whole.",
            )
        };
        Ok(match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Real(number) => Value::real(number)?,
            Self::Text(text) => Value::Text(text),
            Self::Digits { integer } => Value::Integer(integer.parse().map_err(|_| wrong())?),
            Self::Blob { blob, bytes } => {
                let blob = base16ct::mixed::decode_vec(blob).map_err(|_| wrong())?;
                if bytes.is_some_and(|bytes| bytes != blob.len()) {
                    return Err(wrong());
                }
                Value::Blob(blob)
            }
        })
    }
}

/// The columns as a host hands over their cells: each, or a JSON array of them.
fn cells(connection: &Connection, columns: &[String]) -> Result<String> {
    if columns.is_empty() {
        return Err(Error::bad_request("It names no column."));
    }
    let cells: Vec<String> = columns.iter().map(|column| cell(column)).collect();
    Ok(match connection.format() {
        RowFormat::Values => cells.join(", "),
        RowFormat::Json => format!("json_array({})", cells.join(", ")),
    })
}

fn run(connection: &Connection, sql: &Sql) -> Result<Vec<Vec<String>>> {
    let (rows, _): (Rows, u64) = match connection.format() {
        RowFormat::Values => connection.run(sql)?,
        RowFormat::Json => connection.run_json(sql)?,
    };
    let text = |value: &Value| match value {
        Value::Text(json) => json.clone(),
        _ => "null".to_owned(),
    };
    Ok(rows
        .iter()
        .map(|row| row.iter().map(text).collect())
        .collect())
}

/// Appends a text whose parameters are `?` alone, with their values.
fn push(writer: &mut Writer, sql: &str, values: &[Value]) -> Result<()> {
    let mut values = values.iter();
    let mut end = 0;
    for token in tokens(sql).filter(|token| token.kind == TokenKind::Parameter) {
        let Some(value) = values.next().filter(|_| token.text == "?") else {
            return Err(Error::bad_request(format!(
                "It has more parameters than values, or others than `?`: {sql}"
            )));
        };
        writer.push(&sql[end..token.start]);
        writer.push_value(value.clone());
        end = token.end();
    }
    writer.push(&sql[end..]);
    match values.next() {
        None => Ok(()),
        Some(_) => Err(Error::bad_request(format!(
            "It has fewer parameters than values: {sql}"
        ))),
    }
}

impl ReadDb {
    /// Rows of a SELECT with these columns, as cells. Nobody learns what it reads.
    pub(crate) fn select_text(
        &self,
        sql: &str,
        values: &[Value],
        columns: &[String],
        limit: u64,
        offset: u64,
    ) -> Result<Vec<Vec<String>>> {
        let connection = self.connection.untracked();
        // By place: two columns may have one name.
        let places: Vec<String> = (0..columns.len())
            .map(|place| format!("c{place}"))
            .collect();
        let cells = cells(&connection, &places)?;
        let mut writer = Writer::new();
        writer.push(&format!("WITH \"_edgepod\" ({}) AS (", places.join(", ")));
        push(&mut writer, sql, values)?;
        writer.push(&format!(
            "\n) SELECT {cells} FROM \"_edgepod\" LIMIT {limit} OFFSET {offset}"
        ));
        run(&connection, &writer.finish()?)
    }
}

impl Db {
    /// Runs a statement that writes, and returns these columns of its rows, as cells. Tracked as every statement.
    pub(crate) fn execute_text(
        &self,
        sql: &str,
        values: &[Value],
        returning: &[String],
    ) -> Result<Vec<Vec<String>>> {
        let connection = &self.connection;
        let cells = cells(connection, returning)?;
        let mut writer = Writer::new();
        push(&mut writer, sql, values)?;
        let mut sql = writer.finish()?;
        sql.touch = touch_text::of_rows(connection, &sql)?;
        sql.text.push_str(" RETURNING ");
        sql.text.push_str(&cells);
        run(connection, &sql)
            .map_err(|error| failure::of_tables(error, || connection.written_by(&sql), true))
    }
}
