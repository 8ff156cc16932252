//! An app in a test.

use std::{
    any::Any,
    cell::RefCell,
    convert::Infallible,
    future::Future as _,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::{Rc, Weak},
    sync::{Arc, Once},
    task::{Context, Waker},
    time::Duration,
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tokio::{task::JoinHandle, time::sleep};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    Answer, CallError, Caller, Watch,
    clients::Clients,
    clock::Clock,
    host::{Open, OpenPods, TestEngines, TestHost},
    watch::Window,
};
use crate::{
    Result,
    db::{JobId, Timestamp},
    engine::{
        ActionJob, Callable, Ctx, Engine, Event, Invocation, JobStatus, JobStep, PodName, QueryCtx,
        Returns, SocketId, start_log,
    },
    schema,
    sqlite::{Database as _, Value},
};

/// The app of this program, on an empty database in memory: the engine that serves it in production, with the same guards,
/// middleware, transactions and signals. Every test has one of its own, and they run side by side.
///
/// ```ignore
/// use edgepod::prelude::*;
/// use edgepod::testing::TestApp;
///
/// #[edgepod::test]
/// async fn a_note_reaches_every_window(app: TestApp) {
///     let seen = app.user("bob").watch(get_notes::call());
///     app.user("ada").call(add_note::call("milk")).await?;
///     assert_eq!(seen.refetches(), 1);
///     assert_eq!(seen.data()?[0].text, "milk");
///
///     let refused = app.call(add_note::call("more milk")).await.unwrap_err();
///     assert_eq!(refused.code(), "UNAUTHORIZED");
/// }
/// ```
///
/// Its clock stands at 2026-01-01T00:00:00Z until the test moves it, in Rust (`ctx.now()`) and in SQL.
#[derive(Clone)]
pub struct TestApp {
    pub(super) inner: Rc<Inner>,
    all: Rc<All>,
}

/// A pod.
pub(super) struct Inner {
    pub(super) host: Arc<TestHost>,
    name: PodName,
}

/// What the pods of a test share.
struct All {
    pods: Arc<OpenPods>,
    windows: RefCell<Vec<Weak<Window>>>,
    /// Actions of jobs that wait for something.
    actions: RefCell<Vec<JoinHandle<()>>>,
    /// Why the test fails, where it went on when that was found.
    failure: RefCell<Option<Box<dyn Any + Send>>>,
    /// Takes what a test does that it should not.
    complain: fn(String),
}

/// Who a client of a server is, where a window says why it has read again.
const CLIENT: &str = "a client";

/// Jobs that may follow each other at one time. More never end.
const JOBS: usize = 100_000;

impl TestApp {
    /// The app on an empty database. A test with `#[edgepod::test]` is given one.
    ///
    /// # Panics
    /// Where the app does not start: its functions, tables or migrations contradict each other. The message says which.
    pub fn start() -> Self {
        Self::start_with(Clock::default(), "debug", |why| panic!("{why}"))
    }

    /// The same with a clock, with what the log has unless the environment says otherwise, and with what becomes of a request that
    /// nothing answers.
    pub(super) fn start_with(clock: Clock, level: &str, complain: fn(String)) -> Self {
        static LOG: Once = Once::new();
        LOG.call_once(|| {
            let set = std::env::var("EDGEPOD_LOG");
            let level = set.as_deref().unwrap_or(level);
            start_log(Some(level), |record| eprintln!("{record}"))
                .unwrap_or_else(|error| panic!("{error}"));
        });
        let pods = Arc::<OpenPods>::default();
        let host = TestHost::with_pods(&pods, clock);
        let host = host.unwrap_or_else(|error| panic!("{}", error.message));
        let name = PodName::global();
        let host = pods.get(&name, &host).host;
        Self {
            inner: Rc::new(Inner { host, name }),
            all: Rc::new(All {
                pods,
                windows: RefCell::default(),
                actions: RefCell::default(),
                failure: RefCell::default(),
                complain,
            }),
        }
    }

    /// The app in another pod, with a database of its own that is empty the first time. Clock, environment and log are those of
    /// this one. The app's rule for pods is not asked: a test says itself where it calls.
    ///
    /// ```ignore
    /// let (acme, globex) = (app.pod("acme"), app.pod("globex"));
    /// let seen = globex.user("bob").watch(get_notes::call());
    /// acme.user("ada").call(add_note::call("milk")).await?;
    /// assert_eq!(seen.refetches(), 0);
    /// ```
    ///
    /// # Panics
    /// For what is no name of a pod, and where the app has one database.
    pub fn pod(&self, name: &str) -> Self {
        let name = PodName::new(name).unwrap_or_else(|error| panic!("{error}"));
        assert!(
            name.is_global() || self.engine().registry().pod().is_some(),
            "this app has one database: pods are for an app with `#[edgepod::pod]`, or `edgepod::app!(pod = …)`"
        );
        let host = self.all.pods.get(&name, &self.inner.host).host;
        self.of(name, host)
    }

    fn of(&self, name: PodName, host: Arc<TestHost>) -> Self {
        Self {
            inner: Rc::new(Inner { host, name }),
            all: self.all.clone(),
        }
    }

    /// Whoever has a token for this subject (the claim `sub`).
    pub fn user(&self, subject: &str) -> Caller {
        self.anonymous().claim("sub", subject)
    }

    /// Whoever has no token.
    pub fn anonymous(&self) -> Caller {
        Caller::new(self.clone())
    }

    /// Calls a function without a token. See [`Caller::call`].
    ///
    /// # Errors
    /// What a client would get.
    pub async fn call<F>(&self, call: Invocation<F>) -> Result<Answer<F>, CallError>
    where
        F: Callable<Returned: Returns>,
        Answer<F>: DeserializeOwned,
    {
        self.anonymous().call(call).await
    }

    /// A window that shows what a query gives, without a token. See [`Caller::watch`].
    pub fn watch<F>(&self, query: Invocation<F>) -> Watch<F>
    where
        F: Callable<Ctx = QueryCtx, Returned: Returns>,
    {
        self.anonymous().watch(query)
    }

    /// Runs `body` in a transaction, as a function of the app would: for what a test begins with, and for a look into the
    /// database. What it writes reaches windows.
    ///
    /// # Errors
    /// What `body` returns, and what refuses the commit. Nothing was written then.
    ///
    /// ```ignore
    /// let note = app.transaction(|ctx| ctx.db.insert(NewNote { text: "milk".into() }).returning())?;
    /// let count = app.transaction(|ctx| ctx.db.select::<Note>().count())?;
    /// assert_eq!((note.id, count), (1, 1));
    /// ```
    pub fn transaction<T>(&self, body: impl FnOnce(&Ctx) -> Result<T>) -> Result<T> {
        self.hear();
        let engine = self.engine();
        let result = engine.transaction_of_a_test(body);
        self.settle("the test's transaction");
        result
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.inner.host.clock().timestamp()
    }

    /// Moves the clock forward. Jobs and crons whose time comes are done, each at its own time.
    ///
    /// An action among them that waits for something goes on while the test awaits: see [`jobs_ended`](Self::jobs_ended).
    ///
    /// # Panics
    /// Beyond what a [`Timestamp`] can be; where jobs never end.
    pub fn advance(&self, time: Duration) {
        let until = i64::try_from(time.as_micros())
            .ok()
            .and_then(|micros| self.inner.host.clock().now().checked_add(micros))
            .and_then(Timestamp::from_micros)
            .expect("the clock moves within the years of a timestamp");
        self.do_jobs(until.as_micros());
        self.set_now(until);
    }

    /// Sets the clock, backwards too. It jumps: jobs whose time was passed over are done now.
    pub fn set_now(&self, now: Timestamp) {
        self.inner.host.clock().set(now.as_micros());
        self.do_jobs(now.as_micros());
    }

    /// The process dies now and starts again at this time: see [`crash`](Self::crash).
    pub fn sleep_until(&self, time: Timestamp) {
        self.inner.host.clock().set(time.as_micros());
        self.crash();
    }

    /// All jobs, the newest first, crons among them.
    ///
    /// # Panics
    /// Where they cannot be read.
    pub fn jobs(&self) -> Vec<JobStatus> {
        self.hear();
        self.engine()
            .transaction_of_a_test(|ctx| ctx.jobs().list(None))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// What became of a job; `None` where it is unknown.
    ///
    /// # Panics
    /// Where it cannot be read.
    pub fn job(&self, job: JobId) -> Option<JobStatus> {
        self.hear();
        self.engine()
            .transaction_of_a_test(|ctx| ctx.jobs().status(job))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits until the actions that were begun as jobs have ended.
    pub async fn jobs_ended(&self) {
        loop {
            let begun = self.all.actions.take();
            if begun.is_empty() {
                return;
            }
            for action in begun {
                // A crash has ended it.
                let _ = action.await;
            }
            self.settle("a job");
        }
    }

    /// Sets a variable or secret of the environment.
    pub fn set_var(&self, name: &str, value: &str) {
        self.inner.host.set_var(name, value);
    }

    /// Answers requests that the app sends to this address, without its query, in place of the server there. The answer that was given last
    /// counts. A request that nothing answers fails the test, with the address that it asked.
    ///
    /// ```ignore
    /// app.answer("https://api.example.com/charges", |request| {
    ///     assert_eq!(request.headers()["authorization"], "Bearer sk_test");
    ///     Response::new(r#"{"id":"ch_1"}"#)
    /// });
    /// ```
    pub fn answer<B: Into<Bytes>>(
        &self,
        url: &str,
        answer: impl Fn(&Request<Bytes>) -> Response<B> + Send + Sync + 'static,
    ) {
        let answerer = move |request: &Request<Bytes>| answer(request).map(Into::into);
        self.inner.host.answer(url, Arc::new(answerer));
    }

    /// The requests that the app has sent and the test has answered, first to last.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.hear();
        self.inner.host.asked()
    }

    /// The process dies and starts again: what is committed is there, sockets and everything in memory are gone. Windows come
    /// back and read again, as a client does.
    pub fn crash(&self) {
        self.end_actions();
        self.all.pods.restart();
        self.begin_again("the app started again");
    }

    /// The app begins anew, with empty databases: no data, no jobs, no [`requests`](Self::requests), the clock where it began.
    /// What the test has set stays: [answers](Self::answer), variables. Windows and clients of [servers](Self::serve) come back and
    /// read again.
    ///
    /// ```ignore
    /// app.reset();
    /// assert_eq!(app.data()["notes"], serde_json::json!([]));
    /// ```
    pub fn reset(&self) {
        self.end_actions();
        let host = &self.inner.host;
        host.clock().reset();
        self.all.pods.clear();
        host.forget_asked();
        self.begin_again("the app was reset");
    }

    fn end_actions(&self) {
        for action in self.all.actions.take() {
            action.abort();
        }
    }

    /// There are other engines than before.
    fn begin_again(&self, reason: &str) {
        self.clients().come_again();
        for window in self.windows() {
            window.open();
            window.fetch(Some(reason.to_owned()));
        }
        self.do_jobs(self.inner.host.clock().now());
    }

    /// The lines of the log so far, from `debug` on unless `EDGEPOD_LOG` says otherwise.
    pub fn log(&self) -> Vec<String> {
        self.inner.host.logged()
    }

    /// All rows of all tables, by table and in the order of their keys: for comparing a test's end with what it should be, or
    /// as a snapshot. Bytes are written in hexadecimal digits.
    ///
    /// # Panics
    /// Where a table cannot be read.
    pub fn data(&self) -> Json {
        self.hear();
        let host = self.open().host;
        let tables = schema::tables().unwrap_or_else(|error| panic!("{error}"));
        let tables = tables.into_iter().map(|table| {
            let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            let list: Vec<_> = columns.iter().map(|it| edgepod_sql::quote(it)).collect();
            let sql = format!(
                "SELECT {} FROM {} ORDER BY 1",
                list.join(", "),
                edgepod_sql::quote(table.name)
            );
            let output = host.run(&sql, &[]);
            let output = output.unwrap_or_else(|error| panic!("{}: {}", table.name, error.message));
            let rows = output.rows.iter().map(|row| {
                let fields = columns.iter().zip(row);
                fields
                    .map(|(name, value)| ((*name).to_owned(), json(value)))
                    .collect::<Map<_, _>>()
                    .into()
            });
            (table.name.to_owned(), Json::Array(rows.collect()))
        });
        Json::Object(tables.collect())
    }

    /// Tells of everything that the engine does from now on: calls, statements, who is told of what. After a
    /// [`crash`](Self::crash) there is another engine.
    pub fn watch_engine(&self, watcher: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.engine().watch(watcher);
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        self.open().engine
    }

    fn open(&self) -> Open {
        self.all.pods.get(&self.inner.name, &self.inner.host)
    }

    /// The pods, for a server.
    pub(super) fn engines(&self) -> TestEngines {
        TestEngines {
            pods: self.all.pods.clone(),
            host: self.inner.host.clone(),
        }
    }

    pub(super) fn clients(&self) -> &Arc<Clients> {
        self.inner.host.clients()
    }

    pub(super) fn next_number(&self) -> u32 {
        self.clients().next_number()
    }

    /// What clients of servers did until now is noticed before the test goes on.
    pub(super) fn hear(&self) {
        if let Some(failure) = self.all.failure.take() {
            resume_unwind(failure);
        }
        if self.clients().may_come() {
            self.settle(CLIENT);
        }
    }

    /// The test is over; what failed meanwhile fails it.
    pub(super) fn end(&self) {
        self.hear();
        self.complain_where_unanswered("the test");
    }

    /// Notices what clients of servers do, while the test waits for something.
    pub(super) async fn follow(self) -> Infallible {
        loop {
            let clock = self.inner.host.clock();
            let pods = self.all.pods.all();
            let alarm = pods.values().filter_map(|pod| pod.host.alarm()).min();
            let due = alarm.and_then(|at| clock.until(at));
            drop(pods);
            tokio::select! {
                () = self.clients().stirred() => {}
                () = sleep(due.unwrap_or_default()), if due.is_some() => {}
            }
            let noticed = catch_unwind(AssertUnwindSafe(|| self.settle(CLIENT)));
            if let Err(failure) = noticed {
                self.all.failure.replace(Some(failure));
            }
        }
    }

    pub(super) fn add(&self, window: &Rc<Window>) {
        self.all.windows.borrow_mut().push(Rc::downgrade(window));
    }

    fn windows(&self) -> Vec<Rc<Window>> {
        let mut windows = self.all.windows.borrow_mut();
        windows.retain(|window| window.strong_count() > 0);
        windows.iter().filter_map(Weak::upgrade).collect()
    }

    /// Windows that were told that their data is stale read it again, until nobody is told anything; and what is due now is done.
    ///
    /// # Panics
    /// Where the app asked another server meanwhile, and the test does not answer for it.
    pub(super) fn settle(&self, cause: &str) {
        self.settle_windows(cause);
        self.do_jobs(self.inner.host.clock().now());
    }

    /// Does what comes due until a time, each at its own, in whichever pod.
    fn do_jobs(&self, until: i64) {
        let clock = self.inner.host.clock();
        let mut busy = None;
        for _ in 0..JOBS {
            let pod = match busy.take() {
                Some(pod) => pod,
                None => {
                    let Some((at, pod)) = self.next_alarm(until) else {
                        return;
                    };
                    if at > clock.now() {
                        clock.set(at);
                    }
                    pod
                }
            };
            let step = pod.engine().run_job();
            let is_idle = matches!(step, JobStep::Idle);
            match step {
                JobStep::Action(action) => pod.begin(action),
                JobStep::Ran(what) => self.settle_windows(&what),
                JobStep::Idle => self.settle_windows("the clock"),
            }
            if !is_idle {
                busy = Some(pod);
            }
        }
        panic!("jobs ask for jobs without end: more than {JOBS} of them");
    }

    /// The pod that asks to be woken first, if one does by this time, and when.
    fn next_alarm(&self, until: i64) -> Option<(i64, Self)> {
        let pods = self.all.pods.all();
        let asking = pods
            .iter()
            .filter_map(|(name, open)| Some((open.host.alarm()?, name, open)));
        let (_, name, open) = asking.min_by_key(|(at, ..)| *at)?;
        let at = open.host.rings_by(until)?;
        let pod = self.of(name.clone(), open.host.clone());
        Some((at, pod))
    }

    /// Runs an action as far as it comes without waiting, and the rest while the test awaits.
    fn begin(&self, action: ActionJob) {
        let (name, engine) = (action.name(), self.engine());
        let mut running = Box::pin(async move { engine.run_action_job(action).await });
        let now = running
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if now.is_pending() {
            let running = tokio::task::spawn_local(running);
            self.all.actions.borrow_mut().push(running);
        }
        self.settle_windows(name);
    }

    fn complain_where_unanswered(&self, cause: &str) {
        let unanswered = self.inner.host.take_unanswered();
        if !unanswered.is_empty() {
            (self.all.complain)(format!(
                "{cause} asked another server, and the test has no answer: {}. Give one with `app.answer(\"https://…\", |request| …)`.",
                unanswered.join(", ")
            ));
        }
    }

    fn settle_windows(&self, cause: &str) {
        self.complain_where_unanswered(cause);
        loop {
            let pods = self.all.pods.all();
            let sent: Vec<_> = pods.values().flat_map(|pod| pod.host.take_sent()).collect();
            if sent.is_empty() {
                return;
            }
            for window in self.windows() {
                let told = sent.iter().filter(|(socket, _)| *socket == window.socket());
                let tables: Vec<String> = told.flat_map(|(_, message)| tables(message)).collect();
                if !tables.is_empty() {
                    let reason = format!("{cause} changed {}", tables.join(", "));
                    window.fetch(Some(reason));
                }
            }
        }
    }

    pub(super) fn next_trace_id(&self) -> String {
        format!("test-{:06}", self.next_number())
    }

    pub(super) fn next_socket(&self) -> SocketId {
        SocketId(self.next_number())
    }
}

/// The tables that a signal names, where it is one.
fn tables(message: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Stale {
        r#type: String,
        tables: Vec<String>,
    }
    match serde_json::from_str::<Stale>(message) {
        Ok(stale) if stale.r#type == "stale" => stale.tables,
        _ => Vec::new(),
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Blob(bytes) => base16ct::lower::encode_string(bytes).into(),
    }
}
