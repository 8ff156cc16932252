//! SELECT.

use std::marker::PhantomData;

use sea_query::{Condition, NullOrdering, Order};

use super::{
    Connection, MAX_ROWS, OrderBy, Predicate, RowFormat, Table, Value,
    connection::JsonRows,
    encode, row,
    writer::{Sql, Writer},
};
use crate::{Error, Result};

/// A SELECT of rows of `T`, made by `ctx.db.select::<T>()`. Nothing runs before `all`, `first`, `one`, `count` or
/// `exists`.
#[must_use = "a select does nothing until `.all()`, `.first()`, `.one()`, `.count()` or `.exists()`"]
pub struct Select<'db, T> {
    connection: &'db Connection,
    conditions: Vec<Condition>,
    order: Vec<OrderBy<T>>,
    limit: Option<u64>,
    offset: Option<u64>,
    refused: Option<Error>,
    table: PhantomData<fn() -> T>,
}

impl<'db, T: Table> Select<'db, T> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        Self {
            connection,
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: None,
            refused: None,
            table: PhantomData,
        }
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Self {
        match predicate.condition {
            Ok(condition) => self.conditions.push(condition),
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Sorts by a column; a second call sorts what the first leaves equal.
    pub fn order_by(mut self, order: OrderBy<T>) -> Self {
        self.order.push(order);
        self
    }

    /// At most this many rows. Never more than [`MAX_ROWS`]: a larger limit is lowered, with a warning.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Leaves out the first `rows` rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = Some(rows);
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
    pub fn count(self) -> Result<u64> {
        let counted = self.scalar("SELECT count(*) FROM (SELECT 1", self.limit, ")")?;
        u64::try_from(counted).map_err(|_| Error::internal("SQLite counted fewer than no rows"))
    }

    /// Whether there is any row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn exists(self) -> Result<bool> {
        Ok(self.scalar("SELECT EXISTS (SELECT 1", self.limit.or(Some(1)), ")")? != 0)
    }

    fn rows(self, limit: u64) -> Result<Vec<T>> {
        let columns = T::SCHEMA.columns;
        let names = || columns.iter().map(|column| column.name);
        let mut sql = Writer::new();
        let rows = match self.connection.format() {
            RowFormat::Values => {
                sql.push("SELECT ");
                sql.push_names(names());
                self.connection.run(&self.finish(sql, Some(limit))?)?.0
            }
            // A few rows are not worth a subquery.
            RowFormat::Json if limit <= 2 => {
                sql.push("SELECT ");
                encode::push_array(&mut sql, columns);
                let sql = self.finish(sql, Some(limit))?;
                self.connection.run_json(&sql, JsonRows::Each)?.0
            }
            RowFormat::Json => {
                sql.push("SELECT json_group_array(");
                encode::push_array(&mut sql, columns);
                sql.push(") FROM (SELECT ");
                sql.push_names(names());
                let mut sql = self.finish(sql, Some(limit))?;
                sql.text.push(')');
                self.connection.run_json(&sql, JsonRows::Together)?.0
            }
        };
        row::decode(rows)
    }

    fn scalar(&self, before: &str, limit: Option<u64>, after: &str) -> Result<i64> {
        let connection = self.connection;
        let mut sql = Writer::new();
        sql.push(before);
        let mut sql = self.finish(sql, limit)?;
        sql.text.push_str(after);
        let (rows, _) = connection.run(&sql)?;
        match rows.into_values().pop() {
            Some(Value::Integer(n)) => Ok(n),
            Some(Value::Real(x)) => Ok(x as i64),
            _ => Err(Error::internal("the statement returned no number")),
        }
    }

    /// Appends what follows the list of columns.
    fn finish(&self, mut sql: Writer, limit: Option<u64>) -> Result<Sql> {
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        sql.push(" FROM ");
        sql.push_name(T::NAME);
        for (i, condition) in self.conditions.iter().enumerate() {
            sql.push(if i == 0 { " WHERE " } else { " AND " });
            sql.push("(");
            sql.push_condition(condition);
            sql.push(")");
        }
        for (i, order) in self.order.iter().enumerate() {
            sql.push(if i == 0 { " ORDER BY " } else { ", " });
            sql.push_name(order.column);
            sql.push(match order.order {
                Order::Desc => " DESC",
                _ => " ASC",
            });
            match order.nulls {
                None => {}
                Some(NullOrdering::First) => sql.push(" NULLS FIRST"),
                Some(NullOrdering::Last) => sql.push(" NULLS LAST"),
            }
        }
        match (limit, self.offset) {
            (None, None) => {}
            // The usual limits are constants of the program: as text they keep to one statement and cost no parameter.
            (Some(limit @ (1 | 2 | MAX_ROWS)), None) => sql.push(&format!(" LIMIT {limit}")),
            (limit, offset) => {
                sql.push(" LIMIT ");
                sql.push_integer(limit.map_or(-1, saturate));
                if let Some(offset) = offset {
                    sql.push(" OFFSET ");
                    sql.push_integer(saturate(offset));
                }
            }
        }
        sql.finish()
    }
}

/// SQLite counts rows in 64 bits with a sign.
fn saturate(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
