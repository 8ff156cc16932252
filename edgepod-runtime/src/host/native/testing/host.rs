//! The ports of the engine in a test: a database in memory, and the test itself for everything else.

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    super::database::{Location, NativeDatabase},
    clock::{self, Clock},
};
use crate::{
    engine::{Host, Record, SocketId},
    sqlite::{Database, End, JsonOutput, Output, RowFormat, SqlError, Transactions, Value},
};

pub(super) struct TestHost {
    database: NativeDatabase,
    pub(super) clock: Arc<Clock>,
    vars: Mutex<HashMap<String, String>>,
    /// What the engine has sent to sockets and nobody has read yet.
    sent: Mutex<Vec<(SocketId, String)>>,
    log: Mutex<Vec<String>>,
    starts: AtomicI64,
}

impl TestHost {
    pub(super) fn new() -> Result<Self, SqlError> {
        let database = NativeDatabase::open(&Location::Memory)?;
        let clock = Arc::new(Clock::new());
        database.adapt(|connection| clock::govern(connection, &clock))?;
        Ok(Self {
            database,
            clock,
            vars: Mutex::default(),
            sent: Mutex::default(),
            log: Mutex::default(),
            starts: AtomicI64::new(0),
        })
    }

    pub(super) fn set_var(&self, name: &str, value: &str) {
        lock(&self.vars).insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn take_sent(&self) -> Vec<(SocketId, String)> {
        mem::take(&mut lock(&self.sent))
    }

    pub(super) fn logged(&self) -> Vec<String> {
        lock(&self.log).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database for TestHost {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        self.database.run(sql, params)
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        self.database.run_json(sql, params)
    }
}

impl Transactions for TestHost {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        self.database.transaction(body)
    }

    fn exclusive(&self, body: &mut dyn FnMut()) {
        self.database.exclusive(body);
    }
}

impl Host for TestHost {
    fn send(&self, socket: SocketId, message: &str) {
        lock(&self.sent).push((socket, message.to_owned()));
    }

    /// A crash ends sockets, too: nothing is restored from what was kept with them.
    fn remember(&self, _socket: SocketId, _attachment: &str) {}

    fn now_micros(&self) -> i64 {
        self.clock.now()
    }

    /// The clock may stand still between two lives.
    fn began_micros(&self) -> i64 {
        self.clock.now() + self.starts.fetch_add(1, Ordering::Relaxed)
    }

    fn var(&self, name: &str) -> Option<String> {
        lock(&self.vars).get(name).cloned()
    }

    /// The test harness shows standard error of tests that fail.
    fn log(&self, record: &Record<'_>) {
        let line = record.to_string();
        eprintln!("{line}");
        lock(&self.log).push(line);
    }
}
