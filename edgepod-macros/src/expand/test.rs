//! `#[edgepod::test]`: a test of Rust's own that runs the body with an app.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ReturnType, spanned::Spanned};

use crate::parse::Test;

pub(crate) fn test(test: &Test, fine: bool) -> TokenStream {
    let item = &test.item;
    if !fine {
        return quote!(#[allow(dead_code)] #item);
    }
    let (attrs, vis, ident) = (&item.attrs, &item.vis, &item.sig.ident);
    let statements = &item.block.stmts;
    let app = match test.app() {
        Some(app) => {
            let (pat, ty) = (&app.pat, &app.ty);
            // The type stands at its own place, so that another one is an error there.
            quote_spanned!(ty.span()=> #pat: #ty)
        }
        None => quote!(_: ::edgepod::__private::testing::TestApp),
    };
    let body = match &item.sig.output {
        ReturnType::Default => quote! {
            async move {
                { #(#statements)* };
                ::core::result::Result::Ok::<(), ::std::boxed::Box<dyn ::std::error::Error>>(())
            }
        },
        ReturnType::Type(_, ty) => quote_spanned! {ty.span()=>
            async move {
                let ended: #ty = async move { #(#statements)* }.await;
                ended
            }
        },
    };
    quote! {
        #(#attrs)*
        #[::core::prelude::v1::test]
        #[allow(unreachable_code)]
        #vis fn #ident() {
            ::edgepod::__private::testing::run(|#app| #body)
        }
    }
}
