//! Jobs, as functions ask for them: what is to be done later, by whom, and what became of it.

use std::{ops::Deref, rc::Rc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    ActionCtx, Callable, Ctx, Invocation, QueryCtx,
    call::CallState,
    system::jobs::{self, Row},
};
use crate::{
    Error, Result,
    db::{JobId, Observer as _, Timestamp},
    integers::{MAX_SAFE_INTEGER, unsafe_integers},
};

/// How often a job is tried, before it is parked as failed.
pub const TRIES: i64 = 8;

/// The most jobs that a call may ask for.
const PER_CALL: u32 = 1_000;

/// The most bytes of a job's arguments.
const ARGS: usize = 1024 * 1024;

/// The most jobs of a list.
const LISTED: i64 = 1_000;

/// A function that may be a job. Implemented by `#[edgepod::function]` and `#[edgepod::action]` with `internal` or `job`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may not be a job",
    label = "its attribute does not say that it may run without a user",
    note = "a job is a function or an action that is `internal`, such as `#[edgepod::function(internal)]`; one that clients call, too, \
            says `#[edgepod::function(job)]`; a query only reads, and nobody would hear what it says"
)]
pub trait JobFunction: Callable {}

/// What is being done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It is done when its time comes: for the first time, or again.
    Waiting,
    /// It is being done.
    Running,
    /// It is done.
    Done,
    /// It failed, and is not tried again by itself.
    Failed,
    /// It was called off before it began.
    Cancelled,
}

impl JobState {
    pub(super) const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// A job, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct JobStatus {
    /// Its name.
    pub id: JobId,
    /// The public name of the function that it calls.
    pub function: String,
    /// What is being done with it.
    pub state: JobState,
    /// When it is done next, where it waits; when it ended, where it has.
    pub at: Timestamp,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed last, in the words that a client may read; the log has the others.
    pub error: Option<String>,
}

impl JobStatus {
    pub(super) fn of(row: Row) -> Option<Self> {
        Some(Self {
            id: JobId::new(row.id),
            function: row.function,
            state: row.state,
            at: Timestamp::from_micros(row.at)?,
            attempts: u32::try_from(row.tries).ok()?,
            error: row.error,
        })
    }
}

/// The job that a call is made for: see [`QueryCtx::job`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    id: JobId,
    attempt: u32,
    due: Timestamp,
}

impl Job {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            id: JobId::new(row.id),
            attempt: u32::try_from(row.tries).unwrap_or(u32::MAX),
            due: Timestamp::from_micros(row.due)
                .unwrap_or(Timestamp::from_micros(0).expect("1970 is a year")),
        }
    }

    /// Its name.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// The how manieth try this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When it was to be done: the same in each try.
    pub fn due(&self) -> Timestamp {
        self.due
    }

    /// A key for what is done outside: the same in each try, and another for each job and each time of a cron. Give it to the
    /// other side, so that what is asked for twice is done once: `Idempotency-Key: …`.
    pub fn key(&self) -> String {
        format!("edgepod-job-{}-{}", self.id, self.due.as_micros())
    }
}

/// What became of jobs: `ctx.jobs()` in a query.
pub struct JobList<'a> {
    state: &'a CallState,
}

/// Jobs: `ctx.jobs()` in a function or an action. It is a [`JobList`], too.
///
/// ```ignore
/// let job = ctx.jobs().after(Duration::from_secs(600), expire::call(id))?;
/// ```
pub struct Jobs<'a> {
    list: JobList<'a>,
    place: Place<'a>,
    once: bool,
}

/// Whose transaction a job is written in.
enum Place<'a> {
    /// The call's.
    Within(&'a Rc<CallState>),
    /// One of its own.
    Alone(&'a ActionCtx),
}

impl QueryCtx {
    /// What became of jobs.
    ///
    /// ```ignore
    /// #[edgepod::query]
    /// pub async fn get_export(ctx: &QueryCtx, job: JobId) -> Result<Option<JobStatus>> {
    ///     ctx.jobs().status(job)
    /// }
    /// ```
    pub fn jobs(&self) -> JobList<'_> {
        JobList {
            state: self.state(),
        }
    }

    /// The job that this call is made for; `None` where a client calls.
    pub fn job(&self) -> Option<&Job> {
        self.state().varies();
        self.state().job()
    }
}

impl Ctx {
    /// Jobs: what is asked for here is to be done if the transaction commits, and only then.
    ///
    /// ```ignore
    /// let job = ctx.jobs().after(Duration::from_secs(600), expire::call(id))?;
    /// ```
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::new(Place::Within(self.shared_state()))
    }
}

impl ActionCtx {
    /// Jobs: each is written in a transaction of its own. In `ctx.transaction(|tx| …)` it is `tx.jobs()`, with the rest of the
    /// transaction.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::new(Place::Alone(self))
    }
}

impl JobList<'_> {
    /// What became of a job; `None` where there was none of this name, or it ended seven days ago. A query that asks is told when
    /// it changes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn status(&self, job: JobId) -> Result<Option<JobStatus>> {
        let engine = &self.state.engine;
        let id = job.as_i64();
        self.state.read(&jobs::topic(engine.topic_key(), Some(id)));
        Ok(jobs::find(&**engine.host(), id)?.and_then(JobStatus::of))
    }

    /// The newest 1,000 jobs, of one state or (`None`) of all; crons are among them. A query that asks is told when any job changes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn list(&self, state: impl Into<Option<JobState>>) -> Result<Vec<JobStatus>> {
        let engine = &self.state.engine;
        self.state.read(&jobs::topic(engine.topic_key(), None));
        let rows = jobs::list(&**engine.host(), state.into(), LISTED)?;
        Ok(rows.into_iter().filter_map(JobStatus::of).collect())
    }
}

impl<'a> Deref for Jobs<'a> {
    type Target = JobList<'a>;

    fn deref(&self) -> &JobList<'a> {
        &self.list
    }
}

impl<'a> Jobs<'a> {
    fn new(place: Place<'a>) -> Self {
        let state = match &place {
            Place::Within(state) => state,
            Place::Alone(ctx) => ctx.state(),
        };
        Self {
            list: JobList { state },
            place,
            once: false,
        }
    }

    /// What is asked for is begun once: where it fails, or ends with its process, it is parked and not tried again.
    ///
    /// ```ignore
    /// ctx.jobs().once().after(Duration::ZERO, charge::call(order))?;
    /// ```
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Calls a function so much later, without a user.
    ///
    /// # Errors
    /// `BAD_REQUEST`: more than 1,000 jobs of a call, more than 1 MB of arguments, an integer in them beyond 2^53 - 1 that is no `Int64`, a
    /// time after the year 9999. What SQLite says.
    pub fn after<F: JobFunction>(&self, time: Duration, call: Invocation<F>) -> Result<JobId> {
        let now = self.list.state.engine.host().now_micros();
        let due = Timestamp::from_micros(now)
            .and_then(|now| now.checked_add(time))
            .ok_or_else(|| Error::bad_request("A job is done before the year 10000."))?;
        self.insert(F::DEFINITION.name, due, call.args()?)
    }

    /// Calls a function at this time, or at once where that is over; without a user.
    ///
    /// # Errors
    /// As [`after`](Self::after).
    pub fn at<F: JobFunction>(&self, time: Timestamp, call: Invocation<F>) -> Result<JobId> {
        self.insert(F::DEFINITION.name, time, call.args()?)
    }

    /// Calls a job off; whether it was still waiting. What has begun is not stopped.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn cancel(&self, job: JobId) -> Result<bool> {
        self.change(job, JobState::Waiting, Row::call_off)
    }

    /// Tries a job that has failed again, now and as often as a new one; whether it had failed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn retry(&self, job: JobId) -> Result<bool> {
        self.change(job, JobState::Failed, Row::try_again)
    }

    fn change(
        &self,
        job: JobId,
        from: JobState,
        change: impl FnOnce(&mut Row, i64),
    ) -> Result<bool> {
        self.write(|state| {
            let engine = &state.engine;
            let found = jobs::find(&**engine.host(), job.as_i64())?;
            // A cron is the program's, and never ends.
            let Some(mut row) = found.filter(|row| row.state == from && row.cron.is_none()) else {
                return Ok(false);
            };
            change(&mut row, engine.host().now_micros());
            state.store_job(&row, from)
        })
    }

    fn insert(&self, function: &'static str, due: Timestamp, args: &str) -> Result<JobId> {
        if args.len() > ARGS {
            return Err(Error::bad_request(format!(
                "The arguments of the job `{function}` have {} bytes, and those of a job have {ARGS} at most: store what is \
                 large in a table, and give the job its key.",
                args.len()
            )));
        }
        if let Some(large) = unsafe_integers(args).into_iter().next() {
            return Err(Error::bad_request(format!(
                "An argument of the job `{function}` has the integer {}, and functions take none beyond {MAX_SAFE_INTEGER} (2^53 - 1), \
                 which JavaScript would round: make the type `Int64`.",
                &args[large]
            )));
        }
        self.write(|state| {
            if state.count_job() > PER_CALL {
                return Err(Error::bad_request(format!(
                    "A call asks for {PER_CALL} jobs at most: ask for one that asks for the others."
                )));
            }
            let engine = &state.engine;
            let host = engine.host();
            let new = jobs::New {
                function,
                args,
                due: due.as_micros(),
                once: self.once,
                cron: None,
            };
            let id = jobs::insert(&**host, &new, host.now_micros())?;
            state.wrote(&jobs::topic(engine.topic_key(), Some(id)));
            state.wake_by(new.due);
            Ok(JobId::new(id))
        })
    }

    fn write<T>(&self, body: impl FnOnce(&CallState) -> Result<T>) -> Result<T> {
        match &self.place {
            Place::Within(state) => body(state),
            Place::Alone(ctx) => ctx.transaction(|ctx| body(ctx.shared_state())),
        }
    }
}

impl CallState {
    /// Stores what has changed of a job, where it is still in this state; whether it was.
    pub(super) fn store_job(&self, row: &Row, from: JobState) -> Result<bool> {
        let engine = &self.engine;
        let is_stored = row.update(&**engine.host(), from)?;
        if is_stored {
            self.wrote(&jobs::topic(engine.topic_key(), Some(row.id)));
            if row.state == JobState::Waiting {
                self.wake_by(row.at);
            }
        }
        Ok(is_stored)
    }
}
