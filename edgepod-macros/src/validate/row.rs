//! The row of a select of columns.

use syn::Fields;

use super::names::type_name;
use crate::{errors::Errors, parse::Row};

/// Checks a row; `None` where nothing can be written beside it.
pub(crate) fn row(row: &Row, errors: &mut Errors) -> Option<()> {
    let item = &row.item;
    match &item.fields {
        Fields::Named(fields) if !item.generics.params.is_empty() || fields.named.is_empty() => {
            errors.at(
                &item.ident,
                "a row has a field for each column and no type parameters",
            );
        }
        Fields::Named(_) => {}
        _ => errors.at(
            &item.ident,
            "`#[edgepod::row]` goes on a struct with named fields: a tuple needs no struct",
        ),
    }
    type_name(&item.ident, errors)
}
