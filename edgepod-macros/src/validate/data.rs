//! What functions take and return.

use syn::Item;

use super::names::type_name;
use crate::{errors::Errors, parse::Data};

/// Checks a type that crosses between client and server; `None` where nothing can be written beside it.
pub(crate) fn data(data: &Data, errors: &mut Errors) -> Option<()> {
    match &data.item {
        Item::Struct(item) => type_name(&item.ident, errors),
        Item::Enum(item) => type_name(&item.ident, errors),
        _ => Some(()),
    }
}
