//! A statement with its values, as it is sent to an app, and as people read it.

use edgepod_sql::{TokenKind, quote_text, tokens};
use serde_json::Value;

use super::refusal::{Answer, Refusal};

/// SQL with a `?` for each value, which is a cell: see `docs/studio.md`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Statement {
    pub sql: String,
    pub values: Vec<Value>,
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
        }
    }

    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Appends a `?` for this value.
    pub fn push_value(&mut self, value: &Value) {
        self.sql.push('?');
        self.values.push(value.clone());
    }

    /// The statement with its values written out.
    ///
    /// # Errors
    /// A value that is none, or is cut.
    pub fn inlined(&self) -> Answer<String> {
        let mut values = self.values.iter();
        let (mut text, mut end) = (String::new(), 0);
        for token in tokens(&self.sql).filter(|token| token.kind == TokenKind::Parameter) {
            let value = values.next();
            text.push_str(&self.sql[end..token.start]);
            text.push_str(&literal(value.unwrap_or(&Value::Null))?);
            end = token.end();
        }
        text.push_str(&self.sql[end..]);
        Ok(text)
    }
}

/// Whether a cell is only the beginning of its value.
pub(super) fn is_cut(cell: &Value) -> bool {
    if cell.get("length").is_some() {
        return true;
    }
    match (cell["blob"].as_str(), cell["bytes"].as_u64()) {
        (Some(hex), Some(bytes)) => bytes != hex.len() as u64 / 2,
        _ => false,
    }
}

/// A cell as SQL writes it.
fn literal(cell: &Value) -> Answer<String> {
    let wrong = || {
        Refusal::bad(format!(
            "{cell} is no value of a cell: null, a number, a text, {{\"integer\": \"digits\"}} or {{\"blob\": \"hexadecimal digits\"}}"
        ))
    };
    if is_cut(cell) {
        return Err(Refusal::bad(
            "A cell that is cut is no value: only its beginning is known.",
        ));
    }
    Ok(match cell {
        Value::Null => "NULL".to_owned(),
        // The least integer is too large for SQLite before its sign.
        Value::Number(number) => match number.as_i64() {
            Some(number) => integer(number),
            None => number.to_string(),
        },
        // A text ends at a NUL for SQLite.
        Value::String(text) if text.contains('\0') => {
            let hex = base16ct::lower::encode_string(text.as_bytes());
            format!("CAST(x'{hex}' AS TEXT)")
        }
        Value::String(text) => quote_text(text),
        Value::Object(_) => {
            if let Some(digits) = cell["integer"].as_str() {
                integer(digits.parse().map_err(|_| wrong())?)
            } else {
                let hex = cell["blob"].as_str().ok_or_else(wrong)?;
                let bytes = base16ct::mixed::decode_vec(hex).map_err(|_| wrong())?;
                format!("x'{}'", base16ct::lower::encode_string(&bytes))
            }
        }
        Value::Bool(_) | Value::Array(_) => return Err(wrong()),
    })
}

fn integer(number: i64) -> String {
    match number {
        i64::MIN => "(-9223372036854775807 - 1)".to_owned(),
        number => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_stand_where_their_parameters_were_and_are_read_as_they_are() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for (cell, kind, text) in [
            (json!(null), "null", ""),
            (json!(7), "integer", "7"),
            (json!(-1.25), "real", "-1.25"),
            (json!("it's ? -- \"x\""), "text", "it's ? -- \"x\""),
            (json!("a\u{0}b"), "text", "a\u{0}b"),
            (
                json!({"integer": "-9223372036854775808"}),
                "integer",
                "-9223372036854775808",
            ),
            (
                json!({"integer": "9223372036854775807"}),
                "integer",
                "9223372036854775807",
            ),
            (json!({"blob": "0041", "bytes": 2}), "blob", "\u{0}A"),
        ] {
            let mut statement = Statement::new(
                "SELECT '?', typeof(x), CAST(coalesce(x, '') AS TEXT) FROM (SELECT ",
            );
            statement.push_value(&cell);
            statement.push(" AS x) /* ? */");
            let sql = statement.inlined().unwrap();
            let row =
                connection.query_row(&sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            let (mark, of, found): (String, String, String) = row.unwrap();
            assert_eq!((&*mark, &*of, &*found), ("?", kind, text), "{sql}");
        }
    }

    #[test]
    fn what_is_cut_or_no_cell_is_no_value() {
        for cell in [
            json!(true),
            json!([1]),
            json!({"integer": "9223372036854775808"}),
            json!({"blob": "0"}),
            json!({"blob": "00", "bytes": 7}),
            json!({"text": "the beginning", "length": 4000}),
            json!({}),
        ] {
            assert!(literal(&cell).is_err(), "{cell}");
        }
        assert!(!is_cut(&json!({"blob": "00ff", "bytes": 2})) && !is_cut(&json!("a")));
    }
}
