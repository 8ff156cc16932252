//! `#[edgepod::row]`: the struct, with what it lacks derived, and how a row of columns becomes one.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, ItemStruct, Type, ext::IdentExt, spanned::Spanned};

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
    let types = item.fields.iter().map(|field| &field.ty);
    let fields = item.fields.iter().filter_map(|field| {
        let ident = field.ident.as_ref()?;
        Some((ident, ident.unraw().to_string(), &field.ty))
    });
    let read = read_columns(row, fields);
    quote! {
        #read
        impl ::edgepod::__private::FromColumns<(#(#types,)*)> for #row {}
    }
}

/// How a struct is made of a row: of each field its name, the column's and its type.
pub(super) fn read_columns<'a>(
    row: &Ident,
    fields: impl Iterator<Item = (&'a Ident, String, &'a Type)>,
) -> TokenStream {
    let [reader, value] = ["row", "value"].map(local);
    let fields: Vec<_> = fields
        .map(|(ident, name, ty)| {
            quote_spanned! {ty.span()=>
                #ident: #reader.take_as(#name, |#value| {
                    <#ty as ::edgepod::__private::ColumnType>::read(#value)
                })?
            }
        })
        .collect();
    let width = fields.len();
    quote! {
        impl ::edgepod::__private::FromRow for #row {
            const WIDTH: usize = #width;

            fn from_row(
                #reader: &mut ::edgepod::__private::RowReader<'_>,
            ) -> ::edgepod::__private::Result<Self> {
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}
