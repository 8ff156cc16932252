//! `_edgepod_jobs`: what is to be done later, and what became of it. A row is written in the transaction of whoever asks for the
//! job, and ended in the transaction of what it does.

use crate::{
    engine::JobState,
    sqlite::{Database, SqlError, Value},
    tracking::{ColumnId, Footprint, Topic, TopicKey},
};

/// The table, as topics name it.
pub(in crate::engine) use edgepod_manifest::JOBS_TABLE as TABLE;

/// The column of a job's topic.
const ID: ColumnId = ColumnId(0);

/// How long a job that has ended is remembered, in microseconds: seven days.
const HISTORY: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// `open` and `at` are one index: when to look at the job next, or when it ended. `due` stays when it is tried again.
const CREATE: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS _edgepod_jobs (id INTEGER PRIMARY KEY, function TEXT NOT NULL, args TEXT NOT NULL, \
     state TEXT NOT NULL, open INTEGER NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL, \
     once INTEGER NOT NULL, cron TEXT, error TEXT) STRICT",
    "CREATE INDEX IF NOT EXISTS _edgepod_jobs_at ON _edgepod_jobs (open, at)",
    "CREATE UNIQUE INDEX IF NOT EXISTS _edgepod_jobs_cron ON _edgepod_jobs (function) WHERE cron IS NOT NULL",
];

const INSERT: &str = "INSERT INTO _edgepod_jobs (function, args, state, open, at, due, tries, once, cron) \
     VALUES (?1, ?2, 'waiting', 1, ?3, ?3, 0, ?4, ?5) RETURNING id";

/// Each job that comes makes room for itself. The newest stays: the next is to have a name that no other had.
const FORGET: &str = "DELETE FROM _edgepod_jobs WHERE id IN (SELECT id FROM _edgepod_jobs WHERE open = 0 \
     AND at < CAST(?1 AS INTEGER) ORDER BY at LIMIT 2) AND id < (SELECT max(id) FROM _edgepod_jobs)";

const UPDATE: &str = "UPDATE _edgepod_jobs SET state = ?2, open = ?3, at = CAST(?4 AS INTEGER), due = CAST(?5 AS INTEGER), \
     tries = ?6, error = ?7 WHERE id = CAST(?1 AS INTEGER) AND state = ?8";

const NEXT: &str =
    "SELECT at FROM _edgepod_jobs WHERE open = 1 AND state = 'waiting' ORDER BY at LIMIT 1";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, function, args, state, at, due, tries, once, cron, error FROM _edgepod_jobs WHERE ",
            $rest
        )
    };
}

const DUE: &str =
    select!("open = 1 AND at <= CAST(?1 AS INTEGER) AND state = 'waiting' ORDER BY at, id LIMIT 1");
const RUNNING: &str = select!("open = 1 AND state = 'running'");
const CRONS: &str = select!("cron IS NOT NULL");
const ONE: &str = select!("id = CAST(?1 AS INTEGER)");
const PAGE: &str = select!(
    "CASE WHEN ?1 IS NULL THEN open = 1 OR state = 'failed' ELSE state = ?1 END \
     ORDER BY CASE state WHEN 'failed' THEN 0 WHEN 'running' THEN 1 WHEN 'waiting' THEN 2 ELSE 3 END, \
     CASE open WHEN 1 THEN at ELSE -at END, id LIMIT CAST(?2 AS INTEGER)"
);
const LIST: &str = select!("?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT CAST(?2 AS INTEGER)");

/// A job as it is stored; times are microseconds since 1970.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Row {
    pub(in crate::engine) id: i64,
    pub(in crate::engine) function: String,
    pub(in crate::engine) args: String,
    pub(in crate::engine) state: JobState,
    /// When it is looked at next, or when it ended.
    pub(in crate::engine) at: i64,
    /// When it was to be done at first.
    pub(in crate::engine) due: i64,
    pub(in crate::engine) tries: i64,
    pub(in crate::engine) once: bool,
    /// The schedule of a cron.
    pub(in crate::engine) cron: Option<String>,
    pub(in crate::engine) error: Option<String>,
}

/// A job that comes.
pub(in crate::engine) struct New<'a> {
    pub(in crate::engine) function: &'a str,
    pub(in crate::engine) args: &'a str,
    pub(in crate::engine) due: i64,
    pub(in crate::engine) once: bool,
    pub(in crate::engine) cron: Option<&'a str>,
}

impl Row {
    /// It is tried again, now and as often as a new one.
    pub(in crate::engine) fn try_again(&mut self, now: i64) {
        self.state = JobState::Waiting;
        self.at = now;
        self.tries = 0;
    }

    /// It is called off.
    pub(in crate::engine) fn call_off(&mut self, now: i64) {
        self.state = JobState::Cancelled;
        self.at = now;
    }

    fn read(values: &[Value]) -> Option<Self> {
        let [
            Value::Integer(id),
            Value::Text(function),
            Value::Text(args),
            Value::Text(state),
            Value::Integer(at),
            Value::Integer(due),
            Value::Integer(tries),
            Value::Integer(once),
            cron,
            error,
        ] = values
        else {
            return None;
        };
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        Some(Self {
            id: *id,
            function: function.clone(),
            args: args.clone(),
            state: JobState::parse(state)?,
            at: *at,
            due: *due,
            tries: *tries,
            once: *once != 0,
            cron: text(cron),
            error: text(error),
        })
    }

    /// Stores what has changed, where the job is still in this state; whether it was.
    ///
    /// # Errors
    /// SQLite's message.
    pub(in crate::engine) fn update(
        &self,
        database: &dyn Database,
        from: JobState,
    ) -> Result<bool, SqlError> {
        let params = [
            Value::Integer(self.id),
            Value::Text(self.state.as_str().to_owned()),
            Value::Integer(self.state.is_open().into()),
            Value::Integer(self.at),
            Value::Integer(self.due),
            Value::Integer(self.tries),
            self.error.clone().map_or(Value::Null, Value::Text),
            Value::Text(from.as_str().to_owned()),
        ];
        Ok(database.run(UPDATE, &params)?.changes > 0)
    }
}

/// Stores a job; its name. The table is made by the first.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn insert(
    database: &dyn Database,
    new: &New<'_>,
    now: i64,
) -> Result<i64, SqlError> {
    let params = [
        Value::Text(new.function.to_owned()),
        Value::Text(new.args.to_owned()),
        Value::Integer(new.due),
        Value::Integer(new.once.into()),
        new.cron
            .map_or(Value::Null, |cron| Value::Text(cron.to_owned())),
    ];
    let inserted = match database.run(INSERT, &params) {
        Err(error) if is_missing(&error) => {
            for sql in CREATE {
                database.run(sql, &[])?;
            }
            database.run(INSERT, &params)?
        }
        inserted => inserted?,
    };
    database.run(FORGET, &[Value::Integer(now - HISTORY)])?;
    match inserted.rows.into_values().first() {
        Some(Value::Integer(id)) => Ok(*id),
        other => Err(SqlError {
            message: format!("the name of a new job was {other:?}"),
        }),
    }
}

fn is_missing(error: &SqlError) -> bool {
    error.message.contains("no such table: _edgepod_jobs")
}

/// The jobs that a statement gives; none where there is no table yet.
fn select(database: &dyn Database, sql: &str, params: &[Value]) -> Result<Vec<Row>, SqlError> {
    match database.run(sql, params) {
        Err(error) if is_missing(&error) => Ok(Vec::new()),
        found => Ok(found?.rows.iter().filter_map(Row::read).collect()),
    }
}

/// The job that waits and whose time came first.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn due(database: &dyn Database, now: i64) -> Result<Option<Row>, SqlError> {
    Ok(select(database, DUE, &[Value::Integer(now)])?.pop())
}

/// The jobs that are being done, or were when their process ended.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn running(database: &dyn Database) -> Result<Vec<Row>, SqlError> {
    select(database, RUNNING, &[])
}

/// The crons.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn crons(database: &dyn Database) -> Result<Vec<Row>, SqlError> {
    select(database, CRONS, &[])
}

/// The job of this name.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn find(database: &dyn Database, id: i64) -> Result<Option<Row>, SqlError> {
    Ok(select(database, ONE, &[Value::Integer(id)])?.pop())
}

/// The newest jobs, of one state or of all.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn list(
    database: &dyn Database,
    state: Option<JobState>,
    limit: i64,
) -> Result<Vec<Row>, SqlError> {
    select(database, LIST, &[name(state), Value::Integer(limit)])
}

/// Jobs of one state, or all that are parked or still to be done: the parked ones first.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn page(
    database: &dyn Database,
    state: Option<JobState>,
    limit: i64,
) -> Result<Vec<Row>, SqlError> {
    select(database, PAGE, &[name(state), Value::Integer(limit)])
}

fn name(state: Option<JobState>) -> Value {
    state.map_or(Value::Null, |state| Value::Text(state.as_str().to_owned()))
}

/// When the next job is to be done.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn next(database: &dyn Database) -> Result<Option<i64>, SqlError> {
    let found = match database.run(NEXT, &[]) {
        Err(error) if is_missing(&error) => return Ok(None),
        found => found?,
    };
    match found.rows.into_values().first() {
        Some(Value::Integer(at)) => Ok(Some(*at)),
        _ => Ok(None),
    }
}

/// Forgets a cron that the program no longer has.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn delete(database: &dyn Database, id: i64) -> Result<(), SqlError> {
    let sql = "DELETE FROM _edgepod_jobs WHERE id = CAST(?1 AS INTEGER)";
    database.run(sql, &[Value::Integer(id)]).map(drop)
}

/// The topic of a job, or of all jobs.
pub(in crate::engine) fn topic(key: &TopicKey, id: Option<i64>) -> Footprint {
    let topic = match id {
        Some(id) => Topic::at(key, TABLE, ID, &Value::Integer(id)),
        None => Topic::whole(TABLE),
    };
    Footprint::from(&topic)
}
