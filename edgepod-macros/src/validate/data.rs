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
            fields(&item.fields, errors);
            type_name(&item.ident, errors)
        }
        Item::Enum(item) => {
            for variant in &item.variants {
                fields(&variant.fields, errors);
            }
            type_name(&item.ident, errors)
        }
        _ => Some(()),
    }
}

/// What has no type in TypeScript: fields that are there together or not at all, and what a function of the app's writes.
fn fields(fields: &Fields, errors: &mut Errors) {
    for field in fields {
        let serde = Serde::of(&field.attrs);
        let is_option = matches!(&field.ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
        if is_option && serde.flattened && !says(&field.attrs, "skip") {
            errors.at(
                &field.ty,
                "an `Option` that is flattened has no type in TypeScript that says what its JSON is: flatten a struct whose \
                 fields are `Option`s, or leave `flatten` out",
            );
        }
        if serde.by_function
            && !["as", "type", "skip"]
                .iter()
                .any(|word| says(&field.attrs, word))
        {
            errors.at(
                &field.ty,
                "what `serialize_with` writes is not known to TypeScript: say it with `#[ts(type = \"string\")]`, or with the \
                 Rust type whose JSON it is, `#[ts(as = \"String\")]`",
            );
        }
    }
}
