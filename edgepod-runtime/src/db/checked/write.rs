//! INSERT, UPDATE and DELETE of `edgepod::sql!`.

use std::marker::PhantomData;

use super::{CheckedRow, write};
use crate::{
    Result,
    db::{
        Connection, FromColumns, FromRow, RowFormat, Value, failure, row,
        statement::{run_write, sealed, too_many},
        touch_text,
    },
};

/// An INSERT, UPDATE or DELETE that `edgepod::sql!` has checked. It goes to `ctx.db.execute(…)`, which says how many rows it
/// changed.
#[must_use = "a statement does nothing until `ctx.db.execute(…)` runs it"]
pub struct CheckedWrite {
    texts: &'static [&'static str],
    params: Vec<Result<Value>>,
    inserts: bool,
}

impl CheckedWrite {
    /// Only for what `edgepod::sql!` generates: nothing checks the text.
    #[doc(hidden)]
    pub fn new(texts: &'static [&'static str], params: Vec<Result<Value>>, inserts: bool) -> Self {
        Self {
            texts,
            params,
            inserts,
        }
    }

    /// With the rows that it wrote.
    #[doc(hidden)]
    pub fn returning<R>(self, columns: &'static [&'static str]) -> CheckedReturning<R> {
        CheckedReturning {
            write: self,
            columns,
            row: PhantomData,
        }
    }
}

impl sealed::Statement for CheckedWrite {
    type Output = u64;

    fn execute(self, connection: &Connection) -> Result<u64> {
        let sql = write(self.texts, self.params)?;
        run_write(connection, sql, true, |rows| match self.inserts {
            true => too_many(rows),
            false => Ok(()),
        })
    }
}

/// A [`CheckedWrite`] with a RETURNING: `ctx.db.execute(…)` gives the rows, which are `R`s.
#[must_use = "a statement does nothing until `ctx.db.execute(…)` runs it"]
pub struct CheckedReturning<R> {
    write: CheckedWrite,
    columns: &'static [&'static str],
    row: PhantomData<fn() -> R>,
}

impl<R: CheckedRow> CheckedReturning<R> {
    /// Makes a struct of each row: one with `#[edgepod::row]`, whose fields have the columns' types, in their order.
    pub fn into<T: FromColumns<R::Columns>>(self) -> CheckedReturning<T> {
        CheckedReturning {
            write: self.write,
            columns: self.columns,
            row: PhantomData,
        }
    }
}

impl<R: FromRow> sealed::Statement for CheckedReturning<R> {
    type Output = Vec<R>;

    fn execute(self, connection: &Connection) -> Result<Vec<R>> {
        let mut sql = write(self.write.texts, self.write.params)?;
        sql.touch = touch_text::of_rows(connection, &sql)?;
        let json = connection.format() == RowFormat::Json;
        sql.text.push_str(" RETURNING ");
        sql.text.push_str(&list(self.columns, json));
        let ran = match json {
            false => connection.run(&sql),
            true => connection.run_json(&sql),
        };
        let (rows, _) =
            ran.map_err(|error| failure::of_tables(error, || connection.written_by(&sql), true))?;
        row::decode(rows)
    }
}

/// What RETURNING lists: the columns, or the JSON array of them.
fn list(columns: &[&str], json: bool) -> String {
    if !json {
        return columns.join(", ");
    }
    let columns = columns
        .iter()
        .map(|sql| format!("iif(typeof({sql}) = 'blob', json_array(hex({sql})), {sql})"));
    format!("json_array({})", columns.collect::<Vec<_>>().join(", "))
}
