use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::{
    errors::Errors,
    parse::{FunctionTokens, check_middleware, no_keys},
};

/// What `#[edgepod::middleware]` becomes: the function as it is, and a type of its name that implements the trait.
///
/// The type has braces, so that its name is a type's only: the function keeps its own, and one `use` imports both.
pub(crate) fn middleware(attr: TokenStream, item: TokenStream) -> TokenStream {
    const ATTRIBUTE: &str = "#[edgepod::middleware]";
    let mut errors = Errors::default();
    no_keys(&attr, ATTRIBUTE, &mut errors);
    let Some(tokens) = FunctionTokens::read(item.clone(), ATTRIBUTE, &mut errors) else {
        let messages = errors.to_compile_errors();
        return quote!(#item #messages);
    };
    let context = check_middleware(&tokens.sig, &mut errors);
    let messages = errors.to_compile_errors();
    let (ident, vis) = (&tokens.sig.ident, &tokens.vis);
    let cfgs: Vec<_> = tokens.cfgs().collect();
    // After a mistake the type is there all the same: functions that name it shall not complain, too.
    let (context, call) = match context {
        Some(context) => {
            let call = quote_spanned! {ident.span()=>
                #ident(ctx, args, next)
            };
            (quote!(#context), call)
        }
        None => (
            quote!(::edgepod::__private::QueryCtx),
            quote!({
                let _ = (ctx, args, next);
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
        impl ::edgepod::__private::Middleware for #ident {
            type Ctx = #context;

            fn call(
                &self,
                ctx: &Self::Ctx,
                args: &::edgepod::__private::Args,
                next: ::edgepod::__private::Next<'_>,
            ) -> impl ::core::future::Future<Output = ::edgepod::__private::Result<::edgepod::__private::Reply>> {
                #call
            }
        }

        #messages
    }
}
