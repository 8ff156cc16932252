//! Many values in one parameter: JSON text that SQLite takes apart. A statement has 100 parameters at most.

use std::fmt::Write;

use super::{Value, encode};
use crate::{Error, Result};

/// Values for `SELECT … FROM json_each(?)`: what stands for the dots, and the parameter.
///
/// # Errors
/// Values that together are larger than a parameter may be.
pub(super) fn select(values: &[Value]) -> Result<(String, String)> {
    let mut json = String::from("[");
    let mut decoded = false;
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        decoded |= push(&mut json, value);
    }
    json.push(']');
    check(&json)?;
    // The text stays the same for most lists, so that SQLite prepares it once.
    let value = if decoded {
        decode("value", "type", "value ->> 0", "value ->> 1")
    } else {
        "value".to_owned()
    };
    Ok((value, json))
}

/// Rows as a JSON array of arrays, and for each column the SQL that reads it from `value`, a row.
///
/// # Errors
/// Rows that together are larger than a parameter may be.
pub(super) fn rows(rows: &[Vec<Value>], width: usize) -> Result<(String, Vec<String>)> {
    let mut json = String::from("[");
    let mut decoded = vec![false; width];
    for (i, row) in rows.iter().enumerate() {
        json.push_str(if i > 0 { ",[" } else { "[" });
        for (i, value) in row.iter().enumerate() {
            if i > 0 {
                json.push(',');
            }
            decoded[i] |= push(&mut json, value);
        }
        json.push(']');
    }
    json.push(']');
    check(&json)?;
    let columns = decoded
        .into_iter()
        .enumerate()
        .map(|(i, decoded)| {
            if decoded {
                decode(
                    &format!("value ->> {i}"),
                    &format!("json_type(value, '$[{i}]')"),
                    &format!("value ->> '$[{i}][0]'"),
                    &format!("value ->> '$[{i}][1]'"),
                )
            } else {
                format!("value ->> {i}")
            }
        })
        .collect();
    Ok((json, columns))
}

/// The SQL of a value that [`push`] may have written as an array: `[hex]` is bytes, `[null,hex]` text.
pub(super) fn decode(plain: &str, kind: &str, bytes: &str, text: &str) -> String {
    format!(
        "CASE WHEN {kind} <> 'array' THEN {plain} WHEN {bytes} IS NULL THEN CAST(unhex({text}) AS TEXT) ELSE unhex({bytes}) END"
    )
}

/// Writes a value as JSON; whether it takes [`decode`] to read it.
pub(super) fn push(json: &mut String, value: &Value) -> bool {
    match value {
        Value::Null => json.push_str("null"),
        Value::Integer(n) => {
            let _ = write!(json, "{n}");
        }
        // With its point, so that it stays a float.
        Value::Real(x) => {
            let _ = write!(json, "{x:?}");
        }
        // SQLite's JSON ends a text at a NUL.
        Value::Text(text) if text.contains('\0') => {
            json.push_str("[null,\"");
            encode::push_hex(json, text.as_bytes());
            json.push_str("\"]");
            return true;
        }
        Value::Text(text) => {
            json.push_str(&serde_json::to_string(text).expect("a string is JSON"));
        }
        Value::Blob(bytes) => {
            json.push_str("[\"");
            encode::push_hex(json, bytes);
            json.push_str("\"]");
            return true;
        }
    }
    false
}

/// The most bytes of one value or row.
pub(super) const MAX_VALUE: usize = 2_000_000;

fn check(json: &str) -> Result<()> {
    if json.len() <= MAX_VALUE {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "These values take {} bytes as JSON, and one statement takes {MAX_VALUE} at most: send them in several parts.",
        json.len()
    )))
}
