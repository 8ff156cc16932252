//! From what the items mean to tokens.

mod app;
mod column_type;
mod data;
mod error;
mod function;
mod middleware;
mod migrations;
mod new_row;
mod row;
mod table;

pub(crate) use app::app;
pub(crate) use column_type::column_type;
pub(crate) use data::data;
pub(crate) use error::error;
pub(crate) use function::function;
pub(crate) use middleware::middleware;
pub(crate) use migrations::migration;
pub(crate) use row::row;
pub(crate) use table::table;
