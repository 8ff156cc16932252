//! The struct of a new row: `NewUser`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Meta, Token, punctuated::Punctuated};

use super::table::{insertable, type_docs};
use crate::parse::{Column, Table, missing_derives};

/// `New…` without the columns that the database fills in.
pub(super) fn new_row(table: &Table) -> TokenStream {
    let Table { item, columns, .. } = table;
    let (vis, row) = (&item.vis, &item.ident);
    let ident = format_ident!("New{row}");
    let derives = missing_derives(&[]);
    let inherited = item.attrs.iter().filter_map(inherited);
    let given: Vec<&Column> = columns
        .iter()
        .filter(|column| !column.is_filled_in())
        .collect();
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
    quote! {
        #[doc = #docs]
        #derives
        #(#inherited)*
        #vis struct #ident {
            #(#fields,)*
        }

        #insertable
    }
}

/// What holds for the new row as for the row: how fields are named in JSON and in TypeScript, and lints. Not what would
/// give both types one name.
fn inherited(attr: &Attribute) -> Option<TokenStream> {
    let path = attr.path();
    if path.is_ident("allow") || path.is_ident("expect") {
        return Some(quote!(#attr));
    }
    if !path.is_ident("serde") && !path.is_ident("ts") {
        return None;
    }
    let keys = attr
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .ok()?;
    let kept: Vec<_> = keys
        .iter()
        .filter(|key| {
            ["rename_all", "deny_unknown_fields", "optional_fields"]
                .iter()
                .any(|kept| key.path().is_ident(kept))
        })
        .collect();
    (!kept.is_empty()).then(|| quote!(#[#path(#(#kept),*)]))
}
