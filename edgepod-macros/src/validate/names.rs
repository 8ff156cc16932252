//! Names of the user's types.

use syn::{Ident, ext::IdentExt};

use crate::errors::Errors;

/// What ts-rs writes without a path beside each type: another type of the name would be taken for it.
const RUSTS_OWN: [&str; 2] = ["Option", "String"];

/// Refuses a type whose name would be taken for Rust's own in what makes its TypeScript: nothing can be written beside it.
pub(super) fn type_name(ident: &Ident, errors: &mut Errors) -> Option<()> {
    let taken = RUSTS_OWN.iter().any(|name| ident.unraw() == name);
    if taken {
        errors.at(
            ident,
            format!(
                "a type of the name `{ident}` hides Rust's own where its TypeScript is made: give it another name, such as \
                 `Poll{ident}`; `#[ts(rename = \"{ident}\")]` keeps this one for clients"
            ),
        );
    }
    (!taken).then_some(())
}
