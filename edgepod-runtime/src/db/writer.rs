//! SQL text and its parameters, as they are written.

use std::fmt::Write;

use edgepod_sql::push_quoted;

use super::{
    Value,
    clause::{ColumnOf, Operand, Term},
    limits::{self, MAX_PARAMS},
    list,
    pins::Pins,
    touch::Touch,
};
use crate::{Error, Result};

/// SQL text with `?` for its parameters.
#[derive(Debug, Default)]
pub struct Sql {
    pub(super) text: String,
    pub(super) params: Vec<Value>,
    /// What it holds the tables to that it reads.
    pub(super) pins: Pins,
    /// What it touches of the table that it writes.
    pub(super) touch: Touch,
}

#[cfg(test)]
impl Sql {
    pub(super) fn without_params(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }
}

/// More parameters than the platform binds travel as one: a JSON text, of which each `?` takes its part.
fn pack(sql: Sql, marks: &[std::ops::Range<usize>]) -> Sql {
    if sql.params.len() <= MAX_PARAMS {
        return sql;
    }
    let mut text = String::with_capacity(sql.text.len() + 8 * marks.len());
    let mut json = String::from("[");
    let mut end = 0;
    for (i, (mark, param)) in marks.iter().zip(&sql.params).enumerate() {
        if i > 0 {
            json.push(',');
        }
        text.push_str(&sql.text[end..mark.start]);
        end = mark.end;
        let _ = if list::push(&mut json, param) {
            text.write_str(&list::decode(
                &format!("?1 ->> {i}"),
                &format!("json_type(?1, '$[{i}]')"),
                &format!("?1 ->> '$[{i}][0]'"),
                &format!("?1 ->> '$[{i}][1]'"),
            ))
        } else {
            write!(text, "(?1 ->> {i})")
        };
    }
    text.push_str(&sql.text[end..]);
    json.push(']');
    Sql {
        text,
        params: vec![Value::Text(json)],
        ..sql
    }
}

/// Collects a statement's text and parameters.
pub(super) struct Writer {
    sql: Sql,
    /// Where each parameter stands in the text.
    marks: Vec<std::ops::Range<usize>>,
    refused: Option<Error>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            sql: Sql {
                text: String::with_capacity(256),
                ..Sql::default()
            },
            marks: Vec::new(),
            refused: None,
        }
    }

    /// Appends text.
    pub(super) fn push(&mut self, text: &str) {
        self.sql.text.push_str(text);
    }

    /// Says what the statement touches of the table that it writes.
    pub(super) fn touches(&mut self, touch: Touch) {
        self.sql.touch = touch;
    }

    /// Appends a name, quoted.
    pub(super) fn push_name(&mut self, name: &str) {
        push_quoted(&mut self.sql.text, name);
    }

    /// Appends names, separated by commas.
    pub(super) fn push_names<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for (i, name) in names.enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.push_name(name);
        }
    }

    /// Appends an integer as a parameter.
    pub(super) fn push_integer(&mut self, n: i64) {
        self.push_value(Value::Integer(n));
    }

    /// Appends `"table"."column"`.
    pub(super) fn push_column(&mut self, column: ColumnOf) {
        match column.table.alias() {
            None => self.push_name(column.table.table.name),
            Some(alias) => self.push_name(&alias),
        }
        self.push(".");
        self.push_name(column.name);
    }

    /// Appends a column, or what is computed, in parentheses.
    pub(super) fn push_term(&mut self, term: &Term) {
        match term {
            Term::Column(column) => self.push_column(*column),
            Term::Computed(computed) => {
                self.push("(");
                computed.expr.write(self);
                self.push(")");
            }
        }
    }

    /// Appends a value as a parameter, or a column or an expression.
    pub(super) fn push_operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Value(value) => self.push_value(value.clone()),
            Operand::Term(term) => self.push_term(term),
        }
    }

    /// The statement cannot be written.
    pub(super) fn refuse(&mut self, error: Error) {
        self.refused = Some(error);
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.sql.text
    }

    /// The statement, or the first parameter's refusal.
    pub(super) fn finish(self) -> Result<Sql> {
        match self.refused {
            None => {
                let sql = pack(self.sql, &self.marks);
                limits::check(&sql.text, &sql.params)?;
                Ok(sql)
            }
            Some(error) => Err(error),
        }
    }

    /// The text, where in it its parameters stand, and those.
    pub(super) fn into_parts(self) -> Result<(String, Vec<std::ops::Range<usize>>, Vec<Value>)> {
        match self.refused {
            None => Ok((self.sql.text, self.marks, self.sql.params)),
            Some(error) => Err(error),
        }
    }

    /// Appends a value as a parameter.
    pub(super) fn push_value(&mut self, value: Value) {
        let start = self.sql.text.len();
        // The cast lets a host whose numbers are floats bind an integer as text, and keeps it an integer.
        self.sql.text.push_str(match value {
            Value::Integer(_) => "CAST(? AS INTEGER)",
            _ => "?",
        });
        self.marks.push(start..self.sql.text.len());
        self.sql.params.push(value);
    }
}

impl Write for Writer {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.sql.text.push_str(s);
        Ok(())
    }
}
