//! UPDATE.

use std::marker::PhantomData;

use super::{
    Assigns, Column, ColumnType, Comparable, Connection, Predicate, Scope, Scoped, Table, Unscoped,
    assignment::Assignment,
    changing::{Changing, assert_written},
    delete::rows_changed,
    failure::of_references,
    returning::rows_written,
    row,
    writer::Writer,
};
use crate::{Result, error::run_here, sqlite::Rows};

/// An UPDATE of `T`, made by `ctx.db.update::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "an update does nothing until `.exec()` or `.returning()`"]
pub struct Update<'db, T, S> {
    changing: Changing<'db>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Update<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        const { assert_written(T::SCHEMA) };
        Self {
            changing: Changing::new(connection, T::SCHEMA),
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
        let value = value.into_operand();
        self.changing
            .set(value.map(|value| Assignment::new::<V>(column.name(), value)));
        self
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Update<'db, T, Scoped> {
        self.changing.filter(predicate.clause);
        self.scoped()
    }

    /// Every row of the table, on purpose.
    pub fn without_where(mut self) -> Update<'db, T, Scoped> {
        self.changing.without_where();
        self.scoped()
    }

    fn scoped(self) -> Update<'db, T, Scoped> {
        Update {
            changing: self.changing,
            types: PhantomData,
        }
    }

    /// Changes the rows; how many they were.
    ///
    /// # Errors
    /// `CONFLICT` for a violated constraint; an update that sets nothing.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<u64>
    where
        S: Scope,
    {
        run_here(|| run(self.changing))
    }

    /// Changes the rows and returns them as they are now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn returning(self) -> Result<Vec<T>>
    where
        S: Scope,
    {
        run_here(|| row::decode(rows(self.changing)?))
    }
}

fn run(mut changing: Changing<'_>) -> Result<u64> {
    let sql = changing.update()?;
    let run = changing.connection.run(&sql.finish()?);
    run.map_err(|error| of_references(error, changing.table))?;
    rows_changed(changing.connection)
}

fn rows(mut changing: Changing<'_>) -> Result<Rows> {
    let mut sql = changing.update()?;
    rows_written(changing.connection, changing.table, &mut |list| {
        sql.push(" RETURNING ");
        sql.push(list);
        std::mem::replace(&mut sql, Writer::new()).finish()
    })
    .map_err(|error| of_references(error, changing.table))
}
