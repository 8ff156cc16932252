//! The embedded host: SQLite in this process, HTTP and WebSockets from tokio and axum. The same gateway, the same engine,
//! the same bytes on the wire as the Durable Object.

mod database;
mod keys;
mod main;
mod server;
mod signature;
mod sockets;

pub use database::Location;
pub use main::main;
pub use server::{Server, ServerError};
pub use signature::is_right;

/// A database in memory, for the tests of rooms below the host.
#[cfg(test)]
pub(crate) fn memory_database() -> std::sync::Arc<dyn crate::sqlite::Database> {
    server::memory_host()
}

/// The host of a database in memory.
#[cfg(test)]
pub(crate) fn memory_host() -> std::sync::Arc<dyn crate::engine::Host> {
    server::memory_host()
}
