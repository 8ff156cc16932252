//! `#[edgepod::data]`: the type, with what it lacks derived.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Field, Generics, Item, spanned::Spanned};

use super::shape::tell_typescript;
use crate::parse::{Data, missing_derives_of};

pub(crate) fn data(mut data: Data) -> TokenStream {
    let derives = missing_derives_of(data.attrs(), data.sent);
    let checks = data.sent.then(|| checks(&data));
    tell_typescript(&mut data.item);
    let item = &data.item;
    quote!(#derives #item #checks)
}

/// That clients can send each field: without it, what the compiler says of one that they cannot is serde's.
fn checks(data: &Data) -> TokenStream {
    let (generics, fields): (&Generics, Vec<&Field>) = match &data.item {
        Item::Struct(item) => (&item.generics, item.fields.iter().collect()),
        Item::Enum(item) => {
            let fields = item.variants.iter().flat_map(|variant| &variant.fields);
            (&item.generics, fields.collect())
        }
        _ => return TokenStream::new(),
    };
    // What serde is told of a type or a field may mean that it is sent otherwise.
    if !generics.params.is_empty() || !says_nothing(data.attrs()) {
        return TokenStream::new();
    }
    let checks = fields
        .into_iter()
        .filter(|field| says_nothing(&field.attrs) && !names_self(field.ty.to_token_stream()))
        .map(|field| {
            let ty = &field.ty;
            quote_spanned! {ty.span()=>
                const _: () = {
                    const fn check<T: ::edgepod::__private::Sendable>() {}
                    check::<#ty>()
                };
            }
        });
    quote!(#(#checks)*)
}

/// Whether there is nothing but documentation, and what changes no field.
fn says_nothing(attrs: &[Attribute]) -> bool {
    attrs.iter().all(|attr| {
        ["doc", "derive", "ts", "allow"]
            .iter()
            .any(|name| attr.path().is_ident(name))
    })
}

/// Whether a type is made of the one that it is in, by the name that means it there alone.
fn names_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => names_self(group.stream()),
        _ => false,
    })
}
