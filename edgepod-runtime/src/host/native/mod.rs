//! The embedded host: SQLite in this process, HTTP and WebSockets from tokio and axum. The same gateway, the same engine,
//! the same bytes on the wire as the Durable Object.

mod database;
mod main;
mod server;
mod sockets;

pub use database::Location;
pub use main::main;
pub use server::{Server, ServerError};
