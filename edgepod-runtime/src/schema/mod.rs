//! What a table is: columns, keys, references, as the `#[edgepod::table]` attribute registers them, and the DDL that
//! creates them.

mod ddl;
#[cfg(not(target_arch = "wasm32"))]
mod diff;
mod live;
mod registry;
mod snapshot;
mod table;

pub(crate) use ddl::NOW;
pub use ddl::create_statements;
#[cfg(not(target_arch = "wasm32"))]
pub use diff::{Change, ChangeError, diff};
pub use live::{Mismatch, difference, mismatch};
#[doc(hidden)]
pub use registry::Registration;
pub use registry::{SchemaError, is_declared, tables};
pub use snapshot::{Column, ForeignKey, Index, Object, ObjectKind, Snapshot, Table};
pub use table::{
    ColumnSchema, Default, IndexSchema, Meaning, OnDelete, Reference, SqlType, TableSchema,
};
