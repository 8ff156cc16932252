//! UPDATE.

use std::marker::PhantomData;

use sea_query::Expr;

use super::{
    Assigns, Column, ColumnType, Comparable, Connection, Operand, Predicate, Scope, Scoped, Table,
    Unscoped, Value,
    clause::{self, Clause},
    failure::of_references,
    predicate,
    returning::rows_written,
    row, touch,
    writer::Writer,
};
use crate::{Error, Result};

/// An UPDATE of `T`, made by `ctx.db.update::<T>()`. It compiles only with `.filter(…)` or `.without_where()`, and runs
/// at `exec` or `returning`.
#[must_use = "an update does nothing until `.exec()` or `.returning()`"]
pub struct Update<'db, T, S> {
    connection: &'db Connection,
    sets: Vec<(&'static str, Expr)>,
    /// The values among them; `None` for what SQLite computes.
    values: Vec<(&'static str, Option<Value>)>,
    conditions: Vec<Clause>,
    /// Whether a filter restricts the rows, or it was said that every row is meant.
    restricted: bool,
    refused: Option<Error>,
    types: PhantomData<fn() -> (T, S)>,
}

impl<'db, T: Table> Update<'db, T, Unscoped> {
    pub(super) fn new(connection: &'db Connection) -> Self {
        Self {
            connection,
            sets: Vec::new(),
            values: Vec::new(),
            conditions: Vec::new(),
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
                let known = match &value {
                    Operand::Value(value) => Some(value.clone()),
                    Operand::Term(_) => None,
                };
                self.values.push((column.name(), known));
                let value = value.assigned::<T, V>(column.name());
                self.sets.push((column.name(), value));
            }
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<T>) -> Update<'db, T, Scoped> {
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
    pub fn without_where(mut self) -> Update<'db, T, Scoped> {
        self.restricted = true;
        self.scoped()
    }

    fn scoped(self) -> Update<'db, T, Scoped> {
        Update {
            connection: self.connection,
            sets: self.sets,
            values: self.values,
            conditions: self.conditions,
            restricted: self.restricted,
            refused: self.refused,
            types: PhantomData,
        }
    }

    /// The statement without what it returns.
    fn written(self) -> Result<(Writer, &'db Connection)> {
        match self.refused {
            Some(error) => return Err(error),
            None if self.sets.is_empty() => {
                return Err(Error::internal(format!(
                    "an update of `{}` sets no column: add .set(column, value)",
                    T::SCHEMA.name
                )));
            }
            None if !self.restricted => return Err(predicate::restricts_nothing(T::NAME)),
            None => {}
        }
        let mut sql = Writer::new();
        sql.push("UPDATE ");
        sql.push_name(T::SCHEMA.name);
        for (i, (column, value)) in self.sets.iter().enumerate() {
            sql.push(if i == 0 { " SET " } else { ", " });
            sql.push_name(column);
            sql.push(" = ");
            sql.push_expr(value);
        }
        clause::push_all(&mut sql, " WHERE ", &self.conditions);
        sql.touches(touch::of_rows(
            self.connection,
            T::SCHEMA,
            &self.conditions,
            &self.values,
        )?);
        Ok((sql, self.connection))
    }

    /// Changes the rows; how many they were.
    ///
    /// # Errors
    /// `CONFLICT` for a violated constraint; an update that sets nothing.
    pub fn exec(self) -> Result<u64>
    where
        S: Scope,
    {
        let (sql, connection) = self.written()?;
        connection.run(&sql.finish()?).map_err(of_references::<T>)?;
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
        let (mut sql, connection) = self.written()?;
        let rows = rows_written(connection, T::SCHEMA, &mut |list| {
            sql.push(" RETURNING ");
            sql.push(list);
            std::mem::replace(&mut sql, Writer::new()).finish()
        })
        .map_err(of_references::<T>)?;
        row::decode(rows)
    }
}
