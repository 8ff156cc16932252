use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Item, ItemEnum, LitStr, Token, parse_quote};

use crate::{
    errors::Errors,
    parse::{missing_derives, no_keys, skip_value},
};

/// What `#[edgepod::data]` becomes: the type, with what it lacks derived.
pub(crate) fn data(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    no_keys(&attr, "#[edgepod::data]", &mut errors);
    let mut item = item;
    let derives = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => Some(missing_derives(&item.attrs)),
        Ok(Item::Enum(mut of)) => {
            let derives = missing_derives(&of.attrs);
            if escape_names(&mut of) {
                item = of.into_token_stream();
            }
            Some(derives)
        }
        Ok(other) => {
            errors.at(
                other,
                "`#[edgepod::data]` goes on a struct or an enum: on what functions take and return",
            );
            None
        }
        Err(error) => {
            errors.add(error);
            None
        }
    };
    let messages = errors.to_compile_errors();
    quote! {
        #derives
        #item
        #messages
    }
}

/// Gives variants whose names on the wire have quotes or backslashes a name in TypeScript in which they are escaped, which
/// ts-rs does not do; whether there were any.
fn escape_names(of: &mut ItemEnum) -> bool {
    let mut any = false;
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
            any = true;
        }
    }
    any
}
