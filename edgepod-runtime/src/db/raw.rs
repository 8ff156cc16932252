//! SQL as text, on the user's own responsibility.

use super::{Connection, Rows, Value};
use crate::{Error, Result};

/// The database without tracking and without guards: what `ctx.unsafe_raw_db` is.
///
/// Nothing that it reads subscribes anybody and nothing that it writes is announced: call `ctx.subscribe_to` and
/// `ctx.invalidate` for that. It is still in the function's transaction.
#[derive(Clone)]
pub struct RawDb {
    connection: Connection,
}

impl RawDb {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Runs one statement with `?` for its parameters, and returns its rows. On a Durable Object integers beyond 2^53 come
    /// back rounded: select them as `CAST(… AS TEXT)`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn run(&self, sql: &str, params: &[Value]) -> Result<Rows> {
        Ok(self
            .connection
            .database()
            .run(sql, params)
            .map_err(|error| Error::internal(format!("SQLite: {error}. {sql}")))?
            .rows)
    }
}
