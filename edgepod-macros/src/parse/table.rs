//! Tables: a struct with named fields.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Fields, Item, ItemStruct};

use super::{Column, TableKeys, column};
use crate::errors::Errors;

/// What one Durable Object table may have.
const MAX_COLUMNS: usize = 100;

/// A table as the struct describes it. After a mistake, the best that can be made of it.
pub(crate) struct Table {
    /// The struct without our attributes.
    pub(crate) item: ItemStruct,
    /// The name in the database.
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The name that it had before.
    pub(crate) renamed_from: Option<String>,
}

impl Table {
    /// Reads a struct. `Err` has the item, without our attributes, where no table can be made of it.
    pub(crate) fn read(
        attr: TokenStream,
        item: TokenStream,
        errors: &mut Errors,
    ) -> Result<Self, TokenStream> {
        let mut item = match syn::parse2::<Item>(item.clone()) {
            Ok(Item::Struct(item)) => item,
            Ok(other) => return Err(refuse(other, errors)),
            Err(error) => {
                errors.add(error);
                return Err(item);
            }
        };
        let keys = TableKeys::parse(attr, &item.ident, errors);
        let mut renamed_from = None;
        item.attrs.retain(|attr| {
            let is_ours = attr.path().is_ident("renamed_from");
            if is_ours {
                renamed_from = errors.ok(column::renamed_from(attr));
            }
            !is_ours
        });
        let columns = match &item.fields {
            Fields::Named(fields) => fields
                .named
                .iter()
                .filter_map(|field| Column::read(field, errors))
                .collect(),
            Fields::Unnamed(fields) => {
                errors.at(
                    fields,
                    "the fields of a table have names, because they are the columns: `struct User { id: i64, … }`",
                );
                Vec::new()
            }
            Fields::Unit => {
                errors.at(
                    &item,
                    "a table has columns: give the struct fields, the primary key first",
                );
                Vec::new()
            }
        };
        let named = matches!(item.fields, Fields::Named(_));
        for field in &mut item.fields {
            column::strip(field);
        }
        let generic = !item.generics.params.is_empty();
        if generic {
            errors.at(
                &item.generics,
                "a table is one type: it has no generic parameters and no lifetimes",
            );
        }
        if !named || generic {
            return Err(item.into_token_stream());
        }
        check(&item, &columns, errors);
        Ok(Self {
            // No table has this name: the program does not compile.
            name: keys.name.unwrap_or_default(),
            item,
            columns,
            renamed_from,
        })
    }
}

/// Says that an item is no struct, and takes our attributes off it.
fn refuse(mut item: Item, errors: &mut Errors) -> TokenStream {
    let message = "`#[edgepod::table]` goes on a struct: each field is a column";
    match &mut item {
        Item::Enum(item) => {
            errors.at(item.enum_token, message);
            for variant in &mut item.variants {
                variant.fields.iter_mut().for_each(column::strip);
            }
        }
        Item::Union(item) => {
            errors.at(item.union_token, message);
            item.fields.named.iter_mut().for_each(column::strip);
        }
        other => errors.at(other, message),
    }
    item.into_token_stream()
}

/// Checks what only the columns together show.
fn check(item: &ItemStruct, columns: &[Column], errors: &mut Errors) {
    let mut keys = columns.iter().filter(|column| column.primary_key);
    match (keys.next(), keys.next()) {
        (None, _) => errors.at(
            &item.ident,
            "the table has no primary key: mark a column, such as `#[primary_key] #[auto_inc] pub id: i64`",
        ),
        (Some(first), Some(second)) => errors.at(
            &second.ident,
            format!(
                "a table has one primary key, and `{}` is one already; for a second unique column there is `#[unique]`",
                first.name
            ),
        ),
        _ => {}
    }
    if let Some(column) = columns.get(MAX_COLUMNS) {
        errors.at(
            &column.ident,
            format!(
                "a table has at most {MAX_COLUMNS} columns, and this one has {}: move some to a table of their own",
                columns.len()
            ),
        );
    }
    for (i, column) in columns.iter().enumerate() {
        let same = columns[..i]
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(&column.name));
        // Names that are alike to the letter, the compiler finds itself.
        if let Some(other) = same.filter(|other| other.name != column.name) {
            errors.at(
                &column.ident,
                format!(
                    "`{}` and `{}` are one name to SQLite, which does not tell upper from lower case",
                    other.name, column.name
                ),
            );
        }
    }
}
