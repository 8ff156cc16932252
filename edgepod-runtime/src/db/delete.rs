//! DELETE.

use std::marker::PhantomData;

use super::{
    Connection, Predicate, Scope, Scoped, Table, Unscoped, Value,
    changing::{Changing, assert_written},
    failure::of_referrers,
    returning::rows_deleted,
    row,
    writer::Writer,
};
use crate::{Error, Result, error::run_here, sqlite::Rows};

/// A DELETE from `T`, made by `ctx.db.delete::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "a delete does nothing until `.exec()` or `.returning()`"]
pub struct Delete<'db, T, S> {
    changing: Changing<'db>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Delete<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        const { assert_written(T::SCHEMA) };
        Self {
            changing: Changing::new(connection, T::SCHEMA),
            types: PhantomData,
        }
    }
}

impl<'db, T: Table, S> Delete<'db, T, S> {
    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Delete<'db, T, Scoped> {
        self.changing.filter(predicate.clause);
        self.scoped()
    }

    /// Every row of the table, on purpose.
    pub fn without_where(mut self) -> Delete<'db, T, Scoped> {
        self.changing.without_where();
        self.scoped()
    }

    fn scoped(self) -> Delete<'db, T, Scoped> {
        Delete {
            changing: self.changing,
            types: PhantomData,
        }
    }

    /// Deletes the rows; how many they were, without those that go with them.
    ///
    /// # Errors
    /// `CONFLICT` where rows still reference them.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<u64>
    where
        S: Scope,
    {
        run_here(|| run(self.changing))
    }

    /// Deletes the rows and returns them as they were.
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
    let sql = changing.delete()?;
    let run = changing.connection.run(&sql.finish()?);
    run.map_err(|error| of_referrers(error, changing.table))?;
    rows_changed(changing.connection)
}

fn rows(mut changing: Changing<'_>) -> Result<Rows> {
    let mut sql = changing.delete()?;
    rows_deleted(changing.connection, changing.table, &mut |list| {
        sql.push(" RETURNING ");
        sql.push(list);
        std::mem::replace(&mut sql, Writer::new()).finish()
    })
    .map_err(|error| of_referrers(error, changing.table))
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
