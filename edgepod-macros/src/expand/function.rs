//! `#[edgepod::query]`, `#[edgepod::function]`, `#[edgepod::action]`: the function as it is, and its registration.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{FnArg, spanned::Spanned};

use super::{
    call::{call, callable},
    local,
};
use crate::parse::{Function, KindWords, Listed};

/// Of a function with mistakes, the function and its type; of a method, which may have no type beside it, itself.
pub(crate) fn function(function: &Function, fine: bool) -> TokenStream {
    let tokens = &function.tokens;
    let is_method = matches!(tokens.sig.inputs.first(), Some(FnArg::Receiver(_)));
    let call = (!is_method).then(|| call(function, fine));
    let registration = fine.then(|| registration(function));
    quote!(#tokens #call #registration)
}

fn registration(function: &Function) -> TokenStream {
    let Function {
        kind,
        keys,
        tokens,
        public_name,
        parameters,
        returns,
    } = function;
    let ident = &tokens.sig.ident;
    let rust_name = ident.to_string();
    let line = u32::try_from(ident.span().start().line).unwrap_or(0);
    let context = format_ident!("{}", kind.context());
    let variant = format_ident!("{kind:?}");
    let [ctx, args, given, types] = ["ctx", "args", "given", "types"].map(local);
    let cfgs = tokens.cfgs();
    let docs = tokens.docs();
    let internal = keys.internal;
    let runner = match function.may_be_a_job() {
        true => quote!(::core::option::Option::Some(&::edgepod::__private::RUNNER)),
        false => quote!(::core::option::Option::None),
    };
    let keep = keys.keep;
    let callable = callable(function, &quote!(__EDGEPOD_FUNCTION));
    let steps = steps(&keys.middleware, kind.context());
    let middleware = written(&keys.middleware);
    let awaited = tokens.sig.asyncness.map(|_| quote!(.await));

    // Constants of their own, so that a type that does not fit is one message, at the type.
    let constants: Vec<_> = (0..parameters.len())
        .map(|i| format_ident!("__EDGEPOD_PARAMETER_{i}"))
        .collect();
    let declarations = parameters
        .iter()
        .zip(&constants)
        .map(|(parameter, constant)| {
            let (name, ty) = (&parameter.name, &parameter.ty);
            quote_spanned! {ty.span()=>
                const #constant: ::edgepod::__private::Parameter<#ty> =
                    ::edgepod::__private::Parameter::<#ty>::new(#name);
            }
        });
    let returned = quote_spanned! {returns.span()=>
        const __EDGEPOD_RETURNED: ::edgepod::__private::Returned<#returns> =
            ::edgepod::__private::Returned::<#returns>::new();
    };
    let context_span = match tokens.sig.inputs.first() {
        Some(FnArg::Typed(typed)) => typed.ty.span(),
        _ => ident.span(),
    };
    let extract = quote_spanned! {context_span=>
        ::core::convert::identity::<&::edgepod::__private::#context>(#ctx)
    };
    let names = parameters.iter().map(|parameter| &parameter.name);
    let indices = 0..parameters.len();

    quote! {
        #(#cfgs)*
        // A tuple of joined tables is what it is.
        #[allow(clippy::type_complexity)]
        const _: () = {
            #(#declarations)*
            #returned

            static __EDGEPOD_FUNCTION: ::edgepod::__private::FunctionDef = ::edgepod::__private::FunctionDef {
                name: #public_name,
                rust_name: ::core::concat!(::core::module_path!(), "::", #rust_name),
                location: (::core::file!(), #line),
                internal: #internal,
                runner: #runner,
                work: ::edgepod::__private::Work::#variant(::edgepod::__private::Chain {
                    keep: #keep,
                    steps: &[#(#steps),*],
                    handler: |#ctx, #args| ::std::boxed::Box::pin(async move {
                        let #given = #args.given(&[#(#names),*])?;
                        __EDGEPOD_RETURNED.reply(
                            #ident(
                                #extract,
                                #(#constants.take(&#given, #indices)?),*
                            )
                            #awaited
                        )
                    }),
                }),
            };

            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::FunctionRegistration(&__EDGEPOD_FUNCTION)
            }

            #callable

            // A Worker carries no TypeScript.
            #[cfg(not(target_arch = "wasm32"))]
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::FunctionTypes {
                    name: #public_name,
                    docs: #docs,
                    middleware: &[#(#middleware),*],
                    describe: |#types| ::edgepod::__private::Signature {
                        args: ::std::vec![#(#constants.describe(#types)),*],
                        returns: __EDGEPOD_RETURNED.describe(#types),
                        error: __EDGEPOD_RETURNED.describe_error(#types),
                    },
                }
            }
        };
    }
}

/// The middleware as it is written, for tools.
pub(super) fn written(middleware: &[Listed]) -> impl Iterator<Item = String> {
    middleware.iter().map(|middleware| {
        let tokens = match middleware {
            Listed::Named(path) => path.to_token_stream(),
            Listed::Value(expr) => expr.to_token_stream(),
        };
        tokens.to_string().replace(" :: ", "::")
    })
}

/// The middleware as steps around a function that takes `context`: each is made once, at the first call.
pub(super) fn steps<'a>(
    middleware: &'a [Listed],
    context: &str,
) -> impl Iterator<Item = TokenStream> + use<'a> {
    let context = format_ident!("{context}");
    let [ctx, args, next] = ["ctx", "args", "next"].map(local);
    middleware.iter().map(move |middleware| {
        let (item, value, span) = match middleware {
            // An alias, because only there a function without the attribute is said to be no type.
            Listed::Named(path) => (
                Some(quote_spanned!(path.span()=> type __EdgepodMiddleware = #path;)),
                quote_spanned! {path.span()=>
                    <__EdgepodMiddleware as ::edgepod::__private::Named>::named()
                },
                path.span(),
            ),
            Listed::Value(expr) => (None, quote!(#expr), expr.span()),
        };
        let layer = quote_spanned! {span=>
            ::edgepod::__private::Layer::<::edgepod::__private::#context>::new(#value)
        };
        quote! {{
            #item
            static __EDGEPOD_LAYER: ::std::sync::LazyLock<
                ::edgepod::__private::Layer<::edgepod::__private::#context>,
            > = ::std::sync::LazyLock::new(|| #layer);
            |#ctx, #args, #next| {
                __EDGEPOD_LAYER.call(#ctx, #args, #next)
            }
        }}
    })
}
