//! `#[edgepod::data]`: the type, with what it lacks derived.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemEnum, LitStr, Token, parse_quote};

use crate::parse::{Data, missing_derives, skip_value};

pub(crate) fn data(mut data: Data) -> TokenStream {
    let derives = missing_derives(data.attrs());
    if let Item::Enum(item) = &mut data.item {
        escape_names(item);
    }
    let item = &data.item;
    quote!(#derives #item)
}

/// Gives variants whose names on the wire have quotes or backslashes a name in TypeScript in which they are escaped, which
/// ts-rs does not do.
fn escape_names(of: &mut ItemEnum) {
    for variant in &mut of.variants {
        let mut name: Option<LitStr> = None;
        for attr in variant
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("serde"))
        {
            // What this reader does not understand, serde speaks about.
            let _ = attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") && meta.input.peek(Token![=]) {
                    name = Some(meta.value()?.parse()?);
                } else {
                    skip_value(&meta)?;
                }
                Ok(())
            });
        }
        let Some(name) = name else { continue };
        let text = name.value();
        if text.contains(['"', '\\', '\n', '\r']) {
            let escaped = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
                .replace('\r', "\\r");
            variant.attrs.push(parse_quote!(#[ts(rename = #escaped)]));
        }
    }
}
