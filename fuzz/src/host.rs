//! A host whose sockets keep what is sent to them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use edgepod_runtime::{
    db::{Rows, Value},
    engine::{Host, Record, SocketId},
    sqlite::{Database, End, JsonOutput, Output, RowFormat, SqlError, Transactions},
};
use rusqlite::{Connection, params_from_iter, types};

/// The host, with a database in memory.
pub(crate) struct Recorder {
    connection: Mutex<Connection>,
    sent: Mutex<Vec<(SocketId, String)>>,
    remembered: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            connection: Mutex::new(Connection::open_in_memory().expect("a database")),
            sent: Mutex::default(),
            remembered: Mutex::default(),
        }
    }

    /// What was sent since this was asked last.
    pub(crate) fn sent(&self) -> Vec<(SocketId, String)> {
        std::mem::take(&mut lock(&self.sent))
    }

    /// What was kept with sockets since this was asked last.
    pub(crate) fn remembered(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.remembered))
    }
}

fn failure(error: rusqlite::Error) -> SqlError {
    SqlError {
        message: error.to_string(),
    }
}

fn to_sqlite(value: &Value) -> types::Value {
    match value {
        Value::Null => types::Value::Null,
        Value::Integer(n) => types::Value::Integer(*n),
        Value::Real(x) => types::Value::Real(*x),
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Blob(bytes) => types::Value::Blob(bytes.clone()),
    }
}

fn from_sqlite(value: types::Value) -> Value {
    match value {
        types::Value::Null => Value::Null,
        types::Value::Integer(n) => Value::Integer(n),
        types::Value::Real(x) => Value::Real(x),
        types::Value::Text(text) => Value::Text(text),
        types::Value::Blob(bytes) => Value::Blob(bytes),
    }
}

impl Database for Recorder {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        let connection = lock(&self.connection);
        let before = connection.total_changes();
        let mut statement = connection.prepare(sql).map_err(failure)?;
        let width = statement.column_count();
        let mut rows = statement
            .query(params_from_iter(params.iter().map(to_sqlite)))
            .map_err(failure)?;
        let mut values = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            for column in 0..width {
                values.push(from_sqlite(row.get(column).map_err(failure)?));
            }
        }
        drop(rows);
        let width = if values.is_empty() { 0 } else { width };
        Ok(Output {
            rows: Rows::new(width, values),
            changes: connection.total_changes() - before,
        })
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        let output = self.run(sql, params)?;
        let texts: Vec<&str> = output
            .rows
            .iter()
            .filter_map(|row| match row {
                [Value::Text(text), ..] => Some(&**text),
                _ => None,
            })
            .collect();
        Ok(JsonOutput {
            json: texts.join(","),
            changes: output.changes,
        })
    }
}

impl Transactions for Recorder {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        let execute = |sql| lock(&self.connection).execute_batch(sql).map_err(failure);
        execute("BEGIN")?;
        match body() {
            End::Commit => execute("COMMIT"),
            End::Rollback => execute("ROLLBACK"),
        }
    }

    fn exclusive(&self, body: &mut dyn FnMut()) {
        body();
    }
}

impl Host for Recorder {
    fn send(&self, socket: SocketId, message: &str) {
        lock(&self.sent).push((socket, message.to_owned()));
    }

    fn remember(&self, _socket: SocketId, attachment: &str) {
        lock(&self.remembered).push(attachment.to_owned());
    }

    fn now_micros(&self) -> i64 {
        1_700_000_000_000_000
    }

    fn var(&self, _name: &str) -> Option<String> {
        None
    }

    fn log(&self, _record: &Record<'_>) {}
}
