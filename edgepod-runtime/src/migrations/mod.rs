//! Migrations: applied when the engine starts, each once, in order, each in a transaction with its row in the journal.
//!
//! They are embedded in the build by `edgepod::app!()`, from the folder `migrations` of the crate. The journal is the table
//! `_edgepod_migrations`; names that begin with `_edgepod_` are tracked by nobody and announced to nobody.

mod apply;
mod error;
mod journal;
mod migration;
#[cfg(all(test, feature = "native"))]
mod tests;

pub use apply::{Migrations, apply};
pub use edgepod_manifest::{MigrationState as State, MigrationStatus as Status};
pub use error::MigrationError;
pub use migration::{Migration, MigrationDb, Step};
