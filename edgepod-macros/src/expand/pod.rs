//! Which pod a request is for: the registration of the rule.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::parse::{Pod, ReadyMade};

/// What `#[edgepod::pod]` becomes: the function as it is, and its registration unless it has mistakes.
pub(crate) fn pod(pod: &Pod, fine: bool) -> TokenStream {
    let tokens = &pod.tokens;
    let ident = &tokens.sig.ident;
    let rule = quote_spanned!(ident.span()=> #ident);
    let registration = fine.then(|| registration(&rule));
    quote!(#tokens #registration)
}

/// The registration of `app!(pod = …)`.
pub(super) fn ready_made(rule: &ReadyMade) -> TokenStream {
    let ReadyMade { name, argument } = rule;
    let argument = match (argument, name == "by_host") {
        (Some(text), true) => quote!(, ::core::option::Option::Some(#text)),
        (None, true) => quote!(, ::core::option::Option::None),
        (Some(text), false) => quote!(, #text),
        (None, false) => TokenStream::new(),
    };
    registration(&quote!(|request| ::edgepod::__private::pod::#name(request #argument)))
}

fn registration(rule: &TokenStream) -> TokenStream {
    quote! {
        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::PodDef {
                rule: #rule,
                location: (::core::file!(), ::core::line!()),
            }
        }
    }
}
