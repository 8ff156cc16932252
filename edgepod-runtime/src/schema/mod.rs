//! What a table is: columns, keys, references, as the `#[edgepod::table]` attribute registers them, and the DDL that
//! creates them.

pub mod ddl;
mod live;
mod registry;
mod snapshot;
mod table;

pub(crate) use ddl::NOW;
pub use ddl::create_statements;
pub use live::{Mismatch, difference, mismatch};
#[doc(hidden)]
pub use registry::Registration;
pub use registry::{SchemaError, is_declared, table, tables};
pub use snapshot::{Column, ForeignKey, Index, Object, ObjectKind, Snapshot, Table, same_name};
pub use table::{
    ColumnSchema, Default, IndexSchema, Meaning, OnDelete, Reference, SqlType, TableSchema,
};
