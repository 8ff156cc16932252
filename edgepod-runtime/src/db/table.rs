//! What the `#[edgepod::table]` attribute implements.

use super::{FromRow, Value};
use crate::schema::TableSchema;

/// A struct that describes a table. Implemented by `#[edgepod::table]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "this struct does not describe a table",
    note = "put `#[edgepod::table(name = \"…\")]` on the struct"
)]
pub trait Table: FromRow + 'static {
    /// The table's name in the database. It stands beside the description because foreign keys need it: two tables may
    /// reference each other, or one itself.
    const NAME: &'static str;

    /// The table's description. Its columns are in the order in which rows are decoded.
    const SCHEMA: &'static TableSchema;
}

/// A value that can be inserted into a table: the `New…` struct that `#[edgepod::table]` makes, or a whole row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be inserted",
    note = "insert the `New…` struct that `#[edgepod::table]` makes beside the table's struct, or a whole row"
)]
pub trait Insertable {
    /// The table that it goes into.
    type Table: Table;

    /// The columns that it fills, in the order of [`into_values`](Insertable::into_values).
    const COLUMNS: &'static [&'static str];

    /// The values of those columns.
    ///
    /// # Errors
    /// A value that SQLite cannot hold, such as NaN.
    fn into_values(self) -> crate::Result<Vec<Value>>;
}
