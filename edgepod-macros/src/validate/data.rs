//! What functions take and return.

use syn::{Fields, Item, Type};

use super::names::type_name;
use crate::{
    errors::Errors,
    parse::{Data, Serde, says},
};

/// Checks a type that crosses between client and server; `None` where nothing can be written beside it.
pub(crate) fn data(data: &Data, errors: &mut Errors) -> Option<()> {
    match &data.item {
        Item::Struct(item) => {
            flattened(&item.fields, errors);
            type_name(&item.ident, errors)
        }
        Item::Enum(item) => {
            for variant in &item.variants {
                flattened(&variant.fields, errors);
            }
            type_name(&item.ident, errors)
        }
        _ => Some(()),
    }
}

/// ts-rs has no type for fields that are there together or not at all.
fn flattened(fields: &Fields, errors: &mut Errors) {
    for field in fields {
        let is_option = matches!(&field.ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
        if is_option && Serde::of(&field.attrs).flattened && !says(&field.attrs, "skip") {
            errors.at(
                &field.ty,
                "an `Option` that is flattened has no type in TypeScript that says what its JSON is: flatten a struct whose \
                 fields are `Option`s, or leave `flatten` out",
            );
        }
    }
}
