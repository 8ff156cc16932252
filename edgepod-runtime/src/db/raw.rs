//! SQL as text, on the user's own responsibility.

use edgepod_sql::{StatementKind, statement_kind, tokens};

use super::{Connection, Rows, Value, connection::check_rows, limits};
use crate::{Error, Result, error::run_here};

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
    /// What SQLite says. Text of more than one statement, and statements that would end the transaction or outlive it, such
    /// as `COMMIT` and `PRAGMA foreign_keys = OFF`, are refused before they run.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn run(&self, sql: &str, params: &[Value]) -> Result<Rows> {
        run_here(|| {
            let failed =
                |error: &dyn std::fmt::Display| Error::internal(format!("SQLite: {error}. {sql}"));
            limits::check(sql, params)?;
            let kind = statement_kind(sql).map_err(|refusal| failed(&refusal))?;
            let is_select = tokens(sql).next().is_some_and(|token| token.is("SELECT"));
            if !is_select && kind != StatementKind::Pragma {
                self.connection.wrote_untracked();
            }
            #[cfg(debug_assertions)]
            if kind == StatementKind::Rows {
                self.connection.explain(sql, params);
            }
            let began = self.connection.began();
            let output = self.connection.database().run(sql, params);
            if kind == StatementKind::Schema {
                self.connection.schema_changed();
            }
            let rows = output.and_then(|output| {
                // What has written returns what it was given.
                if is_select {
                    check_rows(&output.rows)?;
                }
                let (read, written) = (output.rows.len(), output.changes);
                self.connection.rows(read, written);
                self.connection.ran(began, sql, Ok((read, written)));
                Ok(output.rows)
            });
            rows.map_err(|error| {
                let error = limits::of_limit(&error).unwrap_or_else(|| failed(&error));
                self.connection.ran(began, sql, Err(&error));
                error
            })
        })
    }
}
