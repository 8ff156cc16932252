//! From tokens to what they mean, and what is wrong with them.

mod column;
mod column_type;
mod derives;
mod error;
mod function;
mod keys;
mod middleware;
mod migrations;
mod table;

pub(crate) use column::{Column, Default, OnDelete};
pub(crate) use column_type::{ColumnType, Shape};
pub(crate) use derives::{derives_debug, missing_derives, skip_value};
pub(crate) use error::{ErrorEnum, ErrorVariant, Told, is_type};
pub(crate) use function::{Function, FunctionTokens, Kind};
pub(crate) use keys::{AppKeys, FunctionKeys, Middleware, TableKeys, no_keys};
pub(crate) use middleware::check_middleware;
pub(crate) use migrations::{SNAPSHOT, checksum, number_of, read_folder};
pub(crate) use table::{Index, Table};
