//! Statements that `edgepod::sql!` wrote: their text was checked when the app was compiled, and they run as every other.

use std::marker::PhantomData;

use super::{ColumnType, FromColumns, FromRow, ReadDb, Value, writer};
use crate::Result;
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
use crate::sqlite::SqlError;

mod bind;
mod write;

pub use bind::{AnyBytes, AnyInteger, AnyNumber, AnyText, Anything, Binds};
pub use write::{CheckedReturning, CheckedWrite};

/// A SELECT that `edgepod::sql!` has checked; its rows are `R`s. It goes to `ctx.db.query(…)`.
#[must_use = "a statement does nothing until `ctx.db.query(…)` runs it"]
pub struct CheckedSelect<R> {
    sql: Result<writer::Sql>,
    row: PhantomData<fn() -> R>,
}

/// A row of `edgepod::sql!`: a struct of its own with a field for each column.
pub trait CheckedRow: FromRow {
    /// The columns' types, in their order.
    type Columns;
}

impl<R> CheckedSelect<R> {
    /// A statement of these texts, with a parameter between two. Only for what `edgepod::sql!` generates: nothing checks the text.
    #[doc(hidden)]
    pub fn new(texts: &'static [&'static str], params: Vec<Result<Value>>) -> Self {
        Self {
            sql: write(texts, params),
            row: PhantomData,
        }
    }

    /// Makes a struct of each row: one with `#[edgepod::row]`, whose fields have the columns' types, in their order.
    pub fn into<T: FromColumns<R::Columns>>(self) -> CheckedSelect<T>
    where
        R: CheckedRow,
    {
        CheckedSelect {
            sql: self.sql,
            row: PhantomData,
        }
    }
}

/// The statement of some texts, with a parameter between two.
fn write(texts: &[&str], params: Vec<Result<Value>>) -> Result<writer::Sql> {
    let mut writer = writer::Writer::new();
    let mut params = params.into_iter();
    for text in texts {
        writer.push(text);
        if let Some(value) = params.next() {
            writer.push_value(value?);
        }
    }
    writer.finish()
}

/// A statement that reads rows of the type `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no statement that reads",
    label = "no SELECT",
    note = "pass an `edgepod::sql!(\"SELECT …\")`, or a sea_query `SelectStatement` by reference; what writes goes to \
            `ctx.db.execute(…)`"
)]
pub trait ReadStatement<T>: sealed::Reads<T> {}

impl<T, S: sealed::Reads<T>> ReadStatement<T> for S {}

pub(super) mod sealed {
    use super::*;

    pub trait Reads<T> {
        fn read(self, db: &ReadDb) -> Result<Vec<T>>;
    }
}

impl<R: FromRow> sealed::Reads<R> for CheckedSelect<R> {
    fn read(self, db: &ReadDb) -> Result<Vec<R>> {
        db.read(self.sql?)
    }
}

/// The table of the app whose name has this hash.
#[doc(hidden)]
pub enum TableName<const HASH: u64> {}

/// Implemented by `#[edgepod::table]`, once for each name: the compiler finds the struct by it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`edgepod::sql!` read a table in the sources that is not compiled here",
    note = "the struct is in another crate or left out by a `#[cfg]`: have it in this crate"
)]
pub trait NamesTable<T> {}

/// A column of a table's struct, by the hash of its name; its field is a `V`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`edgepod::sql!` read a column of `{Self}` in the sources that is not compiled here"
)]
pub trait HasColumn<const HASH: u64, V> {}

/// Whether a column is stored as `edgepod::sql!` read in the sources.
#[doc(hidden)]
pub const fn has_storage<V: ColumnType>(storage: crate::schema::SqlType, nullable: bool) -> bool {
    V::SQL_TYPE as u8 == storage as u8 && V::NULLABLE == nullable
}

/// A statement of the app: natively SQLite prepares all of them before the app is served or its migrations are checked.
#[doc(hidden)]
pub struct Statement {
    /// The text, with `?` for its parameters.
    pub text: &'static str,
    /// File and line.
    pub location: (&'static str, u32),
}

inventory::collect!(Statement);

/// A statement of `edgepod::sql!` that SQLite does not prepare.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedStatement {
    location: (&'static str, u32),
    text: &'static str,
    error: SqlError,
}

#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
impl std::fmt::Display for RefusedStatement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (file, line) = self.location;
        write!(
            f,
            "SQLite refuses the statement of `edgepod::sql!` at {file}:{line}: {}\n  {}",
            self.error.message, self.text
        )
    }
}

/// Lets SQLite prepare every statement of `edgepod::sql!` in this program, in a database that has the app's tables.
///
/// # Errors
/// Each statement that SQLite refuses, in the order of their places.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) fn check_statements(
    database: &dyn super::Database,
) -> Result<(), Vec<RefusedStatement>> {
    let refused = inventory::iter::<Statement>().filter_map(|statement| {
        let parameters = edgepod_sql::tokens(statement.text)
            .filter(|token| token.kind == edgepod_sql::TokenKind::Parameter)
            .count();
        let explain = format!("EXPLAIN {}", statement.text);
        let error = database
            .run(&explain, &vec![Value::Null; parameters])
            .err()?;
        Some(RefusedStatement {
            location: statement.location,
            text: statement.text,
            error,
        })
    });
    let mut refused: Vec<RefusedStatement> = refused.collect();
    refused.sort_by_key(|refused| (refused.location, refused.text));
    match refused.is_empty() {
        true => Ok(()),
        false => Err(refused),
    }
}

/// Whether the program has any statement of `edgepod::sql!`.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) fn has_statements() -> bool {
    inventory::iter::<Statement>().next().is_some()
}
