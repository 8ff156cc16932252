//! What functions take and return: a struct or an enum.

use proc_macro2::TokenStream;
use syn::{Attribute, Item};

use super::keys::data_keys;
use crate::errors::Errors;

/// A type that crosses between client and server.
pub(crate) struct Data {
    pub(crate) item: Item,
    /// Whether clients send it, and not only read it.
    pub(crate) sent: bool,
}

impl Data {
    /// Reads the attribute and the type; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let sent = !data_keys(attr, errors);
        let item = errors.ok(syn::parse2(item))?;
        if matches!(item, Item::Struct(_) | Item::Enum(_)) {
            return Some(Self { item, sent });
        }
        errors.at(
            item,
            "`#[edgepod::data]` goes on a struct or an enum: on what functions take and return",
        );
        None
    }

    pub(crate) fn attrs(&self) -> &[Attribute] {
        match &self.item {
            Item::Struct(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            _ => &[],
        }
    }
}
