//! DELETE.

use std::marker::PhantomData;

use sea_query::{DeleteStatement, Query};

use super::{
    Connection, Predicate, Scope, Scoped, Table, Unscoped, Value, failure::of_referrers,
    insert::returning, row, writer,
};
use crate::{Error, Result};

/// A DELETE from `T`, made by `ctx.db.delete::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "a delete does nothing until `.exec()` or `.returning()`"]
pub struct Delete<'db, T, S> {
    connection: &'db Connection,
    statement: DeleteStatement,
    refused: Option<Error>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Delete<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        let mut statement = Query::delete();
        statement.from_table(T::SCHEMA.name);
        Self {
            connection,
            statement,
            refused: None,
            types: PhantomData,
        }
    }
}

impl<'db, T: Table, S> Delete<'db, T, S> {
    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Delete<'db, T, Scoped> {
        match predicate.condition {
            Ok(condition) => {
                self.statement.cond_where(condition);
            }
            Err(error) => self.refused = Some(error),
        }
        self.without_where()
    }

    /// Every row of the table, on purpose.
    pub fn without_where(self) -> Delete<'db, T, Scoped> {
        Delete {
            connection: self.connection,
            statement: self.statement,
            refused: self.refused,
            types: PhantomData,
        }
    }

    /// Deletes the rows; how many they were, without those that go with them.
    ///
    /// # Errors
    /// `CONFLICT` where rows still reference them.
    pub fn exec(self) -> Result<u64>
    where
        S: Scope,
    {
        if let Some(error) = self.refused {
            return Err(error);
        }
        self.connection
            .run(&writer::write(&self.statement)?)
            .map_err(of_referrers::<T>)?;
        rows_changed(self.connection)
    }

    /// Deletes the rows and returns them as they were.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(mut self) -> Result<Vec<T>>
    where
        S: Scope,
    {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let rows = returning(self.connection, T::SCHEMA.columns, |returning| {
            self.statement.returning(returning);
            writer::write(&self.statement)
        })
        .map_err(of_referrers::<T>)?;
        row::decode(rows)
    }
}

/// How many rows the last statement changed itself.
pub(super) fn rows_changed(connection: &Connection) -> Result<u64> {
    let rows = connection.database().run("SELECT changes()", &[])?.rows;
    match rows.into_values().pop() {
        Some(Value::Integer(n)) => Ok(n.try_into().unwrap_or(0)),
        Some(Value::Real(x)) => Ok(x as u64),
        _ => Err(Error::internal("SQLite does not say how many rows changed")),
    }
}
