//! What a session says of itself.

use super::names::type_name;
use crate::{errors::Errors, parse::Presence};

/// Checks a presence; `None` where nothing can be written beside it.
pub(crate) fn presence(presence: &Presence, errors: &mut Errors) -> Option<()> {
    let item = &presence.item;
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a presence has no type parameters");
    }
    if let Some(key) = &presence.keys.key
        && !item
            .fields
            .iter()
            .any(|field| field.ident.as_ref() == Some(key))
    {
        errors.at(
            key,
            format!("`{}` has no field `{key}` to be asked for by", item.ident),
        );
    }
    type_name(&item.ident, errors)
}
