//! The clock of a test. It stands still until the test moves it, for Rust and for SQL; where a test in another language has the
//! app, it goes.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rusqlite::{
    Connection, Error, Result,
    functions::{Context, FunctionFlags},
    params_from_iter,
    types::Value,
};

use super::super::jobs::now_micros;
use crate::db::Timestamp;

/// 2026-01-01T00:00:00Z, in microseconds.
const BEGINNING: i64 = 1_767_225_600_000_000;

/// A time in microseconds since 1970, UTC.
pub(super) struct Clock {
    goes: bool,
    /// Where it stands; of one that goes, how far it is ahead of the system's.
    at: AtomicI64,
}

impl Default for Clock {
    /// One that stands still.
    fn default() -> Self {
        Self {
            goes: false,
            at: AtomicI64::new(BEGINNING),
        }
    }
}

impl Clock {
    /// One that goes with the system's.
    pub(super) fn going() -> Self {
        Self {
            goes: true,
            at: AtomicI64::new(0),
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.gone() + self.at.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, micros: i64) {
        self.at.store(micros - self.gone(), Ordering::Relaxed);
    }

    /// Sets it to where it began, or to the system's.
    pub(super) fn reset(&self) {
        let at = if self.goes { 0 } else { BEGINNING };
        self.at.store(at, Ordering::Relaxed);
    }

    /// How long it takes until this time, where it gets there by itself.
    pub(super) fn until(&self, micros: i64) -> Option<Duration> {
        let left = u64::try_from(micros - self.now()).unwrap_or(0);
        self.goes.then(|| Duration::from_micros(left))
    }

    fn gone(&self) -> i64 {
        if self.goes { now_micros() } else { 0 }
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp::from_micros(self.now())
            .expect("the clock is only set to what a timestamp may be")
    }
}

/// SQLite's functions of time, and at which of their arguments a time may stand.
/// Source: <https://sqlite.org/lang_datefunc.html>.
const FUNCTIONS: &[(&str, &[usize])] = &[
    ("date", &[0]),
    ("time", &[0]),
    ("datetime", &[0]),
    ("julianday", &[0]),
    ("unixepoch", &[0]),
    ("strftime", &[1]),
    ("timediff", &[0, 1]),
];

/// What SQL writes without parentheses, and which function gives the same.
const WORDS: &[(&str, &str)] = &[
    ("current_date", "date"),
    ("current_time", "time"),
    ("current_timestamp", "datetime"),
];

/// Gives a database this clock: `now` is what it says. What else the functions do, SQLite itself does.
pub(super) fn govern(connection: &Connection, clock: &Arc<Clock>) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let plain = Arc::new(Mutex::new(Connection::open_in_memory()?));
    for &(name, times) in FUNCTIONS {
        let (clock, plain) = (clock.clone(), plain.clone());
        connection.create_scalar_function(name, -1, flags, move |context| {
            let plain = plain.lock().unwrap_or_else(PoisonError::into_inner);
            compute(&plain, name, &arguments(context, times, &clock)?)
        })?;
    }
    for &(word, name) in WORDS {
        let (clock, plain) = (clock.clone(), plain.clone());
        connection.create_scalar_function(word, 0, flags, move |_| {
            let plain = plain.lock().unwrap_or_else(PoisonError::into_inner);
            compute(&plain, name, &[now(&clock)])
        })?;
    }
    Ok(())
}

fn now(clock: &Clock) -> Value {
    Value::Text(clock.timestamp().to_string())
}

/// The arguments, with the clock's time wherever SQLite would take its own.
fn arguments(context: &Context<'_>, times: &[usize], clock: &Clock) -> Result<Vec<Value>> {
    let mut arguments: Vec<Value> = (0..context.len())
        .map(|index| context.get(index))
        .collect::<Result<_>>()?;
    for &time in times {
        let Some(argument) = arguments.get_mut(time) else {
            arguments.resize(time, Value::Null);
            arguments.push(now(clock));
            continue;
        };
        let Value::Text(text) = argument else {
            continue;
        };
        if text.eq_ignore_ascii_case("now") {
            *argument = now(clock);
        } else if text.eq_ignore_ascii_case("subsec") || text.eq_ignore_ascii_case("subsecond") {
            // A modifier alone is about the present.
            arguments.insert(time, now(clock));
        }
    }
    Ok(arguments)
}

fn compute(plain: &Connection, name: &str, arguments: &[Value]) -> Result<Value> {
    let places = vec!["?"; arguments.len()].join(",");
    let sql = format!("SELECT {name}({places})");
    plain
        .prepare_cached(&sql)?
        .query_row(params_from_iter(arguments), |row| row.get(0))
        .map_err(|error| Error::UserFunctionError(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(clock: &Arc<Clock>, sql: &str) -> Value {
        let connection = Connection::open_in_memory().unwrap();
        govern(&connection, clock).unwrap();
        connection
            .query_row(&format!("SELECT {sql}"), [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn sql_goes_by_the_clock() {
        let clock = Arc::new(Clock::default());
        clock.set(BEGINNING + 1_250_000);
        for (sql, expected) in [
            ("unixepoch()", Value::Integer(1_767_225_601)),
            ("unixepoch('subsec')", Value::Real(1_767_225_601.25)),
            ("unixepoch('NOW')", Value::Integer(1_767_225_601)),
            ("unixepoch('now', '+1 hour')", Value::Integer(1_767_229_201)),
            ("date()", Value::Text("2026-01-01".into())),
            (
                "CURRENT_TIMESTAMP",
                Value::Text("2026-01-01 00:00:01".into()),
            ),
            ("strftime('%Y')", Value::Text("2026".into())),
            ("strftime('%f', 'now')", Value::Text("01.250".into())),
            (
                "timediff('now', '2025-12-31')",
                Value::Text("+0000-00-01 00:00:01.250".into()),
            ),
        ] {
            assert_eq!(asked(&clock, sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_names_a_time_is_sqlites_own_affair() {
        let clock = Arc::new(Clock::default());
        let plain = Connection::open_in_memory().unwrap();
        for sql in [
            "unixepoch('2024-02-29')",
            "date('2024-02-29', '+1 year')",
            "datetime(1e9, 'unixepoch', 'subsec')",
            "julianday(NULL)",
            "strftime('%s', '1999-12-31 23:59:59')",
            "date('nonsense')",
        ] {
            let expected: Value = plain
                .query_row(&format!("SELECT {sql}"), [], |row| row.get(0))
                .unwrap();
            assert_eq!(asked(&clock, sql), expected, "{sql}");
        }
    }
}
