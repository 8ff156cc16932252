//! The ground: what the engine needs of a SQLite, whoever runs it.
//!
//! A host implements [`Database`] and [`Transactions`]; whatever stands above it speaks in [`Value`]s, [`Rows`] and SQL text, and
//! knows nothing else of where it runs.

mod database;
mod transactions;
mod value;

pub use database::{Database, JsonOutput, Output, RowFormat, SqlError};
pub use transactions::{End, Transactions};
pub use value::{Rows, Value};
