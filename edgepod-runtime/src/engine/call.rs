//! One call of a function: what came with it, what it touched, what it answers.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    sync::Arc,
};

use serde::Serialize;

use super::{
    CallId, Ended, Engine, Event, Headers, Host, Job, Kind, Level, Log, Origin, RawReply, Reply,
    extensions::Extensions,
    kept::Answer,
    presence::Change,
    sessions::{SessionId, Stale},
};
#[cfg(debug_assertions)]
use super::{
    explain::{self, Explanation},
    studio,
};
use crate::{
    Code, Error,
    auth::Claims,
    db::Observer,
    integers, sqlite,
    tracking::{ColumnId, Footprint, TopicKey},
};

/// The header that names the session, as it is in the headers' JSON.
pub(crate) const SESSION: &str = "x-edgepod-session-id";

/// A call as the gateway hands it to the engine, but for its function.
pub struct Call<'a> {
    /// The arguments' JSON text, or nothing.
    pub args: &'a str,
    /// The session that the call's reads subscribe.
    pub session: Option<&'a str>,
    /// Who calls, where a token said so.
    pub user: Option<Claims>,
    /// The request's headers.
    pub headers: Headers,
    /// Names the call in the reply and in the log.
    pub trace_id: &'a str,
    /// Where it comes from, where no client makes it.
    pub origin: Option<Origin>,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status.
    pub status: u16,
    /// The reply's JSON.
    pub body: String,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// A route's own reply, in place of the body.
    pub raw: Option<Arc<RawReply>>,
}

impl Outcome {
    /// The answer that tells of an error.
    pub fn error(error: &Error, trace_id: &str) -> Self {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Details<'a>,
        }
        #[derive(Serialize)]
        struct Details<'a> {
            code: &'a str,
            message: &'a str,
            trace_id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<&'a serde_json::Value>,
        }
        let body = Body {
            error: Details {
                code: error.code().as_str(),
                message: error.public_message(),
                trace_id,
                data: error.data(),
            },
        };
        Self {
            status: error.code().status(),
            body: serde_json::to_string(&body).expect("strings and JSON are JSON"),
            retry_after: error.retry_after_seconds(),
            raw: None,
        }
    }

    fn data(reply: &Reply, ended: &Ended<'_>) -> Self {
        let mut body = String::with_capacity(reply.as_json().len() + 160);
        body.push_str("{\"data\":");
        body.push_str(reply.as_json());
        ended.push_meta(&mut body);
        body.push('}');
        Self {
            status: 200,
            body,
            retry_after: None,
            raw: None,
        }
    }

    pub(super) fn raw(raw: &Arc<RawReply>) -> Self {
        Self {
            status: raw.status,
            body: String::new(),
            retry_after: None,
            raw: Some(raw.clone()),
        }
    }
}

/// The error, or what is wrong with its data: that is held to what a result is.
fn sendable(error: Error) -> Error {
    match error.data().map(integers::to_json) {
        Some(Err(refused)) => Error::internal(format!(
            "the data of the error {} cannot be sent: {}",
            error.code(),
            refused.message()
        )),
        _ => error,
    }
}

/// The answer that tells of an error.
pub(super) fn failed(log: &Log, error: Error, trace_id: &str) -> Outcome {
    let error = sendable(error);
    log_failure(log, &error);
    Outcome::error(&error, trace_id)
}

/// What the client is not told goes to the log.
pub(super) fn log_failure(log: &Log, error: &Error) {
    match (error.cause(), error.code()) {
        (Some(cause), code) => {
            log.error(format_args!(
                "{code}: {} Caused by: {cause}",
                error.logged()
            ));
        }
        (None, Code::Internal) => log.error(error.logged()),
        (None, code) if code.status() >= 500 => log.error(error),
        _ => {}
    }
}

/// The reply, or where it is larger than one may be, the refusal.
pub(super) fn within_limit(
    host: &dyn Host,
    log: &Log,
    result: Result<Reply, Error>,
) -> Result<Reply, Error> {
    // So much every host takes, whatever it is set to.
    const SMALL: usize = 64 * 1024;
    let reply = result?;
    let size = reply.size();
    if size <= SMALL {
        return Ok(reply);
    }
    let set = host.var(sqlite::RESULT_LIMIT);
    let limit = sqlite::result_limit(set.as_deref());
    if size <= limit {
        return Ok(reply);
    }
    Err(Error::new(
        Code::PayloadTooLarge,
        format!(
            "The reply of `{}` has {size} bytes, and one has {limit} at most: ask for pages, or for less.",
            log.function()
        ),
    )
    .with_data(serde_json::json!({ "limit": limit })))
}

/// What a call touched so far.
#[derive(Clone, Default)]
pub(super) struct Touched {
    pub(super) read: Footprint,
    pub(super) written: Footprint,
}

/// The state of a call in progress; contexts are views of it.
pub(super) struct CallState {
    pub(super) engine: Arc<Engine>,
    pub(super) log: Log,
    pub(super) user: Option<Claims>,
    pub(super) extensions: Extensions,
    /// The count of the version that the reply shows.
    pub(super) version: Cell<u64>,
    /// Whether the reply is one that was stored.
    replayed: Cell<bool>,
    /// Whether its answer was.
    cached: Cell<bool>,
    /// What its handler reads, while it runs, and how many warnings there were before.
    recording: RefCell<Option<(Footprint, usize)>>,
    /// Whether it has read what is neither its arguments nor rows.
    varies: Cell<bool>,
    /// Whether it has read the clock, and whether it said until when its answer holds.
    clock: Cell<(bool, bool)>,
    /// Whether a transaction of an action is open.
    pub(super) busy: Cell<bool>,
    /// Whether it wrote without saying what.
    untracked: Cell<bool>,
    kind: Kind,
    pub(super) session: Option<SessionId>,
    /// Whether a read added a table to the session's subscriptions.
    subscribed: Cell<bool>,
    touched: RefCell<Touched>,
    /// What it says of its session's presence, until it commits.
    said: RefCell<Vec<Change>>,
    /// What its writes made stale for the session.
    stale: RefCell<Option<Stale>>,
    warnings: RefCell<Vec<String>>,
    /// Why the transaction must not commit.
    refused: RefCell<Option<Error>>,
    trace_id: Arc<str>,
    /// Where anybody is to be told of the call: when it began, in microseconds.
    began: Option<i64>,
    /// Its reply is made, and nobody asks any more what it read: a stream may go on for days.
    is_answered: Cell<bool>,
    rows_read: Cell<u64>,
    rows_written: Cell<u64>,
    headers: OnceCell<Rc<Headers>>,
    /// The job that it is made for.
    job: Option<Job>,
    /// Its place in a trace, where it is recorded.
    #[cfg(not(target_arch = "wasm32"))]
    place: Option<super::Place>,
    origin: Option<Origin>,
    /// Jobs that it has asked for.
    jobs: Cell<u32>,
    /// When its transaction asks to be woken.
    wake: Cell<Option<i64>>,
    /// How it is answered, where the client asks or the studio may.
    #[cfg(debug_assertions)]
    pub(super) noted: Option<RefCell<Explanation>>,
}

impl CallState {
    pub(super) fn new(
        engine: Arc<Engine>,
        function: &'static str,
        kind: Kind,
        call: Call<'_>,
    ) -> Rc<Self> {
        Self::of(engine, function, kind, call, None)
    }

    /// Of a call that is made for a job.
    pub(super) fn of_job(
        engine: Arc<Engine>,
        function: &'static str,
        kind: Kind,
        call: Call<'_>,
        job: Job,
    ) -> Rc<Self> {
        Self::of(engine, function, kind, call, Some(job))
    }

    fn of(
        engine: Arc<Engine>,
        function: &'static str,
        kind: Kind,
        call: Call<'_>,
        job: Option<Job>,
    ) -> Rc<Self> {
        let trace_id: Arc<str> = call.trace_id.into();
        let log = Log::new(engine.host().clone(), function, trace_id.clone());
        #[cfg(debug_assertions)]
        let noted = {
            let is_asked = call.headers.asks_to_explain();
            let is_noted = engine.recent().is_some() && !studio::only_looks(function);
            let args = || studio::shortened(call.args);
            (is_asked || is_noted).then(|| RefCell::new(Explanation::new(is_asked, args())))
        };
        #[cfg(not(target_arch = "wasm32"))]
        let place = engine.placing().of_call(&call.headers);
        // The studio looks every second.
        #[cfg(all(not(target_arch = "wasm32"), debug_assertions))]
        let place = place.filter(|_| !studio::only_looks(function));
        let headers = OnceCell::new();
        let _ = headers.set(Rc::new(call.headers));
        let is_told = Level::Info.is_on() || engine.is_watched();
        #[cfg(debug_assertions)]
        let is_told = is_told || noted.is_some();
        let began = is_told.then(|| engine.host().now_micros());
        let state = Rc::new(Self {
            log,
            began,
            is_answered: Cell::new(false),
            rows_read: Cell::new(0),
            rows_written: Cell::new(0),
            user: call.user,
            extensions: Extensions::default(),
            version: Cell::new(engine.version_count()),
            replayed: Cell::new(false),
            kind,
            cached: Cell::new(false),
            recording: RefCell::default(),
            varies: Cell::new(false),
            clock: Cell::default(),
            busy: Cell::new(false),
            untracked: Cell::new(false),
            session: call.session.map(SessionId::new),
            subscribed: Cell::new(false),
            touched: RefCell::default(),
            said: RefCell::default(),
            stale: RefCell::default(),
            warnings: RefCell::default(),
            refused: RefCell::default(),
            trace_id,
            headers,
            job,
            #[cfg(not(target_arch = "wasm32"))]
            place,
            origin: call.origin,
            jobs: Cell::new(0),
            wake: Cell::new(None),
            #[cfg(debug_assertions)]
            noted,
            engine,
        });
        state.engine.tell(|| Event::CallBegan(state.id()));
        state
    }

    /// Which call it is.
    pub(super) fn id(&self) -> CallId<'_> {
        CallId {
            function: self.log.function(),
            kind: self.kind,
            trace_id: &self.trace_id,
        }
    }

    /// The job that it is made for.
    pub(super) fn job(&self) -> Option<&Job> {
        self.job.as_ref()
    }

    /// Where it comes from, where no client makes it.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Its place in a trace, where it is recorded.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn place(&self) -> Option<&super::Place> {
        self.place.as_ref()
    }

    /// The id of the trace of the world around it that it is a part of.
    fn trace(&self) -> Option<String> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(place) = &self.place {
            return Some(format!("{:032x}", place.context.trace_id));
        }
        Some(self.headers.get()?.trace()?.id.to_owned())
    }

    /// Counts a job that it asks for; how many it has.
    pub(super) fn count_job(&self) -> u32 {
        self.jobs.update(|jobs| jobs + 1);
        self.jobs.get()
    }

    /// Asks to be woken by this time, if the transaction commits.
    pub(super) fn wake_by(&self, at: i64) {
        let earlier = self.wake.get().map_or(at, |other| other.min(at));
        self.wake.set(Some(earlier));
    }

    /// Takes when its transaction asks to be woken.
    pub(super) fn take_wake(&self) -> Option<i64> {
        self.wake.take()
    }

    pub(super) fn headers(&self) -> Rc<Headers> {
        self.headers_here().clone()
    }

    pub(super) fn headers_here(&self) -> &Rc<Headers> {
        self.headers.get().expect("set when the call began")
    }

    /// The reply, or where it is larger than one may be, the refusal: what wrote before it rolls back.
    pub(super) fn within_limit(&self, result: Result<Reply, Error>) -> Result<Reply, Error> {
        within_limit(&**self.engine.host(), &self.log, result)
    }

    /// Takes why the transaction must not commit, if it must not.
    pub(super) fn take_refused(&self) -> Option<Error> {
        self.refused.borrow_mut().take()
    }

    /// Takes what was written so far, to announce it or to forget it.
    pub(super) fn take_written(&self) -> Footprint {
        std::mem::take(&mut self.touched.borrow_mut().written)
    }

    /// Says something of a presence, once the transaction has committed.
    pub(super) fn say(&self, change: Change) {
        self.said.borrow_mut().push(change);
    }

    /// Takes what was said of presences so far, to do it or to forget it.
    pub(super) fn take_said(&self) -> Vec<Change> {
        std::mem::take(&mut self.said.borrow_mut())
    }

    /// What the reply tells beside its data, so far: tables read, tables written, warnings.
    pub(super) fn so_far(&self) -> (Vec<String>, Vec<String>, Vec<String>) {
        let touched = self.touched.borrow();
        let names = |topics: &Footprint| {
            let tables = topics.tables();
            tables.iter().map(|t| t.as_str().to_owned()).collect()
        };
        (
            names(&touched.read),
            names(&touched.written),
            self.warnings.borrow().clone(),
        )
    }

    /// The reply is one that was stored, with these tables read and written and these warnings.
    pub(super) fn replay(&self, read: &Footprint, written: &Footprint, warnings: Vec<String>) {
        self.read(read);
        self.wrote(written);
        *self.warnings.borrow_mut() = warnings;
        // What it wrote is in this version, or in one before.
        self.version.set(self.engine.version_count());
        self.replayed.set(true);
    }

    /// It reads the clock.
    pub(super) fn reads_clock(&self) {
        self.clock.set((true, self.clock.get().1));
    }

    /// It says until when its answer holds.
    pub(super) fn says_until_when(&self) {
        self.clock.set((self.clock.get().0, true));
    }

    /// Its handler has read the clock, and did not say until when its answer holds.
    #[cfg(debug_assertions)]
    pub(super) fn warn_of_the_clock(&self) {
        if self.clock.get() == (true, false) {
            self.warn(format!(
                "`{}` reads the clock, and no screen is told when that changes its answer: say until when it holds with \
                 `ctx.refresh_at(time)`, or write `#[edgepod::query(keep = false)]` where it need not be told.",
                self.log.function()
            ));
        }
    }

    /// Whether the client asks how it is answered.
    #[cfg(debug_assertions)]
    pub(super) fn is_asked_how(&self) -> bool {
        let noted = self.noted.as_ref();
        noted.is_some_and(|noted| noted.borrow().is_asked)
    }

    /// Adds to how it is answered, where that is noted.
    #[cfg(debug_assertions)]
    pub(super) fn explain(&self, more: impl FnOnce(&mut Explanation)) {
        if let Some(explanation) = &self.noted {
            more(&mut explanation.borrow_mut());
        }
    }

    /// Its handler begins: what it reads is noted from now on.
    pub(super) fn record(&self) {
        self.clock.take();
        self.varies.set(false);
        self.headers().asked.set(false);
        let warnings = self.warnings.borrow().len();
        self.recording
            .replace(Some((Footprint::default(), warnings)));
    }

    /// What its handler has read, and its warnings; `None` where it read more than its arguments and rows.
    pub(super) fn recorded(&self) -> Option<(Footprint, Vec<String>)> {
        let (read, before) = self.recording.take()?;
        if self.varies.get() || self.headers().asked.get() {
            return None;
        }
        Some((read, self.warnings.borrow()[before..].to_vec()))
    }

    /// Its handler answers as it did before.
    pub(super) fn answered(&self, answer: &Answer) {
        self.read(&answer.read);
        self.warnings
            .borrow_mut()
            .extend(answer.warnings.iter().cloned());
        self.answered_alike();
    }

    /// Its handler answers what is kept.
    pub(super) fn answered_alike(&self) {
        self.cached.set(true);
    }

    /// Its handler answered otherwise than it did before, though nothing has changed.
    #[cfg(debug_assertions)]
    pub(super) fn warn_of_another_answer(&self) {
        self.warn(format!(
            "`{}` answers otherwise than before, though nothing has changed that it read through `ctx`: it reads a clock, random \
             numbers, a static, or the order of a HashMap. Take the time from `ctx.now()`, or write \
             `#[edgepod::query(keep = false)]`: else clients are given old answers.",
            self.log.function()
        ));
    }

    /// Takes whether it wrote without saying what.
    pub(super) fn take_untracked(&self) -> bool {
        self.untracked.take()
    }

    /// The session of the caller, also where its reads do not subscribe it.
    pub(super) fn writer(&self) -> Option<SessionId> {
        let named = || Some(SessionId::new(self.headers.get()?.peek(SESSION)?));
        self.session.clone().or_else(named)
    }

    /// What a write made stale for the session.
    pub(super) fn add_stale(&self, stale: &Stale) {
        let mut all = self.stale.borrow_mut();
        all.get_or_insert_default().extend(stale);
    }

    /// The subscriptions of the session must outlive hibernation; once for a call.
    pub(super) fn remember_subscriptions(&self) {
        if self.subscribed.replace(false)
            && let Some(session) = &self.session
        {
            self.engine.remember(session);
        }
    }

    /// The answer to the call. What became of it is written down once: the reply's meta, the log and whoever watches are told that.
    pub(super) fn finish(&self, result: Result<Reply, Error>) -> Outcome {
        let touched = self.touched.borrow();
        let stale = self.stale.borrow();
        let version = self.engine.version_name(self.version.get());
        let warnings = self.warnings.borrow();
        let mut ended = Ended {
            call: self.id(),
            status: 200,
            code: None,
            micros: self
                .began
                .map(|began| self.engine.host().now_micros() - began),
            trace: self.began.and_then(|_| self.trace()),
            #[cfg(not(target_arch = "wasm32"))]
            place: self.place(),
            #[cfg(not(target_arch = "wasm32"))]
            began: self.began,
            #[cfg(not(target_arch = "wasm32"))]
            job: self.job(),
            read: &touched.read,
            written: &touched.written,
            stale: stale.as_ref(),
            version: &version,
            rows_read: self.rows_read.get(),
            rows_written: self.rows_written.get(),
            replayed: self.replayed.get(),
            cached: self.cached.get(),
            warnings: &warnings,
            #[cfg(debug_assertions)]
            explanation: self.noted.as_ref().and_then(|noted| {
                let noted = noted.borrow();
                let json = || noted.to_json(&self.engine, &touched);
                noted.is_asked.then(json)
            }),
        };
        let outcome = match result {
            Ok(reply) => match reply.as_raw() {
                Some(raw) => Outcome::raw(raw),
                None => Outcome::data(&reply, &ended),
            },
            Err(error) => {
                ended.code = Some(error.code());
                failed(&self.log, error, &self.trace_id)
            }
        };
        ended.status = outcome.status;
        self.is_answered.set(true);
        if self.began.is_some() {
            self.tell_end(&ended);
        }
        outcome
    }

    /// What it depends on and what it touched, for the log of a build for development.
    #[cfg(debug_assertions)]
    fn named(&self) -> Vec<(&'static str, serde_json::Value)> {
        let touched = self.touched.borrow();
        let of = [("reads", &touched.read), ("writes", &touched.written)];
        let any = of.into_iter().filter(|(_, topics)| !topics.is_empty());
        any.map(|(what, topics)| (what, explain::names(&self.engine, topics).into()))
            .collect()
    }

    /// Tells the log and whoever watches of what became of the call.
    #[cold]
    fn tell_end(&self, ended: &Ended<'_>) {
        #[cfg(debug_assertions)]
        if !studio::only_looks(self.log.function()) {
            self.log.ended(ended, &self.named());
            self.note_ended(ended);
        }
        #[cfg(not(debug_assertions))]
        self.log.ended(ended, &[]);
        self.engine.tell(|| Event::CallEnded(ended));
    }
}

impl Observer for CallState {
    fn read(&self, topics: &Footprint) {
        if self.is_answered.get() {
            return;
        }
        if let Some((recorded, _)) = &mut *self.recording.borrow_mut() {
            recorded.read_too(topics);
        }
        #[cfg(debug_assertions)]
        self.explain(|explanation| explanation.read(explain::names(&self.engine, topics)));
        let new = self.touched.borrow_mut().read.read_too(topics);
        // While an action waits, the session may have been told, and is no longer subscribed.
        if !new && self.kind != Kind::Action {
            return;
        }
        if let Some(session) = &self.session
            && self.engine.subscribe(session, topics)
        {
            self.subscribed.set(true);
        }
    }

    fn wrote(&self, topics: &Footprint) {
        #[cfg(debug_assertions)]
        self.explain(|explanation| explanation.wrote(explain::names(&self.engine, topics)));
        self.touched.borrow_mut().written.written_too(topics);
    }

    fn varies(&self) {
        self.varies.set(true);
    }

    #[cfg(debug_assertions)]
    fn reads_clock(&self) {
        Self::reads_clock(self);
    }

    fn wrote_untracked(&self) {
        self.untracked.set(true);
    }

    fn topic_key(&self) -> Option<&TopicKey> {
        Some(self.engine.topic_key())
    }

    fn watched(&self, table: &str) -> Vec<ColumnId> {
        self.engine.watched(table)
    }

    fn rows(&self, read: usize, written: u64) {
        self.rows_read.set(self.rows_read.get() + read as u64);
        self.rows_written.set(self.rows_written.get() + written);
        #[cfg(debug_assertions)]
        self.explain(|explanation| explanation.ran(read, written));
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn clock(&self) -> Option<i64> {
        let is_watched = self.engine.is_watched();
        is_watched.then(|| self.engine.host().now_micros())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn ran(&self, sql: &str, began: i64, rows: Result<(usize, u64), &Error>) {
        let time = (began, self.engine.host().now_micros() - began);
        self.engine.tell(|| Event::Statement {
            call: self.id(),
            within: self.place().map(|place| &place.context),
            sql,
            time,
            rows,
        });
    }

    fn warn(&self, warning: String) {
        if self.engine.is_first(self.log.function(), &warning) {
            self.log.warn(&warning);
        }
        if !self.is_answered.get() {
            self.warnings.borrow_mut().push(warning);
        }
    }

    fn function(&self) -> Option<&str> {
        Some(self.log.function())
    }

    #[cfg(debug_assertions)]
    fn explains(&self) -> bool {
        self.is_asked_how()
    }

    #[cfg(debug_assertions)]
    fn explained(&self, sql: &str, plan: Vec<String>) {
        self.explain(|explanation| explanation.begin(sql, plan));
    }

    fn refused(&self, error: &Error) {
        self.refused
            .borrow_mut()
            .get_or_insert_with(|| error.clone());
    }
}
