//! What the studio of `edgepod dev` asks of an engine, in a build for development: rows, edits, and what has happened lately.
//!
//! They are functions that only the admin's key reaches (`POST /_edgepod/v1/call`), so that no host has to know of them. No manifest
//! names them, and no build for release has them.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use edgepod_manifest::ADMIN_KEY;
use edgepod_sql::{Token, TokenKind, tokens};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::{
    Args, CallId, Chain, Ctx, Ended, Engine, FunctionDef, Handler, HandlerFuture, JobState,
    QueryCtx, Reply, SocketId, Work, call::CallState, explain,
};
use crate::{
    Code, Error, Result,
    db::{Cell, Value},
    tracking::Footprint,
};

/// The functions, by name.
static FUNCTIONS: [FunctionDef; 3] = [
    internal("_edgepod_events", Work::Query(plain(events))),
    internal("_edgepod_execute", Work::Function(plain(execute))),
    internal("_edgepod_select", Work::Query(plain(select))),
];

const fn internal(name: &'static str, work: Work) -> FunctionDef {
    FunctionDef {
        name,
        rust_name: name,
        location: (file!(), line!()),
        internal: true,
        runner: None,
        work,
    }
}

/// A function that nothing stands around.
const fn plain<C>(handler: Handler<C>) -> Chain<C> {
    Chain {
        keep: false,
        steps: &[],
        handler,
    }
}

/// The function of this name.
pub(super) fn function(name: &str) -> Option<&'static FunctionDef> {
    FUNCTIONS.iter().find(|def| def.name == name)
}

/// Whether a function is one of these: middleware of the app's is not around it.
pub(super) fn is_own(name: &str) -> bool {
    function(name).is_some()
}

/// Whether a function only looks, so that nobody wants to read of its calls.
pub(super) fn only_looks(name: &str) -> bool {
    function(name).is_some_and(|def| matches!(def.work, Work::Query(_)))
}

/// Rows of any SELECT.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Select {
    /// One SELECT, with a `?` for each value.
    sql: String,
    #[serde(default)]
    values: Vec<Cell>,
    /// The names of its columns.
    columns: Vec<String>,
    limit: u32,
    #[serde(default)]
    offset: u64,
}

fn select<'a>(ctx: &'a QueryCtx, args: &'a Args) -> HandlerFuture<'a> {
    Box::pin(async move {
        let asked: Select = args.parse()?;
        let inner = one_of(&asked.sql, &["SELECT", "WITH", "VALUES"])?;
        let values = values(asked.values)?;
        let found = ctx.db.select_text(
            inner,
            &values,
            &asked.columns,
            u64::from(asked.limit) + 1,
            asked.offset,
        );
        let mut rows = found.map_err(told)?;
        let more = rows.len() > asked.limit as usize;
        rows.truncate(asked.limit as usize);
        let rows = written(&rows);
        Ok(Reply::from_json(format!(
            "{{\"rows\":{rows},\"more\":{more}}}"
        )))
    })
}

/// A statement that writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Execute {
    /// One INSERT, UPDATE or DELETE without a RETURNING, with a `?` for each value.
    sql: String,
    #[serde(default)]
    values: Vec<Cell>,
    /// The columns of the rows that it wrote which are returned.
    returning: Vec<String>,
    /// How many rows it has to write.
    rows: usize,
}

fn execute<'a>(ctx: &'a Ctx, args: &'a Args) -> HandlerFuture<'a> {
    Box::pin(async move {
        let asked: Execute = args.parse()?;
        let sql = one_of(&asked.sql, &["INSERT", "UPDATE", "DELETE", "REPLACE"])?;
        if tokens(sql).any(|token| token.is("RETURNING")) {
            return Err(Error::bad_request(
                "The statement has a RETURNING: name the columns in `returning`.",
            ));
        }
        let values = values(asked.values)?;
        let done = ctx.db.execute_text(sql, &values, &asked.returning);
        let rows = done.map_err(told)?;
        if rows.len() != asked.rows {
            return Err(Error::conflict(format!(
                "It would write {} rows and not {}: they have changed meanwhile. Nothing was written.",
                rows.len(),
                asked.rows
            )));
        }
        Ok(Reply::from_json(format!("{{\"rows\":{}}}", written(&rows))))
    })
}

/// The text, where it is one statement that begins with one of these words.
fn one_of<'a>(sql: &'a str, words: &[&str]) -> Result<&'a str> {
    let all: Vec<Token<'_>> = tokens(sql).collect();
    let wrong = |what: &str| Err(Error::bad_request(format!("{what} {sql}")));
    let is_end = |token: &&Token<'_>| token.is_symbol(';');
    let [all @ .., last] = &all[..] else {
        return wrong("There is no statement.");
    };
    let body = match is_end(&last) {
        true => all,
        false => &[all, &[*last]].concat()[..],
    };
    if !body.first().is_some_and(|token| token.is_any(words)) {
        return wrong(&format!("A statement with {} is wanted:", words.join(", ")));
    }
    if body.iter().any(|token| token.is_symbol(';')) {
        return wrong("This is more than one statement:");
    }
    // It is going to stand in parentheses, which its own must not close.
    let mut depth = 0_i64;
    for token in body {
        depth += i64::from(token.is_symbol('(')) - i64::from(token.is_symbol(')'));
        if depth < 0 {
            break;
        }
    }
    if depth != 0 {
        return wrong("Its parentheses do not match:");
    }
    let (first, last) = (body[0], body[body.len() - 1]);
    if last.kind == TokenKind::Literal && !last.text.ends_with('\'') {
        return wrong("A quote is not closed:");
    }
    Ok(&sql[first.start..last.end()])
}

fn values(cells: Vec<Cell>) -> Result<Vec<Value>> {
    cells.into_iter().map(Cell::value).collect()
}

/// Rows of cells, each as its JSON.
fn written(rows: &[Vec<String>]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("[{}]", row.join(",")))
        .collect();
    format!("[{}]", rows.join(","))
}

/// An error with all that is known: whoever asks here is the developer.
fn told(error: Error) -> Error {
    match error.code() {
        Code::Internal => Error::bad_request(error.logged().into_owned()),
        _ => error,
    }
}

/// What has happened since.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    /// The `next` of the answer before; 0 at first.
    after: u64,
}

fn events<'a>(ctx: &'a QueryCtx, args: &'a Args) -> HandlerFuture<'a> {
    Box::pin(async move {
        let Since { after } = args.parse()?;
        let engine = &ctx.state().engine;
        let Some(recent) = engine.recent() else {
            return Err(Error::bad_request(format!(
                "Nothing is noted: the app was started without {ADMIN_KEY}."
            )));
        };
        Ok(Reply::from_json(recent.since(after, &engine.life())))
    })
}

/// The most events that are kept, and the most bytes of them.
const EVENTS: usize = 4_000;
const BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of events in an answer.
const ANSWER: usize = 1024 * 1024;

/// The most characters of a call's arguments.
const ARGS: usize = 2_000;

/// The most statements of a call.
const STATEMENTS: usize = 50;

/// What has happened lately.
#[derive(Default)]
pub(super) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The number of the first one that is kept.
    first: u64,
    events: VecDeque<String>,
    bytes: usize,
}

/// Something that has happened.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Happened<'a> {
    Call(Box<Called<'a>>),
    Woke {
        session: &'a str,
        sockets: usize,
        topics: &'a [String],
        trace: Option<&'a str>,
    },
    Job {
        job: i64,
        function: &'a str,
        state: &'static str,
        attempt: i64,
    },
    Socket {
        socket: u32,
        session: Option<&'a str>,
        state: &'static str,
    },
}

/// A call that has ended.
#[derive(Serialize)]
struct Called<'a> {
    trace: &'a str,
    function: &'a str,
    kind: super::Kind,
    session: Option<&'a str>,
    user: Option<String>,
    job: Option<i64>,
    admin: bool,
    status: u16,
    code: Option<&'static str>,
    micros: Option<i64>,
    args: &'a str,
    reads: Vec<String>,
    writes: Vec<String>,
    rows_read: u64,
    rows_written: u64,
    cached: bool,
    kept: bool,
    replayed: bool,
    told: usize,
    warnings: &'a [String],
    statements: &'a [explain::Statement],
}

impl Recent {
    /// What an engine notes into, where somebody may ask for it.
    pub(super) fn of(var: impl Fn(&str) -> Option<String>) -> Option<Self> {
        var(ADMIN_KEY).filter(|key| !key.trim().is_empty())?;
        Some(Self::default())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, at: i64, event: &Happened<'_>) {
        #[derive(Serialize)]
        struct Noted<'a> {
            n: u64,
            at: i64,
            #[serde(flatten)]
            event: &'a Happened<'a>,
        }
        let mut kept = self.kept();
        let n = kept.first + kept.events.len() as u64;
        let text = serde_json::to_string(&Noted { n, at, event }).expect("texts are JSON");
        kept.bytes += text.len();
        kept.events.push_back(text);
        while kept.events.len() > EVENTS || kept.bytes > BYTES {
            let Some(oldest) = kept.events.pop_front() else {
                break;
            };
            kept.bytes -= oldest.len();
            kept.first += 1;
        }
    }

    /// The events from this number on, as far as an answer holds them.
    fn since(&self, after: u64, life: &str) -> String {
        let kept = self.kept();
        let all = kept.first + kept.events.len() as u64;
        let (from, lost) = match after {
            // A number that is to come is of another life.
            after if after > all => (kept.first, false),
            after => (after.max(kept.first), after != 0 && after < kept.first),
        };
        let mut events = String::new();
        let mut next = from;
        for event in kept.events.iter().skip((from - kept.first) as usize) {
            if events.len() + event.len() > ANSWER && !events.is_empty() {
                break;
            }
            if !events.is_empty() {
                events.push(',');
            }
            events.push_str(event);
            next += 1;
        }
        let life = to_raw_value(life).expect("a text is JSON");
        format!("{{\"life\":{life},\"next\":{next},\"lost\":{lost},\"events\":[{events}]}}")
    }
}

impl Engine {
    fn note(&self, event: &Happened<'_>) {
        if let Some(recent) = self.recent() {
            recent.push(self.host().now_micros() / 1_000, event);
        }
    }

    /// A session is told.
    pub(super) fn note_woken(
        &self,
        session: &str,
        sockets: usize,
        topics: &Footprint,
        call: Option<CallId<'_>>,
    ) {
        self.note(&Happened::Woke {
            session,
            sockets,
            topics: &explain::names(self, topics),
            trace: call.map(|call| call.trace_id),
        });
    }

    /// A job has begun, or ended, or waits.
    pub(super) fn note_job(&self, job: i64, function: &str, state: JobState, attempt: i64) {
        self.note(&Happened::Job {
            job,
            function,
            state: state.as_str(),
            attempt,
        });
    }

    /// A socket came or went.
    pub(super) fn note_socket(
        &self,
        SocketId(socket): SocketId,
        session: Option<&str>,
        state: &'static str,
    ) {
        self.note(&Happened::Socket {
            socket,
            session,
            state,
        });
    }
}

impl CallState {
    /// The call has ended.
    pub(super) fn note_ended(&self, ended: &Ended<'_>) {
        let Some(noted) = &self.noted else {
            return;
        };
        let explanation = noted.borrow();
        let statements = explanation.statements();
        let session = self.writer();
        let engine = &self.engine;
        let user = self.user.as_ref().and_then(|claims| claims.get("sub"));
        engine.note(&Happened::Call(Box::new(Called {
            trace: ended.call.trace_id,
            function: ended.call.function,
            kind: ended.call.kind,
            session: session.as_ref().map(|session| session.as_str()),
            user,
            job: self.job().map(|job| job.id().as_i64()),
            admin: self.origin().is_some_and(|origin| origin.pod.is_empty()),
            status: ended.status,
            code: ended.code.map(Code::as_str),
            micros: ended.micros,
            args: &explanation.args,
            reads: explain::names(engine, ended.read),
            writes: explain::names(engine, ended.written),
            rows_read: ended.rows_read,
            rows_written: ended.rows_written,
            cached: ended.cached,
            kept: explanation.is_kept,
            replayed: ended.replayed,
            told: explanation.told,
            warnings: ended.warnings,
            statements: &statements[..statements.len().min(STATEMENTS)],
        })));
    }
}

/// The arguments, as far as they are noted.
pub(super) fn shortened(args: &str) -> String {
    args.chars().take(ARGS).collect()
}
