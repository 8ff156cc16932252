//! The ports of the engine in a test: a database in memory, and the test itself for everything else.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    super::{
        database::{Location, NativeDatabase},
        pods::{Engines, OpenError, Started, World},
        ports::OnSqlite,
    },
    clients::Clients,
    clock::{self, Clock},
};
use crate::{
    engine::{
        Call, Callee, Engine, Fetching, Headers, Host, NoAnswer, Outgoing, PodCall, PodName,
        Record, SocketId, answer_of, answered,
    },
    sqlite::SqlError,
};

/// With what tests sign tokens, unless they set another key: the example of RFC 7515, appendix A.3.
const PRIVATE_KEY: (&str, &str) = (
    "EDGEPOD_JWT_PRIVATE_KEY",
    r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
);

/// What clients of a test that is served send, unless it says another.
const API_KEY: (&str, &str) = ("EDGEPOD_API_KEY", "ep_pk_test");

/// The host of a test.
pub type TestHost = OnSqlite<Test>;

/// The test, as the world of an engine.
#[derive(Default)]
pub struct Test {
    /// That of an app without pods, unless it says so.
    pod: Option<PodName>,
    clock: Arc<Clock>,
    vars: Arc<Mutex<HashMap<String, String>>>,
    /// What the engine has sent to sockets and nobody has read yet.
    sent: Mutex<Vec<(SocketId, String)>>,
    /// What it keeps with each socket.
    attachments: Mutex<HashMap<SocketId, String>>,
    log: Arc<Mutex<Vec<String>>>,
    /// When the engine asks to be woken.
    alarm: Mutex<Option<i64>>,
    starts: Arc<AtomicI64>,
    clients: Arc<Clients>,
    outside: Arc<Outside>,
    pods: Weak<OpenPods>,
}

/// The pods of a test that are open.
#[derive(Default)]
pub(super) struct OpenPods(Mutex<BTreeMap<PodName, Open>>);

/// A pod that is open.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) host: Arc<TestHost>,
    pub(super) engine: Arc<Engine>,
}

impl Open {
    /// # Panics
    /// Where the app does not start.
    pub(super) fn start(host: Arc<TestHost>) -> Self {
        let engine = Engine::start(host.clone());
        let engine = engine.unwrap_or_else(|error| panic!("the app does not start: {error}"));
        Self { host, engine }
    }
}

impl OpenPods {
    /// A pod; where it is not open yet, one of the same test as this host.
    pub(super) fn get(&self, name: &PodName, beside: &TestHost) -> Open {
        let mut all = lock(&self.0);
        let open = all.entry(name.clone()).or_insert_with(|| {
            let host = beside.of_pod(name.clone());
            let host = host.unwrap_or_else(|error| panic!("{}", error.message));
            Open::start(Arc::new(host))
        });
        open.clone()
    }

    pub(super) fn all(&self) -> BTreeMap<PodName, Open> {
        lock(&self.0).clone()
    }

    /// All of them begin another life.
    pub(super) fn restart(&self) {
        for open in lock(&self.0).values_mut() {
            open.host.take_sent();
            *open = Open::start(open.host.clone());
        }
    }

    /// All of them are gone, with their data.
    pub(super) fn clear(&self) {
        let gone = mem::take(&mut *lock(&self.0));
        drop(gone);
    }
}

/// The pods of a test, for a server: one that is opened there is the same one here. Their jobs are the test's to do.
pub(super) struct TestEngines {
    pub(super) pods: Arc<OpenPods>,
    pub(super) host: Arc<TestHost>,
}

impl Engines for TestEngines {
    fn start(&self, _: &World, pod: &PodName) -> Result<Started, OpenError> {
        Ok(Started {
            engine: self.pods.get(pod, &self.host).engine,
            alarm: Arc::default(),
            durable: None,
        })
    }

    fn now_millis(&self) -> i64 {
        self.host.clock().now().div_euclid(1000)
    }
}

/// The test, as all other servers.
#[derive(Default)]
struct Outside {
    /// By addresses without their queries; the last one first.
    answers: Mutex<Vec<(String, Answerer)>>,
    asked: Mutex<Vec<Request<Bytes>>>,
    unanswered: Mutex<Vec<String>>,
}

/// What answers in place of another server.
pub(super) type Answerer = Arc<dyn Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync>;

impl TestHost {
    /// One with an empty database.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn in_memory() -> Result<Self, SqlError> {
        Self::open(Test::default())
    }

    /// One of a test with these pods and this clock.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn with_pods(pods: &Arc<OpenPods>, clock: Clock) -> Result<Self, SqlError> {
        Self::open(Test {
            pods: Arc::downgrade(pods),
            clock: Arc::new(clock),
            ..Test::default()
        })
    }

    /// Another one of the same test, for a pod: with the same clock, environment and log.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn of_pod(&self, pod: PodName) -> Result<Self, SqlError> {
        Self::open(Test {
            pod: Some(pod),
            clock: self.world.clock.clone(),
            vars: self.world.vars.clone(),
            log: self.world.log.clone(),
            outside: self.world.outside.clone(),
            starts: self.world.starts.clone(),
            clients: self.world.clients.clone(),
            pods: self.world.pods.clone(),
            ..Test::default()
        })
    }

    fn open(world: Test) -> Result<Self, SqlError> {
        let database = NativeDatabase::open(&Location::Memory)?;
        database.adapt(|connection| clock::govern(connection, &world.clock))?;
        let host = Self { database, world };
        for (name, value) in [PRIVATE_KEY, API_KEY] {
            let mut vars = lock(&host.world.vars);
            vars.entry(name.to_owned())
                .or_insert_with(|| value.to_owned());
        }
        Ok(host)
    }

    /// What was sent to sockets since this was asked last.
    pub fn take_sent(&self) -> Vec<(SocketId, String)> {
        mem::take(&mut lock(&self.world.sent))
    }

    /// What is kept with a socket.
    pub fn attachment(&self, socket: SocketId) -> Option<String> {
        lock(&self.world.attachments).get(&socket).cloned()
    }

    /// When the engine asks to be woken.
    pub(super) fn alarm(&self) -> Option<i64> {
        *lock(&self.world.alarm)
    }

    /// Whether the engine asks to be woken by this time, and when.
    pub(super) fn rings_by(&self, time: i64) -> Option<i64> {
        lock(&self.world.alarm).take_if(|at| *at <= time)
    }

    /// Sets the clock: microseconds since 1970.
    pub fn set_now_micros(&self, micros: i64) {
        self.world.clock.set(micros);
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// Sets a variable of the environment.
    pub fn set_var(&self, name: &str, value: &str) {
        lock(&self.world.vars).insert(name.to_owned(), value.to_owned());
    }

    /// The environment.
    pub(super) fn vars(&self) -> HashMap<String, String> {
        lock(&self.world.vars).clone()
    }

    /// Those who are connected to servers of the test.
    pub(super) fn clients(&self) -> &Arc<Clients> {
        &self.world.clients
    }

    pub(super) fn answer(&self, url: &str, answerer: Answerer) {
        lock(&self.world.outside.answers).insert(0, (url.to_owned(), answerer));
    }

    /// What was asked of other servers so far.
    pub(super) fn asked(&self) -> Vec<Request<Bytes>> {
        lock(&self.world.outside.asked).clone()
    }

    /// Nothing was asked yet.
    pub(super) fn forget_asked(&self) {
        lock(&self.world.outside.asked).clear();
    }

    /// What nobody answered since this was asked last.
    pub(super) fn take_unanswered(&self) -> Vec<String> {
        mem::take(&mut lock(&self.world.outside.unanswered))
    }

    pub(super) fn logged(&self) -> Vec<String> {
        lock(&self.world.log).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host for TestHost {
    fn pod(&self) -> PodName {
        self.world.pod.clone().unwrap_or_else(PodName::global)
    }

    fn send(&self, socket: SocketId, message: &str) {
        lock(&self.world.sent).push((socket, message.to_owned()));
        self.world.clients.send(socket, message);
    }

    fn remember(&self, socket: SocketId, attachment: &str) {
        lock(&self.world.attachments).insert(socket, attachment.to_owned());
    }

    fn now_micros(&self) -> i64 {
        self.clock().now()
    }

    fn wake_at(&self, micros: i64) {
        *lock(&self.world.alarm) = Some(micros);
        self.world.clients.stir();
    }

    /// The clock may stand still between two lives.
    fn began_micros(&self) -> i64 {
        self.clock().now() + self.world.starts.fetch_add(1, Ordering::Relaxed)
    }

    fn var(&self, name: &str) -> Option<String> {
        lock(&self.world.vars).get(name).cloned()
    }

    fn call_pod(&self, call: PodCall, fetching: Fetching) {
        let Some(pods) = self.world.pods.upgrade() else {
            return fetching.done(Err(NoAnswer::because("the test is over")));
        };
        let engine = pods.get(&call.pod, self).engine;
        tokio::task::spawn_local(async move {
            let made = Call {
                args: &call.args,
                session: None,
                user: call.user,
                headers: Headers::from_json(call.headers),
                trace_id: &call.trace_id,
                origin: Some(call.origin),
            };
            let outcome = match call.function.callee() {
                Callee::AtOnce(function) => engine.call(function, made),
                Callee::Action(action) => engine.call_action(action, made).await,
            };
            fetching.done(Ok(answer_of(outcome)));
        });
    }

    fn fetch(&self, request: Outgoing, fetching: Fetching) {
        let outside = &self.world.outside;
        let url = request.url.split('?').next().unwrap_or_default();
        let answers = lock(&outside.answers);
        let answerer = answers.iter().find(|(of, _)| of == url);
        let answerer = answerer.map(|(_, answerer)| answerer.clone());
        drop(answers);
        fetching.done(match answerer {
            Some(answerer) => Ok(answered(request, |request| {
                lock(&outside.asked).push(request.clone());
                answerer(&request)
            })),
            None => {
                let what = format!("{} {url}", request.method);
                lock(&outside.unanswered).push(what);
                self.world.clients.stir();
                Err(NoAnswer::because("the test has no answer"))
            }
        });
    }

    /// The test harness shows standard error of tests that fail.
    fn log(&self, record: &Record<'_>) {
        let line = record.to_string();
        eprintln!("{line}");
        lock(&self.world.log).push(line);
    }
}
