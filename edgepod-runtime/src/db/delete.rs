//! DELETE.

use std::marker::PhantomData;

use sea_query::{DeleteStatement, Query};

use super::{
    Connection, Predicate, Scope, Scoped, Table, Unscoped, Value, failure::of_referrers, predicate,
    returning::rows_deleted, row, writer,
};
use crate::{Error, Result};

/// A DELETE from `T`, made by `ctx.db.delete::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "a delete does nothing until `.exec()` or `.returning()`"]
pub struct Delete<'db, T, S> {
    connection: &'db Connection,
    statement: DeleteStatement,
    /// Whether a filter restricts the rows, or it was said that every row is meant.
    restricted: bool,
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
            restricted: false,
            refused: None,
            types: PhantomData,
        }
    }
}

impl<'db, T: Table, S> Delete<'db, T, S> {
    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Delete<'db, T, Scoped> {
        self.restricted |= !predicate.bare.every_row;
        match predicate.bare.condition {
            Ok(condition) => {
                self.statement.cond_where(condition.into_condition());
            }
            Err(error) => self.refused = Some(error),
        }
        self.scoped()
    }

    /// Every row of the table, on purpose.
    pub fn without_where(mut self) -> Delete<'db, T, Scoped> {
        self.restricted = true;
        self.scoped()
    }

    fn scoped(self) -> Delete<'db, T, Scoped> {
        Delete {
            connection: self.connection,
            statement: self.statement,
            restricted: self.restricted,
            refused: self.refused,
            types: PhantomData,
        }
    }

    fn checked(self) -> Result<DeleteStatement> {
        match self.refused {
            Some(error) => Err(error),
            None if !self.restricted => Err(predicate::restricts_nothing(T::NAME)),
            None => Ok(self.statement),
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
        let connection = self.connection;
        let statement = self.checked()?;
        connection
            .run(&writer::write(&statement)?)
            .map_err(of_referrers::<T>)?;
        rows_changed(connection)
    }

    /// Deletes the rows and returns them as they were.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<Vec<T>>
    where
        S: Scope,
    {
        let connection = self.connection;
        let mut statement = self.checked()?;
        let rows = rows_deleted(connection, T::SCHEMA, &mut |returning| {
            statement.returning(returning);
            writer::write(&statement)
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
