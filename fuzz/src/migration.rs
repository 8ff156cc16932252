//! The text of a migration: run statement by statement it does what SQLite makes of it as a whole, or it is refused.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use edgepod_sql::{created, forbidden_word, outermost, quote, statement_kind, statements, tokens};
use rusqlite::{Connection, config::DbConfig, limits::Limit};

/// Calls of SQLite's progress handler, after each thousand of its steps, that a text may take.
const STEPS: u32 = 500;

struct Database {
    connection: Connection,
    steps: Arc<AtomicU32>,
}

impl Database {
    /// One that cannot leave its memory.
    fn new() -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_LENGTH, 100_000),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
            (Limit::SQLITE_LIMIT_COLUMN, 100),
        ] {
            connection.set_limit(limit, value)?;
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        connection.execute_batch("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT)")?;
        let steps = Arc::<AtomicU32>::default();
        let counted = steps.clone();
        connection.progress_handler(
            1000,
            Some(move || counted.fetch_add(1, Ordering::Relaxed) > STEPS),
        )?;
        Ok(Self { connection, steps })
    }

    /// The text of everything that was made.
    fn schema(&self) -> rusqlite::Result<Vec<(String, Option<String>)>> {
        self.steps.store(0, Ordering::Relaxed);
        self.connection
            .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name, rowid")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    fn was_interrupted(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > STEPS
    }
}

/// Reads the text of a file of migrations as the build does, and runs it.
///
/// # Panics
/// When its statements do another thing than the text.
pub fn migration(input: &[u8]) {
    let text = String::from_utf8_lossy(input).replace("\r\n", "\n");
    // What is read of a statement without SQLite, for any text.
    let _ = (statement_kind(&text), created(&text));
    let length: usize = tokens(&text)
        .map(|token| {
            assert!(text.get(token.start..token.end()).is_some());
            token.end() - token.start
        })
        .sum();
    assert!(length <= text.len());
    assert!(outermost(&text).count() <= tokens(&text).count());
    let name = quote(&text);
    if !text.contains('\0') {
        assert_eq!(tokens(&name).count(), 1, "{name}");
    }
    // Both are refused by the build.
    if text.contains('\0') || statements(&text).any(|sql| forbidden_word(sql).is_some()) {
        return;
    }
    let whole = Database::new().expect("a database");
    let parts = Database::new().expect("a database");
    let expected = whole.connection.execute_batch(&text);
    let result = statements(&text).try_for_each(|sql| {
        assert!(
            statement_kind(sql) != Err(edgepod_sql::Refusal::Several),
            "{sql:?}"
        );
        parts.connection.execute_batch(sql)
    });
    if whole.was_interrupted() || parts.was_interrupted() {
        return;
    }
    assert_eq!(
        result.is_ok(),
        expected.is_ok(),
        "{result:?}, and as a whole {expected:?}"
    );
    let schema = |database: &Database| database.schema().expect("a schema");
    assert_eq!(schema(&parts), schema(&whole));
}
