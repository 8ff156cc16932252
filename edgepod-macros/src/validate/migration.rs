//! A migration in Rust.

use crate::{errors::Errors, parse::Migration};

/// Checks a migration.
pub(crate) fn migration(migration: &Migration, errors: &mut Errors) {
    if let Some(asyncness) = migration.tokens.sig.asyncness {
        errors.at(
            asyncness,
            "a migration is one transaction and awaits nothing: remove `async`",
        );
    }
}
