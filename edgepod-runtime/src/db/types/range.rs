//! What a column's type holds of what SQLite computes. `docs/decisions/ranges.md` has the choice.

use std::fmt::Write as _;

use crate::{
    Code, Error,
    db::{expr::Expr, writer::Writer},
};

/// The numbers of a column's type, where it has fewer than SQLite.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// It is not calculated with.
    Any,
    /// Whole numbers from the first to the last.
    Integer(i64, i64),
    /// Finite numbers up to this one, as SQL writes it, and down to its negative.
    Real(&'static str),
}

/// What SQLite says begins with this, when an expression leaves its column's range.
const OUTSIDE: &str = "outside the range of ";

impl Range {
    /// Appends the expression, which fails where its value is none of the column's type.
    ///
    /// SQLite has no function that only fails; `json_extract` does at a path that is none, and says the path. It says so of any
    /// table, STRICT or not.
    pub(in crate::db) fn write(self, expr: &Expr, table: &str, column: &str, sql: &mut Writer) {
        // Beyond 64 bits SQLite goes on with floats, and may come back with other digits.
        let (between, range) = match self {
            Range::Any => return expr.write(sql),
            Range::Integer(i64::MIN, i64::MAX) => (None, "64 bits".to_owned()),
            Range::Integer(min, max) => (
                Some(format!(" BETWEEN {min} AND {max}")),
                format!("{min} to {max}"),
            ),
            Range::Real(max) => (
                Some(format!(" BETWEEN -{max} AND {max}")),
                format!("-{max} to {max}"),
            ),
        };
        sql.push("CASE ");
        let mut operands = Vec::new();
        expr.push_nullable(&mut operands);
        if !operands.is_empty() {
            // Apart from what is NULL because it is no number: infinity less infinity.
            for (i, operand) in operands.iter().enumerate() {
                sql.push(if i == 0 { "WHEN " } else { " OR " });
                operand.write(sql);
                sql.push(" IS NULL");
            }
            sql.push(" THEN NULL ");
        }
        sql.push("WHEN ");
        if let Range::Integer(..) = self {
            sql.push("typeof(");
            expr.write(sql);
            sql.push(") = 'integer'");
            sql.push(if between.is_some() { " AND " } else { "" });
        }
        if let Some(between) = between {
            expr.write(sql);
            sql.push(&between);
        }
        sql.push(" THEN ");
        expr.write(sql);
        let _ = write!(
            sql,
            " ELSE json_extract('{{}}', '{OUTSIDE}{}.{column}: {range}') END",
            table.replace('\'', "''")
        );
    }
}

/// The error of an expression that left its column's range, where that is what SQLite says.
pub(in crate::db) fn outside(message: &str) -> Option<Error> {
    let (_, rest) = message.split_once(OUTSIDE)?;
    let (place, _) = rest.rsplit_once('\'')?;
    let (column, range) = place.rsplit_once(": ")?;
    let column = column.replace("''", "'");
    Some(
        Error::new(
            Code::BadRequest,
            format!(
                "What is computed for {column} leaves the range of its type ({range}). Nothing was changed."
            ),
        )
        .with_data(serde_json::json!({ "constraint": "range", "columns": [column] })),
    )
}
