//! Tables: a struct with named fields.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Fields, Ident, Item, ItemStruct, Meta, Token, ext::IdentExt, parse_quote,
    punctuated::Punctuated,
};

use super::{Column, TableKeys, column};
use crate::errors::Errors;

/// A table as the struct describes it. After a mistake, the best that can be made of it.
pub(crate) struct Table {
    /// The struct without our attributes.
    pub(crate) item: ItemStruct,
    /// The name in the database.
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Whether it is a full-text index, which a migration makes.
    pub(crate) full_text: bool,
    /// The indexes of several columns.
    pub(crate) indexes: Vec<Index>,
    /// The name that it had before.
    pub(crate) renamed_from: Option<String>,
}

/// `#[unique(a, b)]` or `#[index(a, b)]` on the struct.
pub(crate) struct Index {
    pub(crate) attr: Attribute,
    pub(crate) unique: bool,
    /// At least two.
    pub(crate) columns: Vec<Ident>,
}

impl Table {
    /// Whether clients can send a struct of these columns: they know all of them.
    pub(crate) fn is_sendable<'a>(mut columns: impl Iterator<Item = &'a Column>) -> bool {
        !columns.any(|column| column.private)
    }

    /// The attributes that hold for the struct of a new row as for the table's.
    pub(crate) fn inherited(&self) -> impl Iterator<Item = Attribute> {
        self.item.attrs.iter().filter_map(inherited)
    }
}

impl Index {
    /// The columns' names in the database.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |column: &Ident| column.unraw().to_string();
        self.columns.iter().map(name).collect()
    }
}

impl Table {
    /// Reads the attribute and the struct; `None` where no table can be made of it.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut item = match errors.ok(syn::parse2::<Item>(item))? {
            Item::Struct(item) => item,
            other => {
                refuse(&other, errors);
                return None;
            }
        };
        let keys = TableKeys::parse(attr, &item.ident, errors);
        let mut renamed_from = None;
        let mut indexes = Vec::new();
        item.attrs.retain(|attr| {
            if attr.path().is_ident("renamed_from") {
                renamed_from = errors.ok(column::renamed_from(attr));
                return false;
            }
            if attr.path().is_ident("unique") || attr.path().is_ident("index") {
                indexes.extend(index(attr, errors));
                return false;
            }
            true
        });
        match &item.fields {
            Fields::Named(_) => {}
            Fields::Unnamed(fields) => errors.at(
                fields,
                "the fields of a table have names, because they are the columns: `struct User { id: i64, … }`",
            ),
            Fields::Unit => errors.at(
                &item,
                "a table has columns: give the struct fields, the primary key first",
            ),
        }
        let generic = !item.generics.params.is_empty();
        if generic {
            errors.at(
                &item.generics,
                "a table is one type: it has no generic parameters and no lifetimes",
            );
        }
        let columns: Vec<Column> = item
            .fields
            .iter()
            .filter_map(|field| Column::parse(field, errors))
            .collect();
        if generic || !matches!(item.fields, Fields::Named(_)) {
            return None;
        }
        for (field, column) in item.fields.iter_mut().zip(&columns) {
            field.attrs.clone_from(&column.attrs);
        }
        Some(Self {
            // No table has this name: the program does not compile.
            name: keys.name.unwrap_or_default(),
            full_text: keys.full_text,
            item,
            columns,
            indexes,
            renamed_from,
        })
    }
}

/// What holds for the new row as for the row: how fields are named in JSON and in TypeScript, and lints. Not what would
/// give both types one name.
fn inherited(attr: &Attribute) -> Option<Attribute> {
    let path = attr.path();
    if path.is_ident("allow") || path.is_ident("expect") {
        return Some(attr.clone());
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
    (!kept.is_empty()).then(|| parse_quote!(#[#path(#(#kept),*)]))
}

/// Says that an item is no struct.
fn refuse(item: &Item, errors: &mut Errors) {
    let message = "`#[edgepod::table]` goes on a struct: each field is a column";
    match item {
        Item::Enum(item) => errors.at(item.enum_token, message),
        Item::Union(item) => errors.at(item.union_token, message),
        other => errors.at(other, message),
    }
}

/// Reads `#[unique(a, b)]` or `#[index(a, b)]`.
fn index(attr: &Attribute, errors: &mut Errors) -> Option<Index> {
    let unique = attr.path().is_ident("unique");
    let kind = if unique { "unique" } else { "index" };
    let form = format!("on the struct it names columns: `#[{kind}(first, second)]`");
    let parse = |input: syn::parse::ParseStream<'_>| {
        Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), &form))
    };
    let columns = match &attr.meta {
        Meta::List(list) => list.parse_args_with(parse),
        meta => Err(syn::Error::new_spanned(meta, &form)),
    };
    let columns: Vec<Ident> = errors.ok(columns)?.into_iter().collect();
    match columns.as_slice() {
        [] => errors.at(attr, form),
        [name] => errors.at(
            name,
            format!("an index of one column stands on its field: `#[{kind}]` above `{name}`"),
        ),
        _ => {
            return Some(Index {
                attr: attr.clone(),
                unique,
                columns,
            });
        }
    }
    None
}
