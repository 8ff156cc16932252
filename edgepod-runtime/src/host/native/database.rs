//! The SQLite of this process.

use std::{
    cell::Cell,
    fs::OpenOptions,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use rusqlite::{
    Connection, ToSql,
    limits::Limit,
    types::{ToSqlOutput, ValueRef},
};

use super::{authorizer, durable::Durable, lock::private, math, patience::Patience};
use crate::{
    host::wal,
    sqlite::{End, JsonOutput, Output, Rows, SqlError, Value, result_limit, result_too_large},
};

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory: gone with the server.
    Memory,
    /// In a file, made where it is missing.
    File(PathBuf),
}

/// One connection, used by one thread at a time; the thread that has it may take it again.
pub(super) struct NativeDatabase {
    held: ReentrantMutex<Held>,
    patience: Arc<Patience>,
    /// The most bytes of a result.
    result_limit: usize,
    /// Where replies wait for the disk.
    durable: Option<Arc<Durable>>,
}

struct Held {
    connection: Connection,
    /// How often the thread that has it has taken it.
    depth: Cell<u32>,
    /// Whether a transaction is under way.
    transaction: Cell<bool>,
    /// What SQLite counts when another connection commits.
    data_version: Cell<Option<i64>>,
}

/// The connection, for as long as this lives.
struct Hold<'a> {
    held: ReentrantMutexGuard<'a, Held>,
    patience: &'a Patience,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let depth = self.held.depth.get() - 1;
        self.held.depth.set(depth);
        if depth == 0 {
            self.patience.end();
        }
    }
}

/// Statements that stay prepared.
const STATEMENTS: usize = 256;

/// After so many of SQLite's steps it is asked whether the time is over: well below a millisecond.
const STEPS: i32 = 10_000;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

impl NativeDatabase {
    pub(super) fn open(location: &Location) -> Result<Self, SqlError> {
        Self::open_with_cache(location, None)
    }

    /// With at most so many KiB of pages in memory; without, as many as SQLite keeps.
    pub(super) fn open_with_cache(
        location: &Location,
        cache: Option<i64>,
    ) -> Result<Self, SqlError> {
        let mut connection = match location {
            Location::Memory => Connection::open_in_memory(),
            Location::File(path) => {
                make_private(path)?;
                check_log(path)?;
                Connection::open(path)
            }
        }
        .map_err(failure)?;
        if let Some(cache) = cache {
            connection
                .pragma_update(None, "cache_size", -cache)
                .map_err(failure)?;
        }
        Self::prepare(&mut connection).map_err(failure)?;
        let patience = Arc::new(Patience::new());
        let asked = patience.clone();
        connection
            .progress_handler(STEPS, Some(move || asked.is_over()))
            .map_err(failure)?;
        Ok(Self {
            held: ReentrantMutex::new(Held {
                connection,
                depth: Cell::new(0),
                transaction: Cell::new(false),
                data_version: Cell::new(None),
            }),
            patience,
            result_limit: result_limit(None),
            durable: None,
        })
    }

    /// With at most so many bytes in a result.
    pub(super) fn limited(mut self, result_limit: usize) -> Self {
        self.result_limit = result_limit;
        self
    }

    /// What is told of it when something is committed.
    pub(super) fn telling(mut self, durable: Option<Arc<Durable>>) -> Self {
        self.durable = durable;
        self
    }

    pub(super) fn durable(&self) -> Option<&Arc<Durable>> {
        self.durable.as_ref()
    }

    fn committed(&self) {
        if let Some(durable) = &self.durable {
            durable.committed();
        }
    }

    /// Does something to the connection that only this host knows of.
    pub(super) fn adapt(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), SqlError> {
        change(&self.hold().held.connection).map_err(failure)
    }

    /// From now on a call may use the database so long.
    pub(super) fn limit(&self, limit: Duration) {
        self.patience.limit(limit);
    }

    /// Looks whether the file is whole, as far as that goes in so much time: a damaged one is found now and not by a call.
    /// Returns whether there was time for all of it.
    pub(super) fn check(&self, time: Duration) -> Result<bool, SqlError> {
        let hold = self.hold();
        self.patience.begin_for(time);
        let found = hold
            .held
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
            .map_err(failure);
        match found {
            Ok(text) if text == "ok" => Ok(true),
            Ok(text) => Err(SqlError {
                message: format!("the file is damaged: {text}"),
            }),
            Err(error) if error == interrupted() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn hold(&self) -> Hold<'_> {
        let held = self.held.lock();
        let depth = held.depth.get();
        if depth == 0 {
            self.patience.begin();
        }
        held.depth.set(depth + 1);
        Hold {
            held,
            patience: &self.patience,
        }
    }

    fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Safe against a crash of the process; a power cut may lose the last transactions, never the file.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A double-quoted word is a name, never a text: a misspelt column is an error, as on the platform.
        use rusqlite::config::DbConfig;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // The platform's limits, so that what passes here passes there.
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_LENGTH, 2_000_000),
            (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
            (Limit::SQLITE_LIMIT_COLUMN, 100),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
        ] {
            connection.set_limit(limit, value)?;
        }
        math::register(connection)?;
        authorizer::restrict(connection)
    }

    pub(super) fn exclusive<T>(&self, body: impl FnOnce() -> T) -> T {
        let _hold = self.hold();
        body()
    }

    pub(super) fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        let hold = self.hold();
        let connection = &hold.held.connection;
        let execute = |sql: &str| -> Result<(), SqlError> {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(()))
                .map(drop)
                .map_err(failure)
        };
        execute("BEGIN IMMEDIATE")?;
        hold.held.transaction.set(true);
        let outcome = body();
        hold.held.transaction.set(false);
        let is_over = self.patience.is_over();
        // What has begun to end is ended.
        self.patience.end();
        // SQLite may have rolled back by itself: what it interrupts, and when the disk is full.
        let roll_back = || match connection.is_autocommit() {
            true => Ok(()),
            false => execute("ROLLBACK"),
        };
        let committed = match outcome {
            End::Rollback => return roll_back(),
            End::Commit if is_over => Err(interrupted()),
            End::Commit => execute("COMMIT"),
        };
        match committed {
            Ok(()) => self.committed(),
            Err(_) => roll_back()?,
        }
        committed
    }

    /// Whether another connection, such as another process's, has committed since this was last asked. Also where that is not
    /// known.
    pub(super) fn changed_elsewhere(&self) -> bool {
        let hold = self.hold();
        let version = hold
            .held
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .ok();
        hold.held.data_version.replace(version) != version || version.is_none()
    }

    pub(super) fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        let mut values = Vec::new();
        let mut bytes = 0;
        let (changes, width) = self.each(sql, params, |row, width| {
            for i in 0..width {
                let value = row.get_ref(i).map_err(failure)?;
                bytes += size(value);
                if bytes > self.result_limit {
                    return Err(result_too_large(self.result_limit));
                }
                values.push(owned(value)?);
            }
            Ok(())
        })?;
        Ok(Output {
            rows: Rows::new(width, values),
            changes,
        })
    }

    pub(super) fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        let mut json = String::new();
        let (changes, _) = self.each(sql, params, |row, _| {
            if !json.is_empty() {
                json.push(',');
            }
            let text = row.get_ref(0).and_then(|text| Ok(text.as_str()?));
            let text = text.map_err(failure)?;
            if json.len() + text.len() > self.result_limit {
                return Err(result_too_large(self.result_limit));
            }
            json.push_str(text);
            Ok(())
        })?;
        Ok(JsonOutput { json, changes })
    }

    /// Runs a statement, with each of its rows and their width; the rows that it changed, and the width also where there is none.
    fn each(
        &self,
        sql: &str,
        params: &[Value],
        mut row: impl FnMut(&rusqlite::Row<'_>, usize) -> Result<(), SqlError>,
    ) -> Result<(u64, usize), SqlError> {
        let hold = self.hold();
        // A function may not have minded the error of the statement before.
        if self.patience.is_over() {
            return Err(interrupted());
        }
        let connection = &hold.held.connection;
        if hold.held.transaction.get() && connection.is_autocommit() {
            return Err(SqlError {
                message: "the transaction was rolled back by an error before".to_owned(),
            });
        }
        let before = connection.total_changes();
        let mut kept = connection.prepare_cached(sql).map_err(failure)?;
        let mut once;
        // SQLite does not look at the schema's version before it explains: a statement that was prepared before a change tells
        // of tables that are no more, from memory that is no more.
        let statement = if kept.is_explain() == 0 {
            &mut *kept
        } else {
            kept.discard();
            once = connection.prepare(sql).map_err(failure)?;
            &mut once
        };
        let width = statement.column_count();
        let writes = !statement.readonly();
        let mut rows = statement
            .query(rusqlite::params_from_iter(params))
            .map_err(failure)?;
        while let Some(next) = rows.next().map_err(failure)? {
            row(next, width)?;
        }
        // Also what changes no row, as a table that is made.
        if writes && connection.is_autocommit() {
            self.committed();
        }
        Ok((connection.total_changes() - before, width))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(n) => ValueRef::Integer(*n),
            Value::Real(x) => ValueRef::Real(*x),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What a value takes in a result, about.
fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) => bytes.len() + 4,
        // They travel as text of twice the length.
        ValueRef::Blob(bytes) => 2 * bytes.len() + 4,
        _ => 8,
    }
}

/// JSON, in which the platform hands over rows, cannot write it.
const INFINITE: &str = "the statement returns a number that is infinite";

/// Text that is no UTF-8 reads as on the platform, with U+FFFD in place of what is none. EXPLAIN writes such, of a blob that
/// stands in a statement.
fn owned(value: ValueRef<'_>) -> Result<Value, SqlError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Integer(n),
        ValueRef::Real(x) if x.is_infinite() => {
            return Err(SqlError {
                message: INFINITE.to_owned(),
            });
        }
        ValueRef::Real(x) => Value::Real(x),
        // Nearly all are UTF-8, which is seen faster than what is not is found.
        ValueRef::Text(text) => Value::Text(match std::str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(text).into_owned(),
        }),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    })
}

/// Makes a database that is not there yet a file that only its owner may read. SQLite gives the files beside it the same
/// mode.
pub(super) fn make_private(path: &Path) -> Result<(), SqlError> {
    private(OpenOptions::new().append(true).create(true))
        .open(path)
        .map(drop)
        .map_err(|error| SqlError {
            message: format!("{}: {error}", path.display()),
        })
}

/// Refuses a write-ahead log of which SQLite would forget what was committed. It may not be opened first: then it has.
pub(super) fn check_log(path: &Path) -> Result<(), SqlError> {
    let message = match wal::damage(path) {
        Ok(None) => return Ok(()),
        Ok(Some(damage)) => format!(
            "the write-ahead log {0}-wal is damaged: {damage}. Keep a copy of both files. Then go back to a backup, or go on with \
             what is left: sqlite3 {0} 'PRAGMA wal_checkpoint(TRUNCATE)'",
            path.display()
        ),
        Err(error) => format!(
            "the write-ahead log {}-wal cannot be read: {error}",
            path.display()
        ),
    };
    Err(SqlError { message })
}

/// As SQLite says it.
fn interrupted() -> SqlError {
    SqlError {
        message: "interrupted".to_owned(),
    }
}

fn failure(error: rusqlite::Error) -> SqlError {
    SqlError {
        message: match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            other => other.to_string(),
        },
    }
}

/// Of a connection that a native app opened itself. What SQLite says is for the log.
impl From<rusqlite::Error> for crate::Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(format!("rusqlite: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Result, sqlite::exceeded};

    #[test]
    fn a_result_is_counted_while_its_rows_come() {
        let database = NativeDatabase::open(&Location::Memory)
            .unwrap()
            .limited(1000);
        // It would not end.
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'aaaaaaaa' FROM n";
        let error = database.run(endless, &[]).unwrap_err();
        assert_eq!(exceeded(&error), Some("1000"));
        let error = database.run_json(endless, &[]).unwrap_err();
        assert_eq!(exceeded(&error), Some("1000"));
        for (sql, fits) in [
            ("SELECT zeroblob(490)", true),
            ("SELECT zeroblob(500)", false),
            ("SELECT hex(zeroblob(490))", true),
        ] {
            assert_eq!(database.run(sql, &[]).is_ok(), fits, "{sql}");
        }
    }

    #[test]
    fn what_rusqlite_says_is_an_internal_error() {
        fn ask() -> Result<i64> {
            let connection = rusqlite::Connection::open_in_memory()?;
            Ok(connection.query_row("SELECT id FROM secrets", [], |row| row.get(0))?)
        }
        let error = ask().unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert!(error.to_string().contains("secrets"), "{error}");
    }
}
