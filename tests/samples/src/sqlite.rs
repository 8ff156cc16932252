//! A SQLite in memory, with its authorizer listening.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use edgepod_runtime::{
    db::{Database, JsonOutput, Output, RowFormat, Rows, SqlError, Value},
    tracking::{Plan, TableSet, Tracker},
};
use rusqlite::{
    Connection,
    config::DbConfig,
    ffi,
    hooks::{AuthAction, AuthContext, Authorization},
    types::{Value as SqliteValue, ValueRef},
};

pub type Names = BTreeSet<String>;

/// What the authorizer was asked while a statement was prepared.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Asked {
    pub reads: Names,
    pub writes: Names,
}

pub struct Sqlite {
    connection: Mutex<Connection>,
    asked: Arc<Mutex<Asked>>,
    pub tracker: Tracker,
}

/// SQLite's switch for its optimisations (`SQLITE_TESTCTRL_OPTIMIZATIONS`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Optimiser {
    On,
    /// Nothing that a statement names is left out of its program.
    Off,
}

impl Sqlite {
    pub fn new(optimiser: Optimiser) -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .pragma_update(None, "foreign_keys", true)
            .unwrap();
        if optimiser == Optimiser::Off {
            // SAFETY: the handle is open, and this control takes one integer.
            unsafe {
                ffi::sqlite3_test_control(
                    ffi::SQLITE_TESTCTRL_OPTIMIZATIONS,
                    connection.handle(),
                    -1_i32,
                );
            }
        }
        let asked = Arc::new(Mutex::new(Asked::default()));
        let notes = asked.clone();
        connection
            .authorizer(Some(move |context: AuthContext<'_>| {
                let mut asked = notes.lock().unwrap();
                match context.action {
                    AuthAction::Read { table_name, .. } => {
                        asked.reads.insert(table_name.to_owned());
                    }
                    AuthAction::Insert { table_name }
                    | AuthAction::Delete { table_name }
                    | AuthAction::Update { table_name, .. } => {
                        asked.writes.insert(table_name.to_owned());
                    }
                    _ => {}
                }
                Authorization::Allow
            }))
            .unwrap();
        Self {
            connection: Mutex::new(connection),
            asked,
            tracker: Tracker::default(),
        }
    }

    /// Makes a schema.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.connection
            .lock()
            .unwrap()
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// What the authorizer is asked of a statement; `None` where SQLite does not take it.
    pub fn authorizer(&self, sql: &str) -> Result<Asked, String> {
        *self.asked.lock().unwrap() = Asked::default();
        let connection = self.connection.lock().unwrap();
        connection.prepare(sql).map_err(|error| error.to_string())?;
        Ok(std::mem::take(&mut *self.asked.lock().unwrap()))
    }

    /// The tracker's answer; every `?` is bound to NULL.
    pub fn plan(&self, sql: &str) -> Result<Arc<Plan>, SqlError> {
        self.tracker.plan(self, sql, &[])
    }

    /// Changes rows, and nothing else: no trigger, no foreign key.
    #[track_caller]
    pub fn only_rows(&self, sql: &str) {
        let switch = |on: bool| {
            let connection = self.connection.lock().unwrap();
            connection.pragma_update(None, "foreign_keys", on).unwrap();
            connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, on)
                .unwrap();
        };
        switch(false);
        self.execute(sql);
        switch(true);
    }

    pub fn integer(&self, sql: &str) -> i64 {
        self.connection
            .lock()
            .unwrap()
            .query_row(sql, (), |row| row.get(0))
            .unwrap_or_else(|error| panic!("{error}: {sql}"))
    }
}

impl Database for Sqlite {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        assert!(params.is_empty(), "parameters are NULL here");
        let failure = |error: rusqlite::Error| SqlError {
            message: error.to_string(),
        };
        let connection = self.connection.lock().unwrap();
        let before = connection.total_changes();
        let mut statement = connection.prepare(sql).map_err(failure)?;
        let nulls = vec![SqliteValue::Null; statement.parameter_count()];
        let mut rows = statement
            .query(rusqlite::params_from_iter(nulls))
            .map_err(failure)?;
        let (mut width, mut values) = (0, Vec::new());
        while let Some(row) = rows.next().map_err(failure)? {
            width = row.as_ref().column_count();
            for i in 0..width {
                values.push(match row.get_ref(i).unwrap() {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(n) => Value::Integer(n),
                    ValueRef::Real(x) => Value::Real(x),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
                });
            }
        }
        Ok(Output {
            rows: Rows::new(width, values),
            changes: connection.total_changes() - before,
        })
    }

    fn run_json(&self, _: &str, _: &[Value]) -> Result<JsonOutput, SqlError> {
        unreachable!("the tracker reads values")
    }
}

pub fn names(set: &TableSet) -> Names {
    set.iter().map(|name| name.as_str().to_owned()).collect()
}
