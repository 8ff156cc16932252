//! The tracked database: typed statements over sea-query, the guards around them, and rows.
//!
//! Every statement takes one road ([`connection`]): text and parameters, the tracker's plan, the guards, the host.

mod column;
mod connection;
mod declaration;
mod delete;
mod encode;
mod expression;
mod failure;
mod guard;
mod insert;
mod limits;
mod list;
mod port;
mod predicate;
mod raw;
mod read_only;
mod row;
mod select;
mod statement;
mod table;
#[cfg(all(test, feature = "native"))]
mod tests;
mod types;
mod update;
mod value;
mod writer;

pub use column::{Column, Operand, OrderBy, Textual};
pub(crate) use connection::Access;
pub use connection::{Connection, Db, Observer, ReadDb};
#[doc(hidden)]
pub use declaration::{
    AutoIncrement, Default, Nullable, References, defaults, in_range, is_referable, reference,
};
pub use delete::Delete;
#[cfg(target_arch = "wasm32")]
pub(crate) use encode::parse_rows;
pub use expression::{Expression, Numeric};
pub use guard::{MAX_ROWS, Scope, Scoped, Unscoped};
pub use insert::{Insert, Many, One, Upsert};
pub use port::{Database, JsonOutput, Output, RowFormat, SqlError};
pub use predicate::{Comparable, Predicate};
pub use raw::RawDb;
pub use row::{FromRow, RowReader};
/// The query builder underneath, for statements that go to [`ReadDb::query`] and [`Db::execute`].
pub use sea_query;
pub use select::Select;
pub use statement::{MayLackWhere, WithoutWhere, WriteStatement, without_where};
pub use table::{Insertable, Table};
pub use types::{ColumnType, Timestamp};
pub use update::Update;
pub use value::{Rows, Value};
