//! SELECT.

use std::marker::PhantomData;

use sea_query::{Expr, Query, SelectStatement};

use super::{
    Connection, MAX_ROWS, OrderBy, Predicate, RowFormat, Table, Value,
    connection::JsonRows,
    encode, row,
    writer::{self, Sql},
};
use crate::{Error, Result};

/// A SELECT of rows of `T`, made by `ctx.db.select::<T>()`. Nothing runs before `all`, `first`, `one`, `count` or
/// `exists`.
#[must_use = "a select does nothing until `.all()`, `.first()`, `.one()`, `.count()` or `.exists()`"]
pub struct Select<'db, T> {
    connection: &'db Connection,
    statement: SelectStatement,
    limit: Option<u64>,
    refused: Option<Error>,
    table: PhantomData<fn() -> T>,
}

impl<'db, T: Table> Select<'db, T> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        let mut statement = Query::select();
        statement.from(T::SCHEMA.name);
        Self {
            connection,
            statement,
            limit: None,
            refused: None,
            table: PhantomData,
        }
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Self {
        match predicate.condition {
            Ok(condition) => {
                self.statement.cond_where(condition);
            }
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Sorts by a column; a second call sorts what the first leaves equal.
    pub fn order_by(mut self, order: OrderBy<T>) -> Self {
        self.statement
            .order_by((T::SCHEMA.name, order.column), order.order);
        self
    }

    /// At most this many rows. Never more than [`MAX_ROWS`]: a larger limit is lowered, with a warning.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out the first `rows` rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.statement.offset(rows);
        self
    }

    /// All rows, at most [`MAX_ROWS`] of them.
    ///
    /// # Errors
    /// A value that cannot be a parameter; what SQLite says.
    pub fn all(self) -> Result<Vec<T>> {
        let connection = self.connection;
        let limit = self.limit.unwrap_or(MAX_ROWS);
        if limit > MAX_ROWS {
            connection.warn(format!(
                "The limit of {limit} rows for `{}` was lowered to {MAX_ROWS}. Page with .limit() and .offset().",
                T::SCHEMA.name
            ));
        }
        let rows = self.rows(limit.min(MAX_ROWS))?;
        if rows.len() as u64 == MAX_ROWS {
            connection.warn(format!(
                "A select from `{}` returned exactly {MAX_ROWS} rows, the most that one may: there may be more. Page with \
                 .limit() and .offset().",
                T::SCHEMA.name
            ));
        }
        Ok(rows)
    }

    /// The first row, or `None` when there is none.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn first(self) -> Result<Option<T>> {
        let limit = self.limit.unwrap_or(1).min(1);
        Ok(self.rows(limit)?.into_iter().next())
    }

    /// The only row.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, `INTERNAL` when there are several; otherwise as [`all`](Self::all).
    pub fn one(self) -> Result<T> {
        let limit = self.limit.unwrap_or(2).min(2);
        let mut rows = self.rows(limit)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            (None, _) => Err(Error::not_found(format!(
                "There is no such row in `{}`.",
                T::SCHEMA.name
            ))),
            (Some(_), false) => Err(Error::internal(format!(
                "one() found several rows in `{}`",
                T::SCHEMA.name
            ))),
        }
    }

    /// How many rows there are, not held to [`MAX_ROWS`].
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn count(mut self) -> Result<u64> {
        if let Some(limit) = self.limit {
            self.statement.limit(limit);
        }
        self.statement.expr(Expr::cust("1"));
        let counted = self.scalar("SELECT count(*) FROM (", ")")?;
        u64::try_from(counted).map_err(|_| Error::internal("SQLite counted fewer than no rows"))
    }

    /// Whether there is any row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn exists(mut self) -> Result<bool> {
        self.statement.expr(Expr::cust("1")).limit(1);
        Ok(self.scalar("SELECT EXISTS (", ")")? != 0)
    }

    fn rows(mut self, limit: u64) -> Result<Vec<T>> {
        self.statement.limit(limit);
        let columns = T::SCHEMA.columns;
        for (i, column) in columns.iter().enumerate() {
            self.statement.expr_as(
                Expr::col((T::SCHEMA.name, column.name)),
                ALIASES[i].to_owned(),
            );
        }
        let mut sql = self.sql()?;
        let (rows, _) = match self.connection.format() {
            RowFormat::Values => self.connection.run(&sql)?,
            RowFormat::Json => {
                sql.text = encode::wrap_select(&sql.text, columns.iter().map(|c| c.sql_type));
                self.connection.run_json(&sql, JsonRows::Together)?
            }
        };
        row::decode(rows)
    }

    fn scalar(&self, before: &str, after: &str) -> Result<i64> {
        let mut sql = self.sql()?;
        sql.text = format!("{before}{}{after}", sql.text);
        let (rows, _) = self.connection.run(&sql)?;
        match rows.into_values().pop() {
            Some(Value::Integer(n)) => Ok(n),
            Some(Value::Real(x)) => Ok(x as i64),
            _ => Err(Error::internal("the statement returned no number")),
        }
    }

    fn sql(&self) -> Result<Sql> {
        match &self.refused {
            Some(error) => Err(error.clone()),
            None => writer::write(&self.statement),
        }
    }
}

/// The names of a result's columns by position; no statement may have more than 100.
#[rustfmt::skip]
const ALIASES: [&str; 100] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9",
    "c10", "c11", "c12", "c13", "c14", "c15", "c16", "c17", "c18", "c19",
    "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29",
    "c30", "c31", "c32", "c33", "c34", "c35", "c36", "c37", "c38", "c39",
    "c40", "c41", "c42", "c43", "c44", "c45", "c46", "c47", "c48", "c49",
    "c50", "c51", "c52", "c53", "c54", "c55", "c56", "c57", "c58", "c59",
    "c60", "c61", "c62", "c63", "c64", "c65", "c66", "c67", "c68", "c69",
    "c70", "c71", "c72", "c73", "c74", "c75", "c76", "c77", "c78", "c79",
    "c80", "c81", "c82", "c83", "c84", "c85", "c86", "c87", "c88", "c89",
    "c90", "c91", "c92", "c93", "c94", "c95", "c96", "c97", "c98", "c99",
];
