//! The struct of a new row: `NewUser`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct, parse_quote};

use super::{
    shape::tell_typescript_of,
    table::{insertable, type_docs},
};
use crate::parse::{Column, Table, missing_derives_of};

/// `New…` without the columns that the database fills in.
pub(super) fn new_row(table: &Table) -> TokenStream {
    let Table { item, columns, .. } = table;
    let (vis, row) = (&item.vis, &item.ident);
    let ident = format_ident!("New{row}");
    let inherited = table.inherited();
    let given: Vec<&Column> = columns
        .iter()
        .filter(|column| !column.is_filled_in())
        .collect();
    let derives = missing_derives_of(&[], Table::is_sendable(given.iter().copied()));
    let fields = given.iter().map(|column| {
        let Column {
            attrs,
            vis,
            ident,
            ty,
            ..
        } = column;
        let docs = type_docs(attrs, &format!("The column `{}`.", column.name));
        quote!(#docs #(#attrs)* #vis #ident: #ty)
    });
    let docs = format!(
        "A new row of `{}`, as `ctx.db.insert(…)` takes it. The database fills in the other columns of [`{row}`].",
        table.name
    );
    let insertable = insertable(&ident, row, &given);
    let required = required(&ident, table, &given);
    let mut item: ItemStruct = parse_quote! {
        #(#inherited)*
        #vis struct #ident {
            #(#fields,)*
        }
    };
    tell_typescript_of(&mut item);
    quote! {
        #[doc = #docs]
        #derives
        #item

        #insertable
        #required
    }
}

/// `New…::required(…)`: a new row of what it needs. A literal that ends in it stays right when an optional column is added.
fn required(ident: &Ident, table: &Table, given: &[&Column]) -> TokenStream {
    let vis = &table.item.vis;
    let (optional, needed): (Vec<&Column>, Vec<&Column>) =
        given.iter().partition(|column| column.is_optional());
    let parameters = needed.iter().map(|column| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote!(#ident: #ty)
    });
    let needed = needed.iter().map(|column| &column.ident);
    let optional = optional.iter().map(|column| &column.ident);
    let docs = format!(
        "A new row of `{}` of what it needs; what may be NULL is. In a literal, `..{ident}::required(…)` stands for the fields \
         that it does not name, so that it stays right when the table gets another optional column.",
        table.name
    );
    quote! {
        impl #ident {
            #[doc = #docs]
            #[allow(dead_code, clippy::too_many_arguments, clippy::type_complexity)]
            #vis fn required(#(#parameters),*) -> Self {
                Self {
                    #(#needed,)*
                    #(#optional: ::core::option::Option::None,)*
                }
            }
        }
    }
}
