//! From tokens to what they mean; what cannot be read is noted.

mod column;
mod column_type;
mod data;
mod derives;
mod error;
mod function;
mod keys;
mod middleware;
mod migration;
mod migrations;
mod pod;
mod rename;
mod route;
mod row;
mod serde;
mod table;
mod test;

pub(crate) use column::{COLUMN_ATTRIBUTES, Column, Default, OnDelete, References};
pub(crate) use column_type::{ColumnType, Shape};
pub(crate) use data::Data;
pub(crate) use derives::{derived, derives_debug, missing_derives, missing_derives_of, skip_value};
pub(crate) use error::{ERROR_ATTRIBUTES, ErrorEnum, ErrorVariant, Told, is_type};
pub(crate) use function::{Function, FunctionTokens, Kind, KindWords, Parameter};
pub(crate) use keys::{AppKeys, FunctionKeys, Listed, TableKeys, no_keys};
pub(crate) use middleware::Middleware;
pub(crate) use migration::Migration;
pub(crate) use migrations::{CrateMigrations, checksum, migrations_of_the_crate, number_of};
pub(crate) use pod::{Pod, ReadyMade};
pub(crate) use rename::Rule;
pub(crate) use route::{METHODS, Route};
pub(crate) use row::Row;
pub(crate) use serde::{Serde, says};
pub(crate) use table::{Index, TABLE_ATTRIBUTES, Table};
pub(crate) use test::Test;
