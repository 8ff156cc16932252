//! The ground: what the engine needs of a SQLite, whoever runs it.
//!
//! A host implements [`Database`] and [`Transactions`]; whatever stands above it speaks in [`Value`]s, [`Rows`] and SQL text, and
//! knows nothing else of where it runs.

mod database;
mod limit;
mod transactions;
mod value;

pub use database::{Database, JsonOutput, Output, RowFormat, SqlError};
#[cfg(any(target_arch = "wasm32", test, feature = "fuzzing"))]
pub(crate) use limit::TOO_LARGE;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) use limit::result_too_large;
pub(crate) use limit::{RESULT_LIMIT, exceeded, result_limit};
pub use transactions::{End, Transactions};
pub use value::{Rows, Value};
