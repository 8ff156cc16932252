//! `#[edgepod::error]`: the enum, and what makes it the error of a function.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Fields, Ident, ItemEnum, spanned::Spanned};

use super::local;
use crate::{
    handle_errors::does_not_compile,
    parse::{ErrorEnum, ErrorVariant, Told, derives_debug, is_type},
};

/// Of an enum with mistakes, what functions that return it need in order not to complain, too.
pub(crate) fn error(error: &ErrorEnum, fine: bool) -> TokenStream {
    if fine {
        return expand(error);
    }
    let item = &error.item;
    let ident = &item.ident;
    let debug = debug(item);
    let body = does_not_compile();
    if !item.generics.params.is_empty() {
        return quote!(#debug #item);
    }
    quote! {
        #debug
        #item
        impl ::core::convert::From<#ident> for ::edgepod::__private::Error {
            fn from(_: #ident) -> Self { #body }
        }
        impl ::core::convert::From<::edgepod::__private::Error> for #ident {
            fn from(_: ::edgepod::__private::Error) -> Self { #body }
        }
    }
}

fn debug(item: &ItemEnum) -> Option<TokenStream> {
    (!derives_debug(&item.attrs)).then(|| quote!(#[derive(::core::fmt::Debug)]))
}

fn expand(error: &ErrorEnum) -> TokenStream {
    let mut item = error.item.clone();
    let ident = item.ident.clone();
    let name = ident.to_string();
    let debug = debug(&item);
    // A variant that is not documented is, by what it tells.
    for (variant, read) in item.variants.iter_mut().zip(&error.variants) {
        if !variant.attrs.iter().any(|attr| attr.path().is_ident("doc")) {
            let docs = match &read.told {
                Told::Message { message, .. } => message.value(),
                Told::Transparent => "What the error within tells.".to_owned(),
            };
            variant.attrs.push(syn::parse_quote!(#[doc = #docs]));
        }
    }
    let [f, source_error, to, members] = ["f", "error", "types", "members"].map(local);
    let private = quote!(::edgepod::__private);
    let system = error.system.clone().unwrap_or_else(|| {
        item.variants.push(syn::parse_quote! {
            /// An error of EdgePod itself: of the database, of the arguments, of a guard.
            System(#private::Error)
        });
        format_ident!("System", span = ident.span())
    });
    let added = error.system.is_none();

    let display = error.variants.iter().map(|variant| {
        let pattern = pattern(variant);
        match &variant.told {
            Told::Message { message, .. } => {
                quote!(#pattern => ::core::write!(#f, #message))
            }
            Told::Transparent => {
                let inner = &variant.bindings[0];
                quote!(#pattern => ::core::fmt::Display::fmt(#inner, #f))
            }
        }
    });
    let into = error.variants.iter().map(|variant| {
        let pattern = pattern(variant);
        match &variant.told {
            Told::Transparent => {
                let inner = &variant.bindings[0];
                let span = variant.fields.iter().next().map(Spanned::span);
                let span = span.unwrap_or_else(|| variant.ident.span());
                quote_spanned!(span=> #pattern => #private::ErrorType::into_error(#inner))
            }
            Told::Message {
                status,
                code,
                message,
            } => {
                let (data, cause) = match variant.from {
                    Some(index) => {
                        let source = &variant.bindings[index];
                        (
                            quote!(::core::option::Option::None),
                            quote!(::core::option::Option::Some(::std::string::ToString::to_string(&#source))),
                        )
                    }
                    None => (data(variant), quote!(::core::option::Option::None)),
                };
                quote! {
                    #pattern => #private::app_error(
                        #status, #code, ::std::format!(#message), #data, #cause,
                    )
                }
            }
        }
    });
    let froms = error.variants.iter().filter_map(|variant| {
        let ty = variant.source()?;
        let variant_ident = &variant.ident;
        let field = match &variant.fields.iter().next()?.ident {
            Some(name) => quote!({ #name: #source_error }),
            None => quote!((#source_error)),
        };
        Some(quote_spanned! {ty.span()=>
            impl ::core::convert::From<#ty> for #ident {
                fn from(#source_error: #ty) -> Self {
                    Self::#variant_ident #field
                }
            }
        })
    });
    let takes_json = !error.variants.iter().any(|variant| {
        variant
            .source()
            .is_some_and(|ty| is_type(ty, "serde_json::Error"))
    });
    let from_json = takes_json.then(|| {
        quote! {
            impl ::core::convert::From<#private::serde_json::Error> for #ident {
                fn from(#source_error: #private::serde_json::Error) -> Self {
                    Self::#system(::core::convert::From::from(#source_error))
                }
            }
        }
    });
    let from_system = added.then(|| {
        quote! {
            impl ::core::convert::From<#private::Error> for #ident {
                fn from(#source_error: #private::Error) -> Self {
                    Self::#system(#source_error)
                }
            }
        }
    });
    let (system_display, system_into) = if added {
        (
            Some(
                quote!(Self::#system(#source_error) => ::core::fmt::Display::fmt(#source_error, #f),),
            ),
            Some(quote!(#ident::#system(#source_error) => #source_error,)),
        )
    } else {
        (None, None)
    };
    let described = described(error, &to);
    let docs = docs(&item);

    quote! {
        #debug
        #item

        const _: () = {
            impl ::core::fmt::Display for #ident {
                #[allow(unused_variables)]
                fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        #(Self::#display,)*
                        #system_display
                    }
                }
            }

            impl ::std::error::Error for #ident {}

            impl ::core::convert::From<#ident> for #private::Error {
                #[allow(unused_variables)]
                fn from(#source_error: #ident) -> Self {
                    match #source_error {
                        #(#ident::#into,)*
                        #system_into
                    }
                }
            }

            #from_system
            #from_json
            #(#froms)*

            // A Worker carries no TypeScript.
            #[cfg(not(target_arch = "wasm32"))]
            #private::inventory::submit! {
                #private::ErrorTypes {
                    id: || ::core::any::TypeId::of::<#ident>(),
                    describe: |#to| {
                        let #members = ::std::vec![#(#described),*];
                        #to.error(
                            #name,
                            ::core::any::type_name::<#ident>(),
                            #docs,
                            #members,
                        )
                    },
                }
            }
        };
    }
}

/// `NoAccount { id }` or `Other(_0)`.
fn pattern(variant: &ErrorVariant) -> TokenStream {
    let (ident, bindings) = (&variant.ident, &variant.bindings);
    match &variant.fields {
        Fields::Named(_) => quote!(#ident { #(#bindings),* }),
        Fields::Unnamed(_) => quote!(#ident(#(#bindings),*)),
        Fields::Unit => quote!(#ident),
    }
}

/// The fields as JSON: an object, one value, or an array.
fn data(variant: &ErrorVariant) -> TokenStream {
    let values = variant.fields.iter().zip(&variant.bindings).map(|(field, binding)| {
        quote_spanned!(field.ty.span()=> ::edgepod::__private::error_field(&#binding))
    });
    match &variant.fields {
        Fields::Unit => quote!(::core::option::Option::None),
        Fields::Named(_) => {
            let names = variant.bindings.iter().map(|name| {
                use syn::ext::IdentExt;
                name.unraw().to_string()
            });
            quote!(::core::option::Option::Some(::edgepod::__private::error_object([#((#names, #values)),*])))
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            quote!(::core::option::Option::Some(#(#values)*))
        }
        Fields::Unnamed(_) => {
            quote!(::core::option::Option::Some(::edgepod::__private::error_array([#(#values),*])))
        }
    }
}

/// The members of the union in TypeScript, described to the local `to`.
fn described(error: &ErrorEnum, to: &Ident) -> impl Iterator<Item = TokenStream> {
    error.variants.iter().map(move |variant| {
        let types: Vec<_> = variant
            .fields
            .iter()
            .map(|field| {
                let ty = &field.ty;
                quote_spanned!(ty.span()=> ::edgepod::__private::error_field_type::<#ty>(#to))
            })
            .collect();
        match &variant.told {
            Told::Transparent => {
                let ty = variant.fields.iter().next().map(|field| &field.ty);
                quote!(#to.error_of::<#ty>().unwrap_or_default())
            }
            Told::Message { code, .. } => {
                let data = match &variant.fields {
                    Fields::Unit => quote!(::core::option::Option::None),
                    _ if variant.from.is_some() => quote!(::core::option::Option::None),
                    Fields::Named(_) => {
                        let names = variant.bindings.iter().map(|name| {
                            use syn::ext::IdentExt;
                            name.unraw().to_string()
                        });
                        quote!(::core::option::Option::Some(::std::format!(
                            "{{ {} }}",
                            [#(::std::format!("{}: {}", #names, #types)),*].join(", ")
                        )))
                    }
                    Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                        quote!(::core::option::Option::Some(#(#types)*))
                    }
                    Fields::Unnamed(_) => quote!(::core::option::Option::Some(::std::format!(
                        "[{}]",
                        [#(#types),*].join(", ")
                    ))),
                };
                quote!(::edgepod::__private::error_member(#code, #data))
            }
        }
    })
}

/// The doc comment, where it is text.
fn docs(item: &ItemEnum) -> String {
    let lines = item.attrs.iter().filter_map(|attr| match &attr.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
