//! A table: its columns alone and together, and its indexes.

use syn::{Attribute, ItemStruct, ext::IdentExt};

use super::{column::column, names::type_name, words};
use crate::{
    errors::Errors,
    parse::{Column, Index, Table},
};

/// What one Durable Object table may have.
const MAX_COLUMNS: usize = 100;

/// Checks a table, and takes off it what contradicts the rest; `None` where nothing can be written beside it.
pub(crate) fn table(table: &mut Table, errors: &mut Errors) -> Option<()> {
    for each in &mut table.columns {
        column(each, errors);
    }
    foreign_words(table, errors);
    together(&table.item, &table.columns, errors);
    if table.full_text {
        full_text(table, errors);
    }
    indexes(&table.indexes, &table.columns, errors);
    type_name(&table.item.ident, errors)
}

/// Attributes of other frameworks: said here, and taken off, so that the compiler does not call them unknown beside.
fn foreign_words(table: &mut Table, errors: &mut Errors) {
    if !words::are_nobodys(&table.item.attrs) {
        return;
    }
    let mut known = |attr: &Attribute, message: Option<&str>| {
        if let Some(message) = message {
            errors.at(attr, message);
        }
        message.is_none()
    };
    let attrs = &mut table.item.attrs;
    attrs.retain(|attr| known(attr, words::on_a_struct(attr.path())));
    for (field, column) in table.item.fields.iter_mut().zip(&mut table.columns) {
        field
            .attrs
            .retain(|attr| known(attr, words::on_a_field(attr.path())));
        column
            .attrs
            .retain(|attr| words::on_a_field(attr.path()).is_none());
    }
}

/// What only the columns together show.
fn together(item: &ItemStruct, columns: &[Column], errors: &mut Errors) {
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

/// A full-text index has the number of a row, and what is found.
fn full_text(table: &Table, errors: &mut Errors) {
    for column in &table.columns {
        if column.primary_key != (column.name == "rowid") {
            errors.at(
                &column.ident,
                "the primary key of a full-text index is the number of its row: `#[primary_key] pub rowid: i64`",
            );
        }
        for attr in &column.ours {
            let known = ["primary_key", "private"];
            if !known.iter().any(|name| attr.path().is_ident(name)) {
                errors.at(
                    attr,
                    "a full-text index is what its migration makes: a column of it has no such attribute",
                );
            }
        }
        if ["any", "rank"].contains(&column.name.as_str()) {
            errors.at(
                &column.ident,
                format!(
                    "`{}` is what every full-text index has: name the column otherwise",
                    column.name
                ),
            );
        }
    }
    for index in &table.indexes {
        errors.at(
            &index.attr,
            "a full-text index has no indexes: what finds its rows is `.matches(…)`",
        );
    }
}

/// Indexes of several columns: each names columns of the table, and no two the same.
fn indexes(indexes: &[Index], columns: &[Column], errors: &mut Errors) {
    for (i, index) in indexes.iter().enumerate() {
        for (j, name) in index.columns.iter().enumerate() {
            let text = name.unraw().to_string();
            if !columns.iter().any(|column| column.name == text) {
                errors.at(name, format!("the table has no column `{text}`"));
            } else if index.columns[..j].contains(name) {
                errors.at(name, format!("`{text}` is there twice"));
            }
        }
        if indexes[..i]
            .iter()
            .any(|other| other.columns == index.columns)
        {
            errors.at(&index.attr, "these columns have an index already");
        }
    }
}
