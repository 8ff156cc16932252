//! One column: attributes that contradict each other.

use crate::{
    errors::Errors,
    parse::{Column, OnDelete, References},
};

/// Checks a column, and takes off it what contradicts the rest, so that nothing else complains of that.
pub(super) fn column(column: &mut Column, errors: &mut Errors) {
    let cfg =
        |attr: &&syn::Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    if let Some(attr) = column.attrs.iter().find(cfg) {
        errors.at(
            attr,
            "a column is there in every build, because the database is the same: no `cfg` on a column",
        );
    }
    if column.auto_increment && !column.primary_key {
        errors.at(
            column.attribute("auto_inc"),
            "`#[auto_inc]` counts up the primary key: add `#[primary_key]`",
        );
        column.auto_increment = false;
    }
    if column.auto_increment && column.default.is_some() {
        errors.at(
            column.attribute("default"),
            "`#[auto_inc]` already says what a new row has here: remove one of the two",
        );
        column.default = None;
    }
    if column.unique && column.index {
        errors.at(
            column.attribute("index"),
            "a unique column has an index already",
        );
    }
    if let Some(References {
        on_delete: OnDelete::SetDefault(word),
        ..
    }) = &column.references
        && column.default.is_none()
    {
        errors.at(word, "`set_default` needs a `#[default(…)]` on the column");
    }
}
