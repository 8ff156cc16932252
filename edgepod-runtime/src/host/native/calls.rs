//! Calls on their way to the engine. The database has a thread of its own, and so have actions, which await: whoever serves
//! connections waits for neither.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc as async_mpsc, oneshot},
    time::timeout,
};

use super::{
    body::Held,
    chunks::{Chunks, chunks},
    connections::Complaint,
    limits::Limits,
    pods::Pod,
    watch::{CallWatch, Watches},
};
use crate::{
    Error,
    auth::Claims,
    engine::{
        ActionCtx, AtOnce, Batch, Call, Callee, Engine, Headers, Level, Origin, Outcome,
        RawRequest, Record, RouteDef, Routed, Typed,
    },
    gateway,
};

/// Who calls, and how.
pub(super) struct Caller {
    pub(super) session: Option<String>,
    pub(super) user: Option<Claims>,
    pub(super) headers: Headers,
    pub(super) trace_id: String,
    /// Where it comes from, where no client makes it.
    pub(super) origin: Option<Origin>,
    /// The memory that its body has, until it is answered or nobody is left who would do it.
    pub(super) held: Option<Held>,
}

impl Caller {
    fn call<'a>(&'a mut self, body: &'a str) -> Call<'a> {
        Call {
            args: body,
            session: self.session.as_deref(),
            user: self.user.take(),
            headers: std::mem::take(&mut self.headers),
            trace_id: &self.trace_id,
            origin: self.origin.take(),
        }
    }
}

/// What is called.
pub(super) enum What {
    Call(Callee),
    Batch,
    Raw(Raw),
}

/// A route, and what it is asked.
pub(super) struct Raw {
    pub(super) route: &'static RouteDef,
    pub(super) request: RawRequest,
}

/// What came of a call.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// What follows the body of a route's reply, where that is a stream.
    pub(super) chunks: Option<Chunks>,
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            chunks: None,
        }
    }
}

/// What may await.
enum Awaits {
    Action(Typed<ActionCtx>),
    Raw(Raw),
}

/// What the thread of the database is to do.
enum Work {
    Call(AtOnce),
    Batch,
}

/// What comes with a call, and where its answer goes.
struct Job {
    body: String,
    caller: Caller,
    answer: oneshot::Sender<Answer>,
    /// Whether it was begun, or given up: whoever sets it decides.
    taken: Arc<AtomicBool>,
}

struct Action {
    action: Awaits,
    job: Job,
    /// Also when the caller has gone.
    pod: Arc<Pod>,
    _permit: OwnedSemaphorePermit,
}

/// What the calls of all databases share: the thread of actions, and what there may be of them.
pub(super) struct Threads {
    actions: async_mpsc::UnboundedSender<Action>,
    permits: Arc<Semaphore>,
    limits: Arc<Limits>,
    full: Complaint,
    watches: Arc<Watches>,
}

impl Threads {
    /// Starts them.
    pub(super) fn start(limits: Arc<Limits>) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            actions: start_actions()?,
            permits: Arc::new(Semaphore::new(limits.actions)),
            watches: Watches::start(limits.call)?,
            limits,
            full: Complaint::default(),
        }))
    }

    fn overloaded(&self, what: &str, name: &str, limit: usize) -> Error {
        if self.full.is_due() {
            let message = format!(
                "There are {limit} {what}, the most that there may be ({name}): calls are refused."
            );
            Record::new(Level::Warn, &message).write();
        }
        gateway::overloaded()
    }
}

/// The way to the thread of a database.
type Database = mpsc::SyncSender<(Work, Job)>;

/// The calls of a database, and its thread.
pub(super) struct Calls {
    /// Until the thread is to end.
    database: Option<Database>,
    thread: Option<JoinHandle<()>>,
    threads: Arc<Threads>,
    watch: Arc<CallWatch>,
}

impl Drop for Calls {
    /// The thread has the engine, and so the database: both are free when this returns.
    fn drop(&mut self) {
        self.database.take();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// When a call that finds no place is to come again.
const RETRY: Duration = Duration::from_secs(1);

impl Calls {
    /// Starts the thread.
    pub(super) fn start(engine: &Arc<Engine>, threads: &Arc<Threads>) -> io::Result<Self> {
        let watch = threads.watches.add();
        let (database, thread) = start_database(engine.clone(), &threads.limits, watch.clone())?;
        Ok(Self {
            database: Some(database),
            thread: Some(thread),
            threads: threads.clone(),
            watch,
        })
    }
}

impl Pod {
    /// Runs a call and waits for its outcome. What finds no place is refused at once, and what waits for one when its time is
    /// over.
    pub(super) async fn answer(
        self: &Arc<Self>,
        what: What,
        body: String,
        caller: Caller,
    ) -> Answer {
        let trace_id = caller.trace_id.clone();
        let (answer, mut outcome) = oneshot::channel();
        let taken = Arc::<AtomicBool>::default();
        let job = Job {
            body,
            caller,
            answer,
            taken: taken.clone(),
        };
        if let Err(error) = self.send(what, job) {
            return Outcome::error(&error, &trace_id).into();
        }
        let outcome = match timeout(self.calls.threads.limits.call, &mut outcome).await {
            Ok(outcome) => outcome,
            // It has begun, and its statements have the rest of their time.
            Err(_) if taken.swap(true, Ordering::AcqRel) => outcome.await,
            Err(_) => {
                let error = Error::unavailable(
                    "The server is busy: this call has waited too long, and was not begun.",
                );
                return Outcome::error(&error.retry_after(RETRY), &trace_id).into();
            }
        };
        let answer = outcome.unwrap_or_else(|_| Outcome::error(&lost(), &trace_id).into());
        // Also what only read may tell of what another has written.
        match self.written().await {
            Ok(()) => answer,
            Err(error) => Outcome::error(&error, &trace_id).into(),
        }
    }

    /// Waits until what was committed may be told: where that is asked for, the disk has it.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(super) async fn written(&self) -> Result<(), Error> {
        match &self.durable {
            Some(durable) => durable.written().await,
            None => Ok(()),
        }
    }

    /// The same of what is no route.
    pub(super) async fn run(self: &Arc<Self>, what: What, body: String, caller: Caller) -> Outcome {
        self.answer(what, body, caller).await.outcome
    }

    fn send(self: &Arc<Self>, what: What, job: Job) -> Result<(), Error> {
        let work = match what {
            What::Call(Callee::Action(action)) => {
                return self.send_action(Awaits::Action(action), job);
            }
            What::Raw(raw) => return self.send_action(Awaits::Raw(raw), job),
            What::Call(Callee::AtOnce(function)) => Work::Call(function),
            What::Batch => Work::Batch,
        };
        let calls = &self.calls;
        if calls.watch.is_stuck() {
            return Err(Error::unavailable(
                "A call does not come to an end, and no other can begin: try again later.",
            )
            .retry_after(RETRY));
        }
        let Some(database) = &calls.database else {
            return Err(lost());
        };
        database.try_send((work, job)).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => {
                let queue = calls.threads.limits.queue;
                calls
                    .threads
                    .overloaded("waiting calls", "EDGEPOD_MAX_QUEUE", queue)
            }
            mpsc::TrySendError::Disconnected(_) => lost(),
        })
    }

    fn send_action(self: &Arc<Self>, action: Awaits, job: Job) -> Result<(), Error> {
        let threads = &self.calls.threads;
        let permit = threads.permits.clone().try_acquire_owned();
        let permit = permit.map_err(|_| {
            threads.overloaded("actions", "EDGEPOD_MAX_ACTIONS", threads.limits.actions)
        })?;
        let action = Action {
            action,
            job,
            pod: self.clone(),
            _permit: permit,
        };
        threads.actions.send(action).map_err(|_| lost())
    }
}

fn lost() -> Error {
    Error::internal("the thread of calls is gone")
}

/// The thread that the database belongs to.
fn start_database(
    engine: Arc<Engine>,
    limits: &Limits,
    watch: Arc<CallWatch>,
) -> io::Result<(Database, JoinHandle<()>)> {
    let (sender, jobs) = mpsc::sync_channel::<(Work, Job)>(limits.queue);
    let thread = thread::Builder::new()
        .name("edgepod-database".to_owned())
        .spawn(move || {
            while let Ok((work, job)) = jobs.recv() {
                // Nobody is to hear of it any more.
                if job.answer.is_closed() || job.taken.swap(true, Ordering::AcqRel) {
                    continue;
                }
                let function = match &work {
                    Work::Call(function) => Some(function.name()),
                    Work::Batch => None,
                };
                watch.begin(function, &job.caller.trace_id);
                // What the engine lets through is its own mistake, and must not end all calls.
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    run(&engine, work, &job.body, job.caller)
                }));
                watch.end();
                if let Ok(outcome) = outcome {
                    // The caller may have gone away.
                    let _ = job.answer.send(outcome.into());
                }
            }
        })?;
    Ok((sender, thread))
}

fn run(engine: &Arc<Engine>, work: Work, body: &str, mut caller: Caller) -> Outcome {
    match work {
        Work::Call(function) => engine.call(function, caller.call(body)),
        Work::Batch => engine.call_batch(
            &Batch {
                body,
                session: caller.session.as_deref(),
                user: caller.user,
                headers: &caller.headers.to_json(),
                trace_id: &caller.trace_id,
            },
            &[],
            |_| {},
        ),
    }
}

/// Actions await, and their contexts stay on one thread: this one.
fn start_actions() -> io::Result<async_mpsc::UnboundedSender<Action>> {
    let (sender, mut actions) = async_mpsc::unbounded_channel::<Action>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("edgepod-actions".to_owned())
        .spawn(move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                while let Some(action) = actions.recv().await {
                    tokio::task::spawn_local(async move {
                        let Action {
                            action,
                            mut job,
                            pod,
                            _permit,
                        } = action;
                        if job.taken.swap(true, Ordering::AcqRel) {
                            return;
                        }
                        let call = job.caller.call(&job.body);
                        let engine = &pod.engine;
                        let Routed { outcome, stream } = match action {
                            Awaits::Action(action) => engine.call_action(action, call).await.into(),
                            Awaits::Raw(Raw { route, request }) => {
                                route.run(engine, request, call).await
                            }
                        };
                        // A stream may go on for days.
                        drop(job.caller.held);
                        // The caller may have gone away.
                        let Some(stream) = stream else {
                            let _ = job.answer.send(outcome.into());
                            return;
                        };
                        let (giver, chunks) = chunks();
                        let answer = Answer {
                            outcome,
                            chunks: Some(chunks),
                        };
                        if job.answer.send(answer).is_ok() {
                            tokio::select! {
                                () = giver.give(stream) => {}
                                // It may never end by itself. What is cut off is broken off.
                                () = pod.wanted.notified() => {}
                            }
                        }
                    });
                }
            });
        })?;
    Ok(sender)
}
