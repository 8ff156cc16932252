//! INSERT.

use std::marker::PhantomData;

use sea_query::{InsertStatement, Query, Returning};

use super::{
    Connection, Insertable, RowFormat, Rows, Table,
    connection::JsonRows,
    encode,
    failure::of_references,
    row,
    writer::{self, Writer},
};
use crate::{Error, Result};

/// An INSERT into `T`, made by `ctx.db.insert(row)`. Nothing runs before `exec` or `returning`.
#[must_use = "an insert does nothing until `.exec()` or `.returning()`"]
pub struct Insert<'db, T> {
    connection: &'db Connection,
    statement: Result<InsertStatement>,
    table: PhantomData<fn() -> T>,
}

impl<'db, T: Table> Insert<'db, T> {
    pub(super) fn new<I: Insertable<Table = T>>(connection: &'db Connection, row: I) -> Self {
        let statement = row.into_values().map(|values| {
            let mut statement = Query::insert();
            statement.into_table(T::SCHEMA.name);
            if values.is_empty() {
                statement.or_default_values();
            } else {
                statement
                    .columns(I::COLUMNS.iter().copied())
                    .values_panic(values.into_iter().map(writer::operand));
            }
            statement
        });
        Self {
            connection,
            statement,
            table: PhantomData,
        }
    }

    /// Inserts the row.
    ///
    /// # Errors
    /// `CONFLICT` for a unique value that is taken and a reference to nothing; a value that SQLite cannot hold.
    pub fn exec(self) -> Result<()> {
        let sql = writer::write(&self.statement?)?;
        self.connection.run(&sql).map_err(of_references::<T>)?;
        Ok(())
    }

    /// Inserts the row and returns it with what the database filled in.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<T> {
        let mut statement = self.statement?;
        let rows = returning(self.connection, T::SCHEMA.columns, |returning| {
            statement.returning(returning);
            writer::write(&statement)
        })
        .map_err(of_references::<T>)?;
        row::decode(rows)?
            .pop()
            .ok_or_else(|| Error::internal("the insert returned no row"))
    }
}

/// Runs a writing statement that returns whole rows.
pub(super) fn returning(
    connection: &Connection,
    columns: &[crate::schema::ColumnSchema],
    write: impl FnOnce(sea_query::ReturningClause) -> Result<writer::Sql>,
) -> Result<Rows> {
    let (rows, _) = match connection.format() {
        RowFormat::Values => {
            let sql = write(Returning::new().columns(columns.iter().map(|c| c.name)))?;
            connection.run(&sql)?
        }
        RowFormat::Json => {
            let mut array = Writer::new();
            encode::push_array(&mut array, columns);
            let array = sea_query::Expr::cust(array.finish()?.text);
            let sql = write(Returning::new().expr(array))?;
            connection.run_json(&sql, JsonRows::Each)?
        }
    };
    Ok(rows)
}
