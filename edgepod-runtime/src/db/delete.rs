//! DELETE.

use std::marker::PhantomData;

use super::{
    Connection, Predicate, Scope, Scoped, Table, Unscoped, Value,
    clause::{self, Clause},
    failure::of_referrers,
    predicate,
    returning::rows_deleted,
    row, touch,
    writer::Writer,
};
use crate::{Error, Result};

/// A DELETE from `T`, made by `ctx.db.delete::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "a delete does nothing until `.exec()` or `.returning()`"]
pub struct Delete<'db, T, S> {
    connection: &'db Connection,
    conditions: Vec<Clause>,
    /// Whether a filter restricts the rows, or it was said that every row is meant.
    restricted: bool,
    refused: Option<Error>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Delete<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        Self {
            connection,
            conditions: Vec::new(),
            restricted: false,
            refused: None,
            types: PhantomData,
        }
    }
}

impl<'db, T: Table, S> Delete<'db, T, S> {
    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Delete<'db, T, Scoped> {
        match predicate.clause {
            Ok(clause) => {
                self.restricted |= clause.constant() != Some(true);
                self.conditions.push(clause);
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
            conditions: self.conditions,
            restricted: self.restricted,
            refused: self.refused,
            types: PhantomData,
        }
    }

    /// The statement without what it returns.
    fn written(self) -> Result<Writer> {
        match self.refused {
            Some(error) => return Err(error),
            None if !self.restricted => return Err(predicate::restricts_nothing(T::NAME)),
            None => {}
        }
        let mut sql = Writer::new();
        sql.push("DELETE FROM ");
        sql.push_name(T::SCHEMA.name);
        clause::push_all(&mut sql, " WHERE ", &self.conditions);
        sql.touches(touch::of_rows(
            self.connection,
            T::SCHEMA,
            &self.conditions,
            &[],
        )?);
        Ok(sql)
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
        let sql = self.written()?;
        connection.run(&sql.finish()?).map_err(of_referrers::<T>)?;
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
        let mut sql = self.written()?;
        let rows = rows_deleted(connection, T::SCHEMA, &mut |list| {
            sql.push(" RETURNING ");
            sql.push(list);
            std::mem::replace(&mut sql, Writer::new()).finish()
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
