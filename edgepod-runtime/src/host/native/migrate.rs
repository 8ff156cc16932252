//! Migrations without a server.

use super::{Location, ServerError, ports::NativeHost};
use crate::{
    engine::{Host as _, StartError},
    migrations::{Migrations, Status, apply},
};

/// The migrations of this program, and what became of each in a database. Nothing is written, but the file is made where it
/// is missing.
///
/// # Errors
/// When the database cannot be opened, or has applied what this program does not have.
pub(super) fn migration_statuses(location: &Location) -> Result<Vec<Status>, ServerError> {
    let host = alone(location)?;
    Migrations::collect()
        .and_then(|migrations| migrations.statuses(&host))
        .map_err(|error| ServerError::App(StartError::Migration(error)))
}

/// Applies the migrations of this program, and does not compare the tables with the structs.
///
/// # Errors
/// As [`migration_statuses`], and when one fails.
pub(super) fn apply_migrations(location: &Location) -> Result<(), ServerError> {
    let host = alone(location)?;
    Migrations::collect()
        .and_then(|migrations| {
            let pending = migrations.pending(&host)?;
            pending
                .into_iter()
                .try_for_each(|it| apply(&host, it, host.now_micros()))
        })
        .map_err(|error| ServerError::App(StartError::Migration(error)))
}

/// Lets SQLite prepare every statement of `edgepod::sql!`, in a database of its own in memory.
///
/// # Errors
/// When it refuses one, or the tables cannot be made.
pub(super) fn check_statements() -> Result<(), ServerError> {
    let host = alone(&Location::Memory)?;
    crate::engine::check_statements(&host).map_err(ServerError::App)
}

fn alone(location: &Location) -> Result<NativeHost, ServerError> {
    NativeHost::alone(location).map_err(ServerError::Database)
}
