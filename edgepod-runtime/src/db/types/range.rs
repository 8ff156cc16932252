//! What a column's type holds of what SQLite computes. `docs/decisions/ranges.md` has the choice.

use sea_query::Expr;

use crate::{Code, Error};

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
    /// The expression, which fails where its value is none of the column's type.
    ///
    /// Values are checked by their type, and a column of the same type holds what that type holds: what is left is
    /// arithmetic. SQLite has no function that only fails; `json_extract` does at a path that is none, and says the path. It
    /// says so of any table, STRICT or not.
    pub(in crate::db) fn guard(self, expr: Expr, table: &str, column: &str) -> Expr {
        if matches!(expr, Expr::Column(_)) {
            return expr;
        }
        // Beyond 64 bits SQLite goes on with floats, and may come back with other digits.
        let (holds, range) = match self {
            Range::Any => return expr,
            Range::Integer(i64::MIN, i64::MAX) => {
                ("typeof(?) = 'integer'".to_owned(), "64 bits".to_owned())
            }
            Range::Integer(min, max) => (
                format!("typeof(?) = 'integer' AND ? BETWEEN {min} AND {max}"),
                format!("{min} to {max}"),
            ),
            Range::Real(max) => (
                format!("? BETWEEN -{max} AND {max}"),
                format!("-{max} to {max}"),
            ),
        };
        let times = holds.matches('?').count() + 1;
        let table = table.replace('\'', "''");
        Expr::cust_with_exprs(
            format!(
                "CASE WHEN {holds} THEN ? ELSE json_extract('{{}}', '{OUTSIDE}{table}.{column}: {range}') END"
            ),
            std::iter::repeat_n(expr, times),
        )
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
