//! Jobs at work. A host is asked to wake the engine at a time, and then has it do [one thing](Engine::run_job) after the other
//! until nothing is left to do.
//!
//! A try is counted before it begins, in a transaction of its own: what ends with its process has been tried. What a function does
//! and the end of its job are one transaction.

use std::{
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use super::{
    ActionCtx, Args, AtOnce, Call, Callee, Ctx, Engine, Event, Headers, Job, JobState, Kind, Level,
    Record, Reply, Typed,
    call::CallState,
    cron,
    engine::in_transaction,
    jobs::TRIES,
    log, no_function,
    system::jobs::{self, Row},
};
use crate::{Error, Result, sqlite::SqlError};

/// Actions that are jobs, at one time. What is due beyond waits until one of them has ended.
const ACTIONS: usize = 32;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// No time.
const NEVER: i64 = i64::MAX;

/// When an engine is to be woken, and what it is at.
pub(super) struct Alarm {
    /// When the host wakes it, in microseconds since 1970.
    at: AtomicI64,
    /// Actions that are jobs and have begun.
    actions: AtomicUsize,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            at: AtomicI64::new(NEVER),
            actions: AtomicUsize::new(0),
        }
    }
}

/// What [`Engine::run_job`] did.
pub enum JobStep {
    /// A job, or a try of one. There may be another.
    Ran(String),
    /// It began an action: run it, beside what else is to be done.
    Action(ActionJob),
    /// Nothing: nothing is due. The host is told when to ask again.
    Idle,
}

/// An action that has begun as a job.
pub struct ActionJob {
    action: Typed<ActionCtx>,
    row: Row,
}

impl ActionJob {
    /// The action's public name.
    pub fn name(&self) -> &'static str {
        self.action.definition.name
    }
}

/// The ways into what only apps with jobs carry: functions that may be jobs name it, and nothing else does.
#[doc(hidden)]
pub struct Runner {
    resume: fn(&Engine) -> Result<(), SqlError>,
    run: fn(&Arc<Engine>) -> JobStep,
    act: fn(Arc<Engine>, ActionJob) -> ActionFuture,
    pub(super) administer: fn(&Arc<Engine>, what: &str, of: &str, trace_id: &str) -> Result<String>,
}

/// An action at work as a job.
type ActionFuture = Pin<Box<dyn Future<Output = ()>>>;

#[doc(hidden)]
pub static RUNNER: Runner = Runner {
    resume: Engine::resume,
    run: Engine::run,
    act: |engine, job| Box::pin(async move { engine.act(job).await }),
    administer: Engine::administer,
};

impl Engine {
    /// Takes up the jobs of an earlier life: what was being done when it ended is tried again.
    ///
    /// # Errors
    /// SQLite's message.
    pub(super) fn resume_jobs(&self) -> Result<(), SqlError> {
        self.registry()
            .runner()
            .map_or(Ok(()), |runner| (runner.resume)(self))
    }

    /// Does one thing that is due: a function's job from its beginning to its end, or the beginning of an action's. To be asked
    /// again until it is [idle](JobStep::Idle), at the time that the host was told.
    pub fn run_job(self: &Arc<Self>) -> JobStep {
        if self.alarm().at.load(Ordering::Acquire) <= self.host().now_micros() {
            // The host has rung.
            self.alarm().at.store(NEVER, Ordering::Release);
        }
        self.tell_the_time();
        if let Some(next) = self.clock().first() {
            self.wake_by(next);
        }
        self.registry()
            .runner()
            .map_or(JobStep::Idle, |runner| (runner.run)(self))
    }

    /// Runs an action that has begun as a job, and stores what became of it.
    pub async fn run_action_job(self: &Arc<Self>, job: ActionJob) {
        if let Some(runner) = self.registry().runner() {
            (runner.act)(self.clone(), job).await;
        }
    }

    fn resume(&self) -> Result<(), SqlError> {
        let host = &**self.host();
        let now = host.now_micros();
        for mut row in jobs::running(host)? {
            let lost = "It ended with its process.";
            let message = failed(&mut row, now, lost, None);
            if Level::Warn.is_on() {
                host.log(&Record::new(Level::Warn, &message));
            }
            row.update(host, JobState::Running)?;
        }
        cron::prepare(host, now)?;
        self.set_alarm();
        Ok(())
    }

    fn run(self: &Arc<Self>) -> JobStep {
        let now = self.host().now_micros();
        if self.alarm().actions.load(Ordering::Acquire) < ACTIONS {
            match jobs::due(&**self.host(), now) {
                Ok(Some(row)) => return self.begin_job(row),
                Ok(None) => {}
                Err(error) => cannot(&error),
            }
        }
        self.set_alarm();
        JobStep::Idle
    }

    /// Has the host wake the engine for what comes next.
    fn set_alarm(&self) {
        // Whoever asks for a job meanwhile waits, and is not forgotten.
        self.host().exclusive(&mut || {
            let now = self.host().now_micros();
            let mut next = jobs::next(&**self.host()).unwrap_or_else(|error| {
                cannot(&error);
                Some(now + MINUTE)
            });
            let actions = self.alarm().actions.load(Ordering::Acquire);
            if actions >= ACTIONS {
                next = None;
            }
            if actions > 0 {
                // Should they be lost with all that waits for them, somebody is to notice.
                let soon = (now / MINUTE + 2) * MINUTE;
                next = Some(next.map_or(soon, |next| next.min(soon)));
            }
            if let Some(first) = self.clock().first() {
                next = Some(next.map_or(first, |next| next.min(first)));
            }
            if let Some(next) = next
                && self.alarm().at.swap(next, Ordering::AcqRel) != next
            {
                self.host().wake_at(next);
            }
        });
    }

    /// Has the host wake the engine at this time, unless it does so earlier.
    pub(super) fn wake_by(&self, at: i64) {
        if self.alarm().at.fetch_min(at, Ordering::AcqRel) > at {
            self.host().wake_at(at);
        }
    }

    fn begin_job(self: &Arc<Self>, mut row: Row) -> JobStep {
        let ran = JobStep::Ran(format!("{} (job {})", row.function, row.id));
        let Some(callee) = self.job_callee(&row) else {
            let state = self.job_state("job", Kind::Function, &row);
            row.once = true;
            let error = match row.cron {
                Some(_) => Error::not_found(format!(
                    "This build has no cron `{}` any more.",
                    row.function
                )),
                None => no_function(&row.function),
            };
            self.job_failed(&state, &mut row, JobState::Waiting, &error);
            return ran;
        };
        let (name, kind) = match callee {
            Callee::AtOnce(function) => (function.name(), Kind::Function),
            Callee::Action(action) => (action.definition.name, Kind::Action),
        };
        row.state = JobState::Running;
        row.tries += 1;
        let state = self.job_state(name, kind, &row);
        let began = in_transaction(&state, |_| state.store_job(&row, JobState::Waiting));
        match (began, callee) {
            (Ok(true), Callee::Action(action)) => {
                self.tell_job(&row);
                self.alarm().actions.fetch_add(1, Ordering::AcqRel);
                return JobStep::Action(ActionJob { action, row });
            }
            (Ok(true), Callee::AtOnce(AtOnce::Function(function))) => {
                self.tell_job(&row);
                self.run_function_job(&state, function, row);
            }
            // A query, which no job can be asked of; or somebody has called it off.
            (Ok(_), _) => {}
            (Err(error), _) => {
                state.log.error(error);
                self.wake_by(self.host().now_micros() + MINUTE);
                return JobStep::Idle;
            }
        }
        ran
    }

    /// The function of a job, where this build has it.
    fn job_callee(&self, row: &Row) -> Option<Callee> {
        if row.cron.is_some() && cron::find(&row.function).is_none() {
            return None;
        }
        let registry = self.registry();
        let all = registry.functions().iter().chain(registry.internal());
        let definition = all.copied().find(|def| def.name == row.function)?;
        (definition.kind() != Kind::Query).then(|| definition.callee())
    }

    /// The state of a call for a job: nobody's, and without headers.
    fn job_state(self: &Arc<Self>, name: &'static str, kind: Kind, row: &Row) -> Rc<CallState> {
        let trace_id = format!("job-{}-{}", row.id, row.tries);
        let call = Call {
            args: "",
            session: None,
            user: None,
            headers: Headers::from_json("{}"),
            trace_id: &trace_id,
            origin: None,
        };
        CallState::of_job(self.clone(), name, kind, call, Job::of(row))
    }

    fn run_function_job(
        self: &Arc<Self>,
        state: &Rc<CallState>,
        function: Typed<Ctx>,
        mut row: Row,
    ) {
        let _entered = log::enter(&state.log);
        let args = Args::new(&row.args);
        let mut done = row.clone();
        let result = in_transaction(state, |ctx| {
            self.run_at_once(function, ctx, &args)?;
            self.settle_done(state, &mut done)
        });
        match &result {
            Ok(()) => self.tell_job(&done),
            Err(error) => self.job_failed(state, &mut row, JobState::Running, error),
        }
        state.finish(result.map(|()| Reply::from_json("null")));
    }

    async fn act(self: &Arc<Self>, job: ActionJob) {
        let ActionJob { action, mut row } = job;
        let state = self.job_state(action.definition.name, Kind::Action, &row);
        let result = self
            .run_action(&state, action, &Args::new(&row.args))
            .await
            .and_then(|_| {
                let mut done = row.clone();
                in_transaction(&state, |_| self.settle_done(&state, &mut done))?;
                self.tell_job(&done);
                Ok(())
            });
        if let Err(error) = &result {
            self.job_failed(&state, &mut row, JobState::Running, error);
        }
        state.finish(result.map(|()| Reply::from_json("null")));
        self.alarm().actions.fetch_sub(1, Ordering::AcqRel);
        self.set_alarm();
    }

    /// The end of a job that succeeded: of a cron the next time.
    fn settle_done(&self, state: &CallState, row: &mut Row) -> Result<()> {
        let now = self.host().now_micros();
        row.error = None;
        (row.state, row.at) = (JobState::Done, now);
        if let Some(next) = next_tick(row, now) {
            *row = next;
        }
        match state.store_job(row, JobState::Running)? {
            true => Ok(()),
            false => Err(Error::internal(format!(
                "the job {} is no longer being done: somebody has changed _edgepod_jobs",
                row.id
            ))),
        }
    }

    fn job_failed(&self, state: &Rc<CallState>, row: &mut Row, from: JobState, error: &Error) {
        let now = self.host().now_micros();
        let asked = error.retry_after_seconds();
        let message = failed(row, now, error.public_message(), asked);
        let level = match row.state {
            JobState::Failed => Level::Error,
            _ => Level::Warn,
        };
        state.log.write(level, message);
        match in_transaction(state, |_| state.store_job(row, from)) {
            Ok(_) => self.tell_job(row),
            // The next life finds that it was being done.
            Err(error) => state.log.error(error),
        }
    }

    pub(super) fn tell_job(&self, row: &Row) {
        self.tell(|| Event::Job {
            job: row.id,
            function: &row.function,
            state: row.state,
            attempt: row.tries,
        });
        #[cfg(debug_assertions)]
        self.note_job(row.id, &row.function, row.state, row.tries);
    }
}

/// What becomes of a try that failed: another, later; or the job is parked. A cron waits for its next time at the latest. What the
/// log says of it.
fn failed(row: &mut Row, now: i64, error: &str, asked: Option<u32>) -> String {
    let mut message = format!(
        "The job {} (`{}`) failed at try {} of {TRIES}: {error}",
        row.id, row.function, row.tries
    );
    row.error = Some(error.to_owned());
    let wait = backoff(row.tries).max(asked.unwrap_or(0).into());
    let again = now + wait * SECOND;
    let is_over = row.once || row.tries >= TRIES;
    (row.state, row.at) = match is_over {
        true => (JobState::Failed, now),
        false => (JobState::Waiting, again),
    };
    if let Some(next) = next_tick(row, now).filter(|next| is_over || next.at <= again) {
        *row = next;
    }
    message.push_str(&match row.state {
        JobState::Failed => " It is parked, and not tried again by itself.".to_owned(),
        _ => format!(" It is tried again in {}.", in_words(row.at - now)),
    });
    message
}

/// A time in words: `17 minutes`.
fn in_words(micros: i64) -> String {
    let seconds = micros / SECOND;
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s}")
}

/// A cron as it waits for its next time; `None` for any other job.
fn next_tick(row: &Row, now: i64) -> Option<Row> {
    let cron = row.cron.as_ref().and_then(|_| cron::find(&row.function))?;
    let at = (cron.next)(now);
    Some(Row {
        state: JobState::Waiting,
        at,
        due: at,
        tries: 0,
        ..row.clone()
    })
}

/// How many seconds to wait after so many tries: a second, and four times as long each time, up to an hour.
fn backoff(tries: i64) -> i64 {
    let exponent = u32::try_from(tries - 1).unwrap_or(0).min(6);
    4_i64.pow(exponent).min(60 * 60)
}

/// That the jobs cannot be read.
fn cannot(error: &SqlError) {
    let message = format!("The jobs cannot be read: {error}");
    Record::new(Level::Error, &message).write();
}
