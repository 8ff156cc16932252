//! The row of a select of columns: a struct with a field for each.

use proc_macro2::TokenStream;
use syn::ItemStruct;

use super::no_keys;
use crate::errors::Errors;

/// A struct that columns become.
pub(crate) struct Row {
    pub(crate) item: ItemStruct,
}

impl Row {
    /// Reads the attribute and the struct; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        no_keys(&attr, "#[edgepod::row]", errors);
        let item = syn::parse2(item).map_err(|error| {
            syn::Error::new(
                error.span(),
                "`#[edgepod::row]` goes on a struct with a field for each column",
            )
        });
        errors.ok(item).map(|item| Self { item })
    }
}
