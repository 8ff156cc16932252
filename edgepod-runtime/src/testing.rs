//! What unit tests of every room stand on: a real SQLite in memory.
//!
//! The one place that ties tests to a host, so that the rooms below it name none.

use std::sync::Arc;

use crate::{engine::Host, host::native, sqlite::Database};

/// An empty database in memory.
pub(crate) fn memory_database() -> Arc<dyn Database> {
    native::memory_database()
}

/// A host with an empty database in memory, and no sockets.
pub(crate) fn memory_host() -> Arc<dyn Host> {
    native::memory_host()
}
