//! The engine of EdgePod. Users depend on the `edgepod` facade, which re-exports what is theirs.
//!
//! Its rooms, and the arrows between them, are in `docs/architecture.md`, which is drawn from the sources. Nothing below [`host`] names a platform, a database library or a clock: what it needs of them are the
//! ports [`sqlite::Database`], [`sqlite::Transactions`] and [`engine::Host`].

pub mod auth;
pub mod db;
pub mod engine;
mod error;
pub mod gateway;
pub mod host;
mod integers;
#[cfg(target_arch = "wasm32")]
mod linked;
#[cfg(not(target_arch = "wasm32"))]
pub mod manifest;
pub mod migrations;
#[cfg(feature = "planted")]
pub mod planted;
#[cfg(not(feature = "planted"))]
mod planted;
pub mod schema;
pub mod sqlite;
mod strict;
#[cfg(all(test, feature = "native"))]
mod testing;
mod thin;
pub mod tracking;
mod types;

pub use error::{Code, Error, Result};

/// What the code that the attributes generate names. Not an interface: it changes without notice.
#[doc(hidden)]
pub mod __private;
