//! `#[derive(ColumnType)]`: how a value of the type is stored and read.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{local, this};
use crate::parse::{ColumnType, Shape};

pub(crate) fn column_type(ty: &ColumnType) -> TokenStream {
    let ident = &ty.ident;
    let [value, text_local] = ["value", "text"].map(local);
    let this = this();
    let (inner, texts, into_value, read) = match &ty.shape {
        Shape::Words(words) => {
            let texts: Vec<&String> = words.iter().map(|word| &word.text).collect();
            let write = words.iter().map(|word| {
                let (variant, text) = (&word.variant, &word.text);
                quote!(Self::#variant => #text)
            });
            let read = words.iter().map(|word| {
                let (variant, text, aliases) = (&word.variant, &word.text, &word.aliases);
                quote!(#text #(| #aliases)* => ::core::result::Result::Ok(Self::#variant))
            });
            (
                quote!(::std::string::String),
                quote!(::core::option::Option::Some(&[#(#texts),*])),
                quote! {
                    ::core::result::Result::Ok(::edgepod::__private::Value::Text(
                        ::std::string::String::from(match #this { #(#write),* })
                    ))
                },
                quote! {
                    match #value {
                        ::edgepod::__private::Value::Text(#text_local) => match #text_local.as_str() {
                            #(#read,)*
                            _ => ::core::result::Result::Err(::core::option::Option::Some(#text_local)),
                        },
                        _ => ::core::result::Result::Err(::core::option::Option::None),
                    }
                },
            )
        }
        Shape::Around { ty } => (
            quote!(#ty),
            quote!(::core::option::Option::None),
            quote_spanned!(ty.span()=>
                <#ty as ::edgepod::__private::ColumnType>::into_value(#this.0)),
            quote_spanned! {ty.span()=>
                <#ty as ::edgepod::__private::ColumnType>::read(#value)
                    .map(Self)
            },
        ),
    };
    let span = match &ty.shape {
        Shape::Around { ty } => ty.span(),
        Shape::Words(_) => ident.span(),
    };
    let source = quote_spanned!(span=> <#inner as ::edgepod::__private::ColumnType>);
    // An `Option` inside would make a NULL that the schema cannot see.
    let check = matches!(ty.shape, Shape::Around { .. }).then(|| {
        quote_spanned! {span=>
            const _: () = ::core::assert!(
                !#source::NULLABLE,
                "a column's type does not hold an `Option`: put the `Option` around it, in the table"
            );
        }
    });
    quote! {
        #[automatically_derived]
        impl ::edgepod::__private::ColumnType for #ident {
            const SQL_TYPE: ::edgepod::__private::SqlType = #source::SQL_TYPE;
            const HOLDS: ::edgepod::__private::Range = #source::HOLDS;
            const MEANING: ::edgepod::__private::Meaning = #source::MEANING;
            type Optional = ::core::convert::Infallible;

            fn into_value(#this) -> ::edgepod::__private::Result<::edgepod::__private::Value> {
                #into_value
            }

            fn from_value(
                #value: ::edgepod::__private::Value,
            ) -> ::core::option::Option<Self> {
                <Self as ::edgepod::__private::ColumnType>::read(#value).ok()
            }

            fn read(
                #value: ::edgepod::__private::Value,
            ) -> ::core::result::Result<Self, ::core::option::Option<::std::string::String>> {
                #read
            }
        }

        #[automatically_derived]
        impl ::edgepod::__private::Derived for #ident {
            type Inner = #inner;
            const TEXTS: ::core::option::Option<&'static [&'static str]> = #texts;
        }

        #check
    }
}
