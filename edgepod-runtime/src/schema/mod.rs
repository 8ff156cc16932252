//! What a table is: columns, keys, references, as the `#[edgepod::table]` attribute registers them, and the DDL that
//! creates them.

mod ddl;
mod live;
mod registry;
mod table;

pub use ddl::create_statements;
pub use live::{Mismatch, mismatch};
#[doc(hidden)]
pub use registry::Registration;
pub use registry::{SchemaError, tables};
pub use table::{ColumnSchema, Default, OnDelete, Reference, SqlType, TableSchema};
