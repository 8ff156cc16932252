//! `#[edgepod::middleware]`: the function as it is, and a type of its name that implements the trait.
//!
//! The type has braces, so that its name is a type's only: the function keeps its own, and one `use` imports both.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::local;
use crate::parse::Middleware;

/// Of middleware with mistakes, the function and a type that is never run: functions that name it shall not complain, too.
pub(crate) fn middleware(middleware: &Middleware, fine: bool) -> TokenStream {
    let tokens = &middleware.tokens;
    let [ctx, args, next] = ["ctx", "args", "next"].map(local);
    let (ident, vis) = (&tokens.sig.ident, &tokens.vis);
    let cfgs: Vec<_> = tokens.cfgs().collect();
    let (context, call) = match &middleware.context {
        Some(context) if fine => {
            let call = quote_spanned! {ident.span()=>
                #ident(#ctx, #args, #next)
            };
            (quote!(#context), call)
        }
        _ => (
            quote!(::edgepod::__private::QueryCtx),
            quote!({
                let _ = (#ctx, #args, #next);
                ::core::future::pending()
            }),
        ),
    };
    quote! {
        #tokens

        #(#cfgs)*
        #[allow(non_camel_case_types)]
        #[doc(hidden)]
        #vis struct #ident {}

        #(#cfgs)*
        impl ::edgepod::__private::Named for #ident {
            fn named() -> Self {
                Self {}
            }
        }

        #(#cfgs)*
        impl ::edgepod::__private::Middleware for #ident {
            type Ctx = #context;

            fn call(
                &self,
                #ctx: &Self::Ctx,
                #args: &::edgepod::__private::Args,
                #next: ::edgepod::__private::Next<'_>,
            ) -> impl ::core::future::Future<Output = ::edgepod::__private::Result<::edgepod::__private::Reply>> {
                #call
            }
        }
    }
}
