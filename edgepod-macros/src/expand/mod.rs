//! From what the items mean to tokens.
//!
//! What is written here must mean the same beside any item: paths begin at a crate's root (`::core`, `::edgepod`), items that
//! are not the user's to name begin with `__`, and locals come from [`local`].

use proc_macro2::{Ident, Span};

mod app;
mod call;
mod column_type;
mod cron;
mod data;
mod error;
mod function;
mod middleware;
mod migrations;
mod new_row;
mod pod;
mod presence;
mod route;
mod row;
mod shape;
mod table;
mod test;

pub(crate) use app::app;
pub(crate) use column_type::column_type;
pub(crate) use cron::cron;
pub(crate) use data::data;
pub(crate) use error::error;
pub(crate) use function::function;
pub(crate) use middleware::middleware;
pub(crate) use migrations::migration;
pub(crate) use pod::pod;
pub(crate) use presence::presence;
pub(crate) use route::route;
pub(crate) use row::row;
pub(crate) use table::table;
pub(crate) use test::test;

/// A local of the generated code. No name of the user's means it: not one that a macro of theirs wrote, and no constant.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__edgepod_{name}"), Span::mixed_site())
}

/// `self`, to stand among tokens that have the place of a user's type: that may come from a macro, in which `self` is another.
fn this() -> Ident {
    Ident::new("self", Span::call_site())
}
