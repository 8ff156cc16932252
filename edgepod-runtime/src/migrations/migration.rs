//! What a migration is.

use crate::{
    Error, Result,
    sqlite::{Database, Rows, Value},
};

/// One migration, as the build embeds it.
pub struct Migration {
    /// Its place in the order. No two have one.
    pub number: u32,
    /// The file's name without its ending, or the name that the function was given: `0002_add_posts`.
    pub name: &'static str,
    /// SHA-256 of what it does, as lower-case hex. A function's has only its name in it: code has no lasting text.
    pub checksum: &'static str,
    /// What it does.
    pub step: Step,
}

inventory::collect!(Migration);

/// What a migration does.
#[derive(Clone, Copy)]
pub enum Step {
    /// Runs these statements.
    Sql(&'static [&'static str]),
    /// Calls this function.
    Rust(fn(&MigrationDb<'_>) -> Result<()>),
}

/// The database, for a migration in Rust: SQL only, because structs show the tables as they are today and not as they were
/// at this migration.
pub struct MigrationDb<'a> {
    database: &'a dyn Database,
}

impl<'a> MigrationDb<'a> {
    pub(super) fn new(database: &'a dyn Database) -> Self {
        Self { database }
    }

    /// Runs one statement with `?` for its parameters, and returns its rows. It is in the migration's transaction. On a
    /// Durable Object integers beyond 2^53 come back rounded: select them as `CAST(… AS TEXT)`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn run(&self, sql: &str, params: &[Value]) -> Result<Rows> {
        self.database
            .run(sql, params)
            .map(|output| output.rows)
            .map_err(|error| Error::internal(format!("SQLite: {error}. {sql}")))
    }
}
