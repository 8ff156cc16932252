//! UPDATE.

use std::marker::PhantomData;

use sea_query::{Query, UpdateStatement};

use super::{
    Assigns, Column, ColumnType, Comparable, Connection, Predicate, Scope, Scoped, Table, Unscoped,
    failure::of_references, predicate, returning::rows_written, row, writer,
};
use crate::{Error, Result};

/// An UPDATE of `T`, made by `ctx.db.update::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "an update does nothing until `.exec()` or `.returning()`"]
pub struct Update<'db, T, S> {
    connection: &'db Connection,
    statement: UpdateStatement,
    sets: usize,
    /// Whether a filter restricts the rows, or it was said that every row is meant.
    restricted: bool,
    refused: Option<Error>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Update<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        let mut statement = Query::update();
        statement.table(T::SCHEMA.name);
        Self {
            connection,
            statement,
            sets: 0,
            restricted: false,
            refused: None,
            types: PhantomData,
        }
    }
}

impl<'db, T: Table, S> Update<'db, T, S> {
    /// Sets a column to a value, to another column, or to what SQLite computes: `.set(User::visits, User::visits + 1)`.
    pub fn set<V: ColumnType, J: Assigns>(
        mut self,
        column: Column<T, V>,
        value: impl Comparable<T, V, J>,
    ) -> Self {
        match value.into_operand() {
            Ok(value) => {
                self.statement
                    .value(column.name(), value.assigned::<T, V>(column.name()));
                self.sets += 1;
            }
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Update<'db, T, Scoped> {
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
    pub fn without_where(mut self) -> Update<'db, T, Scoped> {
        self.restricted = true;
        self.scoped()
    }

    fn scoped(self) -> Update<'db, T, Scoped> {
        Update {
            connection: self.connection,
            statement: self.statement,
            sets: self.sets,
            restricted: self.restricted,
            refused: self.refused,
            types: PhantomData,
        }
    }

    fn checked(self) -> Result<(UpdateStatement, &'db Connection)> {
        match self.refused {
            Some(error) => Err(error),
            None if self.sets == 0 => Err(Error::internal(format!(
                "an update of `{}` sets no column: add .set(column, value)",
                T::SCHEMA.name
            ))),
            None if !self.restricted => Err(predicate::restricts_nothing(T::NAME)),
            None => Ok((self.statement, self.connection)),
        }
    }

    /// Changes the rows; how many they were.
    ///
    /// # Errors
    /// `CONFLICT` for a violated constraint; an update that sets nothing.
    pub fn exec(self) -> Result<u64>
    where
        S: Scope,
    {
        let (statement, connection) = self.checked()?;
        connection
            .run(&writer::write(&statement)?)
            .map_err(of_references::<T>)?;
        super::delete::rows_changed(connection)
    }

    /// Changes the rows and returns them as they are now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<Vec<T>>
    where
        S: Scope,
    {
        let (mut statement, connection) = self.checked()?;
        let rows = rows_written(connection, T::SCHEMA, &mut |returning| {
            statement.returning(returning);
            writer::write(&statement)
        })
        .map_err(of_references::<T>)?;
        row::decode(rows)
    }
}
