use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Fields, ItemStruct, spanned::Spanned};

use crate::{
    errors::Errors,
    parse::{missing_derives, no_keys},
};

/// What `#[edgepod::row]` becomes: the struct, with what it lacks derived, and how a row of columns becomes one.
pub(crate) fn row(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    no_keys(&attr, "#[edgepod::row]", &mut errors);
    let parsed = match syn::parse2::<ItemStruct>(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            errors.add(syn::Error::new(
                error.span(),
                "`#[edgepod::row]` goes on a struct with a field for each column",
            ));
            let messages = errors.to_compile_errors();
            return quote!(#item #messages);
        }
    };
    let derives = missing_derives(&parsed.attrs);
    let from_row = match &parsed.fields {
        Fields::Named(fields) if !parsed.generics.params.is_empty() || fields.named.is_empty() => {
            errors.at(
                &parsed.ident,
                "a row has a field for each column and no type parameters",
            );
            None
        }
        Fields::Named(_) => Some(from_row(&parsed)),
        _ => {
            errors.at(
                &parsed.ident,
                "`#[edgepod::row]` goes on a struct with named fields: a tuple needs no struct",
            );
            None
        }
    };
    let messages = errors.to_compile_errors();
    quote! {
        #derives
        #item
        #from_row
        #messages
    }
}

fn from_row(item: &ItemStruct) -> TokenStream {
    let row = &item.ident;
    let width = item.fields.len();
    let types: Vec<_> = item.fields.iter().map(|field| &field.ty).collect();
    let fields = item.fields.iter().map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        let name = ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        quote_spanned! {ty.span()=>
            #ident: row.take_as(#name, |value| {
                <#ty as ::edgepod::__private::ColumnType>::read(value)
            })?
        }
    });
    quote! {
        impl ::edgepod::__private::FromRow for #row {
            const WIDTH: usize = #width;

            fn from_row(
                row: &mut ::edgepod::__private::RowReader<'_>,
            ) -> ::edgepod::__private::Result<Self> {
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }

        impl ::edgepod::__private::FromColumns<(#(#types,)*)> for #row {}
    }
}
