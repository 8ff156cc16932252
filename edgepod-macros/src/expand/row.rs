//! `#[edgepod::row]`: the struct, with what it lacks derived, and how a row of columns becomes one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ItemStruct, spanned::Spanned};

use super::{local, shape::tell_typescript_of};
use crate::parse::{Row, missing_derives};

/// Of a row with mistakes, the struct.
pub(crate) fn row(row: &Row, fine: bool) -> TokenStream {
    let mut item = row.item.clone();
    tell_typescript_of(&mut item);
    let derives = missing_derives(&item.attrs);
    let from_row = fine.then(|| from_row(&item));
    quote! {
        #derives
        #item
        #from_row
    }
}

fn from_row(item: &ItemStruct) -> TokenStream {
    let row = &item.ident;
    let [reader, value] = ["row", "value"].map(local);
    let width = item.fields.len();
    let types: Vec<_> = item.fields.iter().map(|field| &field.ty).collect();
    let fields = item.fields.iter().map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        let name = ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        quote_spanned! {ty.span()=>
            #ident: #reader.take_as(#name, |#value| {
                <#ty as ::edgepod::__private::ColumnType>::read(#value)
            })?
        }
    });
    quote! {
        impl ::edgepod::__private::FromRow for #row {
            const WIDTH: usize = #width;

            fn from_row(
                #reader: &mut ::edgepod::__private::RowReader<'_>,
            ) -> ::edgepod::__private::Result<Self> {
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }

        impl ::edgepod::__private::FromColumns<(#(#types,)*)> for #row {}
    }
}
