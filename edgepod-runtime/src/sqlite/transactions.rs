//! The port of transactions.

use super::{Database, SqlError};

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What was written stays.
    Commit,
    /// The database is as it was.
    Rollback,
}

/// A database with transactions, one at a time.
pub trait Transactions: Database {
    /// Runs `body` in a transaction and ends it as `body` says. While it runs, nobody else uses the database. It is called
    /// exactly once.
    ///
    /// # Errors
    /// When SQLite cannot begin or commit; then nothing was written.
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError>;

    /// Runs `body` while nobody else uses the database: all that it reads is of one moment.
    fn exclusive(&self, body: &mut dyn FnMut());
}
