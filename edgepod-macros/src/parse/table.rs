//! Tables: a struct with named fields.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Attribute, Fields, Ident, Item, ItemStruct, Meta, Token, ext::IdentExt, punctuated::Punctuated,
};

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
    /// The indexes of several columns.
    pub(crate) indexes: Vec<Index>,
    /// The name that it had before.
    pub(crate) renamed_from: Option<String>,
}

/// `#[unique(a, b)]` or `#[index(a, b)]` on the struct.
pub(crate) struct Index {
    pub(crate) unique: bool,
    /// At least two, of the table.
    pub(crate) columns: Vec<String>,
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
        let mut attrs = Vec::new();
        item.attrs.retain(|attr| {
            if attr.path().is_ident("renamed_from") {
                renamed_from = errors.ok(column::renamed_from(attr));
                return false;
            }
            let is_index = attr.path().is_ident("unique") || attr.path().is_ident("index");
            if is_index {
                attrs.push(attr.clone());
            }
            !is_index
        });
        let columns: Vec<Column> = match &item.fields {
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
        let indexes = indexes(&attrs, &columns, errors);
        Ok(Self {
            // No table has this name: the program does not compile.
            name: keys.name.unwrap_or_default(),
            item,
            columns,
            indexes,
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
    let keys: Vec<_> = columns.iter().filter(|column| column.primary_key).collect();
    if keys.is_empty() {
        errors.at(
            &item.ident,
            "the table has no primary key: mark a column, such as `#[primary_key] #[auto_inc] pub id: i64`",
        );
    }
    if let [key] = *keys {
        if key.unique {
            errors.at(&key.ident, "a primary key is unique already");
        } else if key.index {
            errors.at(&key.ident, "a primary key has an index already");
        }
    }
    // Several are one key together, and only a key of one column counts itself up.
    if keys.len() > 1
        && let Some(counted) = keys.iter().find(|column| column.auto_increment)
    {
        errors.at(
            &counted.ident,
            format!(
                "`{}` counts itself up, and so is the whole primary key: take `#[primary_key]` off the other columns; what \
                 is unique beside it has `#[unique]`, or `#[unique(a, b)]` on the struct",
                counted.name
            ),
        );
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

/// Reads `#[unique(a, b)]` and `#[index(a, b)]`.
fn indexes(attrs: &[Attribute], columns: &[Column], errors: &mut Errors) -> Vec<Index> {
    let mut indexes: Vec<Index> = Vec::new();
    for attr in attrs {
        let unique = attr.path().is_ident("unique");
        let kind = if unique { "unique" } else { "index" };
        let form = format!("on the struct it names columns: `#[{kind}(first, second)]`");
        let parse = |input: syn::parse::ParseStream<'_>| {
            Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)
                .map_err(|error| syn::Error::new(error.span(), &form))
        };
        let names = match &attr.meta {
            Meta::List(list) => list.parse_args_with(parse),
            meta => Err(syn::Error::new_spanned(meta, &form)),
        };
        let names = match names {
            Ok(names) => names,
            Err(error) => {
                errors.add(error);
                continue;
            }
        };
        if names.len() < 2 {
            match names.first() {
                Some(name) => errors.at(
                    name,
                    format!(
                        "an index of one column stands on its field: `#[{kind}]` above `{name}`"
                    ),
                ),
                None => errors.at(attr, form),
            }
            continue;
        }
        let mut index = Index {
            unique,
            columns: Vec::new(),
        };
        for name in &names {
            let text = name.unraw().to_string();
            if !columns.iter().any(|column| column.name == text) {
                errors.at(name, format!("the table has no column `{text}`"));
            } else if index.columns.contains(&text) {
                errors.at(name, format!("`{text}` is there twice"));
            }
            index.columns.push(text);
        }
        if indexes.iter().any(|other| other.columns == index.columns) {
            errors.at(attr, "these columns have an index already");
            continue;
        }
        indexes.push(index);
    }
    indexes
}
