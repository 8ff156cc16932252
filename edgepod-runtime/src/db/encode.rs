//! Rows as JSON text that SQLite itself makes, and back.
//!
//! One string for a whole result crosses to the core far more cheaply than a value at a time, and keeps the digits of
//! 64-bit integers. A row is an array of its columns; bytes are an array of one hexadecimal text, so that they are told from
//! text whatever reads them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{
    Rows, Value,
    writer::{Sql, Writer},
};
use crate::{
    Error, Result,
    schema::{ColumnSchema, SqlType},
};

/// Appends the JSON array of these columns: `json_array("a", iif("b" IS NULL, NULL, json_array(hex("b"))))`.
pub(super) fn push_array(sql: &mut Writer, columns: &[ColumnSchema]) {
    sql.push("json_array(");
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        match column.sql_type {
            SqlType::Integer | SqlType::Text | SqlType::Real => sql.push_name(column.name),
            SqlType::Blob => {
                sql.push("iif(");
                sql.push_name(column.name);
                sql.push(" IS NULL, NULL, json_array(hex(");
                sql.push_name(column.name);
                sql.push(")))");
            }
        }
    }
    sql.push(")");
}

/// How the rows of a statement become JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonRows {
    /// One text with the array of all rows.
    Together,
    /// A text for each row.
    Each,
}

impl JsonRows {
    /// What stands around the array of a row's columns.
    pub(super) const fn around(self) -> (&'static str, &'static str) {
        match self {
            JsonRows::Together => ("json_group_array(", ")"),
            JsonRows::Each => ("", ""),
        }
    }
}

/// Any SELECT of `width` columns with its rows as JSON, of at most `limit` rows.
pub(super) fn wrap_any(inner: &Sql, width: usize, limit: u64, rows: JsonRows) -> Sql {
    use std::fmt::Write;
    let mut names = String::new();
    let mut values = String::new();
    for i in 0..width {
        let comma = if i > 0 { ", " } else { "" };
        let _ = write!(names, "{comma}c{i}");
        let _ = write!(
            values,
            "{comma}iif(typeof(c{i}) = 'blob', json_array(hex(c{i})), c{i})"
        );
    }
    let (open, close) = rows.around();
    Sql {
        text: format!(
            "WITH _edgepod_rows({names}) AS ({}) SELECT {open}json_array({values}){close} FROM (SELECT * FROM _edgepod_rows LIMIT {limit})",
            inner.text
        ),
        params: inner.params.clone(),
        pins: inner.pins.clone(),
        ..Sql::default()
    }
}

/// The rows of an array of arrays.
///
/// # Errors
/// Text that is no such array: a fault of the host.
pub(crate) fn parse_rows(json: &str) -> Result<Rows> {
    let mut values = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let width = deserializer
        .deserialize_seq(RowsVisitor(&mut values))
        .and_then(|width| deserializer.end().map(|()| width))
        .map_err(|error| {
            Error::internal(format!("the database's rows are not readable: {error}"))
        })?;
    Ok(Rows::new(width, values))
}

struct RowsVisitor<'a>(&'a mut Vec<Value>);

impl<'de> Visitor<'de> for RowsVisitor<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> std::result::Result<usize, A::Error> {
        let mut width = 0;
        while let Some(n) = rows.next_element_seed(RowSeed(self.0))? {
            if width != 0 && n != width {
                return Err(A::Error::custom("rows of unlike length"));
            }
            width = n;
        }
        Ok(width)
    }
}

struct RowSeed<'a>(&'a mut Vec<Value>);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> std::result::Result<usize, D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> std::result::Result<usize, A::Error> {
        let before = self.0.len();
        while let Some(value) = columns.next_element()? {
            self.0.push(value);
        }
        Ok(self.0.len() - before)
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        d.deserialize_any(ValueVisitor)
    }
}

/// Writes bytes as hexadecimal text.
pub(super) fn push_hex(text: &mut String, bytes: &[u8]) {
    text.push_str(&base16ct::lower::encode_string(bytes));
}

/// The bytes of hexadecimal text.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    base16ct::mixed::decode_vec(text).ok()
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a number, a text or [bytes]")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Integer(value))
    }

    /// SQLite has no integer beyond 64 bits: JavaScript writes the float 1e19 without a point.
    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Real(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    /// `["<hex>"]`: bytes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let hex: Option<String> = seq.next_element()?;
        let end = seq.next_element::<String>()?.is_none();
        hex.filter(|_| end)
            .and_then(|hex| unhex(&hex))
            .map(Value::Blob)
            .ok_or_else(|| A::Error::custom("an array that is no bytes"))
    }

    /// `{"$blob":"<hex>"}`: bytes, where a host hands over single values.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let value = match map.next_entry::<String, String>()? {
            Some((key, hex)) if key == "$blob" => unhex(&hex).map(Value::Blob),
            _ => None,
        };
        value.ok_or_else(|| A::Error::custom("an object that is no $blob"))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::Text(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_every_digit_of_an_integer() {
        let rows = parse_rows("[[9223372036854775807,\"a\",null],[-9223372036854775808,\"\",1.5]]")
            .unwrap();
        assert_eq!(rows.width(), 3);
        assert_eq!(
            rows.into_values(),
            [
                Value::Integer(i64::MAX),
                Value::Text("a".into()),
                Value::Null,
                Value::Integer(i64::MIN),
                Value::Text(String::new()),
                Value::Real(1.5),
            ]
        );
    }

    #[test]
    fn a_float_that_javascript_writes_without_a_point_is_one() {
        let rows = parse_rows(
            "[[10000000000000000000,9223372036854775808,-10000000000000000000,100000000000000000000]]",
        );
        let expected = [1e19, 9223372036854775808.0, -1e19, 1e20].map(Value::Real);
        assert_eq!(rows.unwrap().into_values(), expected);
    }

    #[test]
    fn bytes_are_told_from_text() {
        let rows = parse_rows(r#"[[["00FF"],"00FF",[""],{"$blob":"ab"}]]"#).unwrap();
        assert_eq!(
            rows.into_values(),
            [
                Value::Blob(vec![0, 255]),
                Value::Text("00FF".into()),
                Value::Blob(vec![]),
                Value::Blob(vec![0xab]),
            ]
        );
        for json in [r#"[[["0"]]]"#, r#"[[["00","00"]]]"#, "[[[]]]", "[[[1]]]"] {
            assert!(parse_rows(json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_rows() {
        assert!(parse_rows("[]").unwrap().is_empty());
    }
}
