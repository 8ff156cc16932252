//! What a session says of itself while it has a socket.

use proc_macro2::TokenStream;
use syn::ItemStruct;

use super::PresenceKeys;
use crate::errors::Errors;

/// A struct that is a presence.
pub(crate) struct Presence {
    pub(crate) keys: PresenceKeys,
    pub(crate) item: ItemStruct,
}

impl Presence {
    /// Reads the attribute and the struct; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let keys = PresenceKeys::parse(attr, errors);
        let item = syn::parse2(item).map_err(|error| {
            syn::Error::new(
                error.span(),
                "`#[edgepod::presence]` goes on a struct, such as `struct Typing { room_id: i64, name: String }`",
            )
        });
        errors.ok(item).map(|item| Self { keys, item })
    }
}
