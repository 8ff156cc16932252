//! What a type derives, and what it lacks.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Path, Token, meta::ParseNestedMeta, punctuated::Punctuated};

/// The attributes that add what data needs and `attrs` does not have: derives, and where serde and ts-rs are found.
pub(crate) fn missing_derives(attrs: &[Attribute]) -> TokenStream {
    missing_derives_of(attrs, true)
}

/// The same, without `Deserialize` for what clients cannot send.
pub(crate) fn missing_derives_of(attrs: &[Attribute], sendable: bool) -> TokenStream {
    let derived = derived(attrs);
    let missing = [
        ("Clone", quote!(::core::clone::Clone)),
        ("Debug", quote!(::core::fmt::Debug)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
        ("Serialize", quote!(::edgepod::__private::serde::Serialize)),
        (
            "Deserialize",
            quote!(::edgepod::__private::serde::Deserialize),
        ),
        ("TS", quote!(::edgepod::__private::ts_rs::TS)),
    ]
    .into_iter()
    .filter(|(name, _)| sendable || *name != "Deserialize")
    .filter(|(name, _)| !derived.iter().any(|derived| derived == name))
    .map(|(_, path)| path);
    let serde = (!names_crate(attrs, "serde"))
        .then(|| quote!(#[serde(crate = "::edgepod::__private::serde")]));
    let ts =
        (!names_crate(attrs, "ts")).then(|| quote!(#[ts(crate = "::edgepod::__private::ts_rs")]));
    quote! {
        #[derive(#(#missing),*)]
        #serde
        #ts
    }
}

/// Whether a type derives `Debug` itself.
pub(crate) fn derives_debug(attrs: &[Attribute]) -> bool {
    derived(attrs).iter().any(|derived| derived == "Debug")
}

/// The last words of what is derived.
pub(crate) fn derived(attrs: &[Attribute]) -> Vec<String> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("derive"))
        .filter_map(|attr| {
            attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .filter_map(|path| {
            path.segments
                .last()
                .map(|segment| segment.ident.to_string())
        })
        .collect()
}

/// Reads over what follows a key that a reader does not know: `= value`, `(…)` or nothing.
pub(crate) fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inner;
        syn::parenthesized!(inner in meta.input);
        inner.parse::<TokenStream>()?;
    }
    Ok(())
}

fn names_crate(attrs: &[Attribute], attribute: &str) -> bool {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident(attribute))
        .any(|attr| {
            let mut found = false;
            // What this reader does not understand, serde or ts-rs themselves speak about.
            let _ = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident("crate");
                skip_value(&meta)?;
                Ok(())
            });
            found
        })
}
