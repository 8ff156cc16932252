use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::{
    errors::Errors,
    parse::{Function, FunctionKeys, FunctionTokens, Kind, Middleware},
};

/// What `#[edgepod::query]`, `#[edgepod::function]` and `#[edgepod::action]` become: the function as it is, and its
/// registration.
pub(crate) fn function(kind: Kind, attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let keys = FunctionKeys::parse(attr, kind.attribute(), &mut errors);
    let Some(tokens) = FunctionTokens::read(item.clone(), kind.attribute(), &mut errors) else {
        let messages = errors.to_compile_errors();
        return quote!(#item #messages);
    };
    let registration = Function::read(kind, &tokens.sig, &mut errors)
        .filter(|_| errors.is_empty())
        .map(|function| registration(kind, &keys, &tokens, &function));
    let messages = errors.to_compile_errors();
    quote!(#tokens #registration #messages)
}

fn registration(
    kind: Kind,
    keys: &FunctionKeys,
    tokens: &FunctionTokens,
    function: &Function,
) -> TokenStream {
    let ident = &tokens.sig.ident;
    let rust_name = ident.to_string();
    let line = u32::try_from(ident.span().start().line).unwrap_or(0);
    let public_name = keys.name.as_ref().unwrap_or(&function.public_name);
    let context = format_ident!("{}", kind.context());
    let variant = format_ident!("{kind:?}");
    let cfgs = tokens.cfgs();
    let docs = tokens.docs();
    let steps = steps(&keys.middleware, kind.context());
    let awaited = tokens.sig.asyncness.map(|_| quote!(.await));

    // Constants of their own, so that a type that does not fit is one message, at the type.
    let constants: Vec<_> = (0..function.parameters.len())
        .map(|i| format_ident!("__PARAMETER_{i}"))
        .collect();
    let parameters = function
        .parameters
        .iter()
        .zip(&constants)
        .map(|(parameter, constant)| {
            let (name, ty) = (&parameter.name, &parameter.ty);
            quote_spanned! {ty.span()=>
                const #constant: ::edgepod::__private::Parameter<#ty> =
                    ::edgepod::__private::Parameter::<#ty>::new(#name);
            }
        });
    let returns = &function.returns;
    let returned = quote_spanned! {returns.span()=>
        const __RETURNED: ::edgepod::__private::Returned<#returns> =
            ::edgepod::__private::Returned::<#returns>::new();
    };
    let context_span = function.context.span();
    let extract = quote_spanned! {context_span=>
        <::edgepod::__private::#context as ::edgepod::__private::Context>::extract(ctx)
    };
    let names = function.parameters.iter().map(|parameter| &parameter.name);
    let indices = 0..function.parameters.len();

    quote! {
        #(#cfgs)*
        // A tuple of joined tables is what it is.
        #[allow(clippy::type_complexity)]
        const _: () = {
            #(#parameters)*
            #returned

            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::FunctionDef {
                    name: #public_name,
                    rust_name: ::core::concat!(::core::module_path!(), "::", #rust_name),
                    location: (::core::file!(), #line),
                    kind: ::edgepod::__private::Kind::#variant,
                    steps: &[#(#steps),*],
                    handler: |ctx, args| ::std::boxed::Box::pin(async move {
                        let given = args.given(&[#(#names),*])?;
                        __RETURNED.reply(
                            #ident(
                                #extract,
                                #(#constants.take(&given, #indices)?),*
                            )
                            #awaited
                        )
                    }),
                }
            }

            // A Worker carries no TypeScript.
            #[cfg(not(target_arch = "wasm32"))]
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::FunctionTypes {
                    name: #public_name,
                    docs: #docs,
                    describe: |types| ::edgepod::__private::Signature {
                        args: ::std::vec![#(#constants.describe(types)),*],
                        returns: __RETURNED.describe(types),
                        error: __RETURNED.describe_error(types),
                    },
                }
            }
        };
    }
}

/// The middleware as steps around a function that takes `context`: each is made once, at the first call.
pub(super) fn steps<'a>(
    middleware: &'a [Middleware],
    context: &str,
) -> impl Iterator<Item = TokenStream> + use<'a> {
    let context = format_ident!("{context}");
    middleware.iter().map(move |middleware| {
        let (item, value, span) = match middleware {
            // An alias, because only there a function without the attribute is said to be no type.
            Middleware::Named(path) => (
                Some(quote_spanned!(path.span()=> type __Middleware = #path;)),
                quote_spanned!(path.span()=> __Middleware {}),
                path.span(),
            ),
            Middleware::Value(expr) => (None, quote!(#expr), expr.span()),
        };
        let layer = quote_spanned! {span=>
            ::edgepod::__private::Layer::new::<_, ::edgepod::__private::#context>(#value)
        };
        quote! {{
            #item
            static __LAYER: ::std::sync::LazyLock<::edgepod::__private::Layer> =
                ::std::sync::LazyLock::new(|| #layer);
            |ctx, args, next| __LAYER.call(ctx, args, next)
        }}
    })
}
