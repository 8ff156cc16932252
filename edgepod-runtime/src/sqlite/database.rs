//! What the engine needs of a SQLite, whoever runs it.

use std::fmt;

use super::{Rows, Value};

/// How a host hands over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// As values, exactly as they are stored ([`Database::run`]).
    Values,
    /// As JSON text that SQLite itself makes ([`Database::run_json`]), for hosts where each value that crosses costs, or
    /// loses digits. [`Database::run`] may then round integers beyond 2^53.
    Json,
}

/// The outcome of a statement.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The rows it returned.
    pub rows: Rows,
    /// Rows that it inserted, updated or deleted, through triggers and the actions of foreign keys included. Zero says
    /// that nothing changed; hosts may count the entries of indexes, too.
    pub changes: u64,
}

/// The outcome of a statement that returns one column of JSON text.
#[derive(Clone, Debug, Default)]
pub struct JsonOutput {
    /// The column's values, joined by commas.
    pub json: String,
    /// As in [`Output`].
    pub changes: u64,
}

/// What SQLite says when a statement fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// SQLite's message, for example `UNIQUE constraint failed: users.email`.
    pub message: String,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

/// One SQLite database, used by one caller at a time. Calls are synchronous: the database is in this process.
///
/// The SQL text never says where the engine is: it binds integers as `CAST(? AS INTEGER)`, so that a host may hand them
/// over as text.
pub trait Database: Send + Sync {
    /// How this host hands over rows.
    fn row_format(&self) -> RowFormat;

    /// Runs one statement to its end and returns its rows.
    ///
    /// # Errors
    /// SQLite's message.
    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError>;

    /// Runs one statement whose rows have one column of text, and returns the column joined by commas.
    ///
    /// # Errors
    /// SQLite's message.
    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError>;

    /// [`run_json`](Self::run_json) of a statement that only reads, where a host can spare itself the counting.
    ///
    /// # Errors
    /// SQLite's message.
    fn read_json(&self, sql: &str, params: &[Value]) -> Result<String, SqlError> {
        Ok(self.run_json(sql, params)?.json)
    }
}
