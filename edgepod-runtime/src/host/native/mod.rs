//! The embedded host: SQLite in this process, HTTP and WebSockets from tokio and hyper. The same gateway, the same engine,
//! the same bytes on the wire as the Durable Object.

mod admin;
mod authorizer;
mod body;
mod calls;
mod chunks;
mod connections;
mod control;
mod copier;
mod database;
mod durable;
mod fetch;
mod frames;
mod held;
mod http;
mod jobs;
mod kept_copies;
mod keys;
mod limits;
mod lock;
mod main;
mod math;
mod migrate;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
mod otel_spans;
mod page;
mod patience;
mod pod_file;
mod pod_status;
mod pods;
#[cfg(test)]
mod pods_tests;
mod ports;
mod server;
mod signature;
mod sockets;
mod stream;
pub mod testing;
mod traces;
mod watch;
mod websocket;

pub use admin::AdminKeyError;
pub use copier::KeepCopiesError;
pub use database::Location;
pub use durable::SynchronousError;
pub use limits::{LimitError, Limits};
pub use lock::LockError;
pub use main::main;
pub use server::{Server, ServerError};
pub use signature::is_right;
pub use traces::TracesError;

/// A database in memory, for the tests of rooms below the host.
#[cfg(test)]
pub(crate) fn memory_database() -> std::sync::Arc<dyn crate::sqlite::Database> {
    ports::memory_host()
}

/// The host of a database in memory.
#[cfg(test)]
pub(crate) fn memory_host() -> std::sync::Arc<dyn crate::engine::Host> {
    ports::memory_host()
}
