//! `#[edgepod::presence]`: the struct as data, and by what it is asked for.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::data;
use crate::parse::{Data, Presence};

/// Of a presence with mistakes, the struct.
pub(crate) fn presence(presence: Presence, fine: bool) -> TokenStream {
    let implementation = fine.then(|| implementation(&presence));
    let item = data(Data {
        item: presence.item.into(),
        sent: true,
    });
    quote!(#item #implementation)
}

fn implementation(presence: &Presence) -> Option<TokenStream> {
    let item = &presence.item;
    let ident = &item.ident;
    let key = presence.keys.key.as_ref()?;
    let field = item
        .fields
        .iter()
        .find(|field| field.ident.as_ref() == Some(key))?;
    let ty = &field.ty;
    let name = ident.to_string();
    let at_most = match presence.keys.at_most {
        Some(time) => {
            let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis)))
        }
        None => quote!(::core::option::Option::None),
    };
    let clone = quote_spanned! {ty.span()=>
        <#ty as ::core::clone::Clone>::clone(&self.#key)
    };
    Some(quote! {
        impl ::edgepod::__private::Presence for #ident {
            type Key = #ty;
            const NAME: &'static str =
                ::core::concat!(::core::module_path!(), "::", #name);
            const AT_MOST: ::core::option::Option<::core::time::Duration> = #at_most;

            fn key(&self) -> Self::Key {
                #clone
            }
        }

        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::PresenceRegistration(&::edgepod::__private::PRESENCES)
        }
    })
}
