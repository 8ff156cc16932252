//! The pods of this process: a database each, opened when it is asked for and closed when nobody uses it.

use std::{
    collections::HashMap,
    fmt, fs, io,
    mem::take,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use edgepod_manifest::PodStatus;
use tokio::sync::{Mutex as AsyncMutex, Notify, OwnedMutexGuard, RwLock, mpsc::UnboundedSender};

use super::{
    calls::{Caller, Calls, Threads, What},
    connections::Complaint,
    copier::KeepCopies,
    database::Location,
    durable::Durable,
    jobs::{Alarm, now_micros},
    kept_copies::KeptCopies,
    limits::Limits,
    pod_file::{file_of, pod_of},
    pod_status,
    ports::NativeHost,
    server::ServerError,
    sockets::Sockets,
    traces::Traces,
};
use crate::{
    Error,
    engine::{Engine, Fetching, Headers, Level, Outcome, PodCall, PodName, Record, answer_of},
    gateway::{FAILED, unserved},
    sqlite::SqlError,
};

/// How long the database of a pod may be checked before it is served: a call waits for it.
const CHECK: Duration = Duration::from_millis(200);

/// When a call for which there is no room is to come again.
const RETRY: Duration = Duration::from_secs(1);

/// What the engine of a pod may keep of answers where nobody says: there are many of them.
const KEPT: (&str, &str) = ("EDGEPOD_KEPT_LIMIT", "1048576");

/// The variables as pods see them that are not `global`.
pub(super) fn pod_vars(vars: &HashMap<String, String>) -> HashMap<String, String> {
    let mut vars = vars.clone();
    vars.entry(KEPT.0.to_owned())
        .or_insert_with(|| KEPT.1.to_owned());
    vars
}

/// An open database, and what runs on it.
pub(super) struct Pod {
    // In the order in which they end: the thread first, which uses the others.
    pub(super) calls: Calls,
    pub(super) engine: Arc<Engine>,
    /// When its jobs are due.
    pub(super) alarm: Arc<Alarm>,
    /// Where replies wait for the disk.
    pub(super) durable: Option<Arc<Durable>>,
    pub(super) opened: SystemTime,
    /// Told while whoever is about to replace its data waits for those that use it: streams of replies end.
    pub(super) wanted: Notify,
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.alarm.close();
    }
}

/// All pods.
pub(super) struct Pods {
    pub(super) world: World,
    /// That of an app without pods. It has a place of its own beside the others', which is never taken from it: it is open for as
    /// long as the server runs; but while its data is replaced, and where it could not be opened after that.
    global: Arc<Slot>,
    /// Pieces of data that come are written by those who share it; who has it alone knows that none is on its way to a disk.
    pub(super) pieces: Arc<RwLock<()>>,
    /// The data of one pod is replaced at a time.
    pub(super) replacing: AsyncMutex<()>,
    /// One's was.
    pub(super) replaced: Notify,
    slots: Mutex<HashMap<PodName, Arc<Slot>>>,
    began: Instant,
    full: Complaint,
    /// Where jobs are done: told of each pod that is opened.
    jobs: OnceLock<UnboundedSender<Opened>>,
}

/// An engine, and what of its database others than the engine look at.
pub(super) struct Started {
    pub(super) engine: Arc<Engine>,
    /// When its jobs are due.
    pub(super) alarm: Arc<Alarm>,
    /// Where replies wait for the disk.
    pub(super) durable: Option<Arc<Durable>>,
}

/// A pod that was opened, and when its jobs are due.
pub(super) type Opened = (PodName, Arc<Alarm>);

/// Where the engines of pods come from: from the databases of a server, or from a test that is served.
pub(super) trait Engines: Send + Sync {
    /// The engine of a pod.
    ///
    /// # Errors
    /// Its database cannot be opened, or the app does not start on it.
    fn start(&self, world: &World, pod: &PodName) -> Result<Started, OpenError>;

    /// What their clock says, in milliseconds since 1970.
    fn now_millis(&self) -> i64;
}

/// The databases of a server, and the system's clock.
pub(super) struct Databases;

/// What the pods of a process share.
#[derive(Clone)]
pub(super) struct World {
    pub(super) engines: Arc<dyn Engines>,
    /// Where they are; in memory where there is no folder.
    pub(super) folder: Option<PathBuf>,
    /// Where `global` is.
    pub(super) global: Location,
    /// The variables as `global` sees them.
    pub(super) vars: Arc<HashMap<String, String>>,
    /// The same for the others: see [`pod_vars`].
    pub(super) pod_vars: Arc<HashMap<String, String>>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) pods: Arc<OnceLock<Weak<Pods>>>,
    pub(super) threads: Arc<Threads>,
    pub(super) limits: Arc<Limits>,
    /// How many copies of each are kept, where they are.
    pub(super) keep: Option<KeepCopies>,
    /// Where spans go.
    pub(super) traces: Traces,
}

/// The place of a pod that is open, or about to be opened or closed.
#[derive(Default)]
struct Slot {
    state: Arc<AsyncMutex<State>>,
    /// When it was used last, in milliseconds since the server began.
    used: AtomicU64,
}

#[derive(Default)]
pub(super) enum State {
    #[default]
    Closed,
    Open(Arc<Pod>),
    /// It could not be opened.
    Failed {
        until: Instant,
        error: Error,
        /// For the admin.
        why: String,
    },
}

/// Why a pod cannot be opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The folder of the pods cannot be made.
    Folder(PathBuf, io::Error),
    /// Its file is no database that can be used.
    Database(SqlError),
    /// The app does not start on it.
    App(ServerError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder, error) => {
                write!(f, "{} cannot be made: {error}", folder.display())
            }
            Self::Database(error) => f.write_str(&error.message),
            Self::App(error) => error.fmt(f),
        }
    }
}

/// Why a pod cannot be opened: what its callers are told, and what is so.
struct Failure {
    error: Error,
    why: String,
}

impl Pods {
    pub(super) fn new(world: World, global: Arc<Pod>) -> Arc<Self> {
        let known = world.pods.clone();
        let pods = Arc::new(Self {
            world,
            global: Arc::new(Slot {
                state: Arc::new(AsyncMutex::new(State::Open(global))),
                used: AtomicU64::default(),
            }),
            pieces: Arc::default(),
            replacing: AsyncMutex::default(),
            replaced: Notify::new(),
            slots: Mutex::default(),
            began: Instant::now(),
            full: Complaint::default(),
            jobs: OnceLock::new(),
        });
        let _ = known.set(Arc::downgrade(&pods));
        pods
    }

    /// Calls a function in a pod, for an action of another.
    pub(super) fn call(self: Arc<Self>, call: PodCall, fetching: Fetching) {
        tokio::spawn(async move {
            let PodCall {
                pod,
                function,
                args,
                user,
                trace_id,
                origin,
                headers,
            } = call;
            let outcome = match self.get(Some(&pod)).await {
                Ok(pod) => {
                    let caller = Caller {
                        session: None,
                        user,
                        headers: Headers::from_json(headers),
                        trace_id,
                        origin: Some(origin),
                        held: None,
                    };
                    pod.run(What::Call(function.callee()), args, caller).await
                }
                Err(error) => Outcome::error(&error, &trace_id),
            };
            fetching.done(Ok(answer_of(outcome)));
        });
    }

    /// Tells of each pod that is opened from now on, and of the one that is open already.
    pub(super) fn tell_of_jobs(&self, jobs: UnboundedSender<Opened>) {
        // Nobody has asked for it yet: jobs begin before the first request.
        if let Ok(State::Open(pod)) = self.global.state.try_lock().as_deref() {
            let _ = jobs.send((PodName::global(), pod.alarm.clone()));
        }
        let _ = self.jobs.set(jobs);
    }

    /// The pods that are there, open or not, but for `global`.
    pub(super) fn all(&self) -> Vec<PodName> {
        if self.world.folder.is_none() {
            return self.slots().keys().cloned().collect();
        }
        let folder = self.world.folder.as_ref();
        let files = folder.and_then(|folder| fs::read_dir(folder).ok());
        let files = files.into_iter().flatten().flatten();
        files
            .filter_map(|file| pod_of(file.file_name().to_str()?))
            .collect()
    }

    /// A pod, opened if need be. Whoever has it keeps it open.
    ///
    /// # Errors
    /// `UNAVAILABLE`, where it cannot be opened (the log says why) or as many are in use as may be open.
    pub(super) async fn get(&self, name: Option<&PodName>) -> Result<Arc<Pod>, Error> {
        let slot = match name.filter(|name| !name.is_global()) {
            Some(name) => self.slot(name).await?,
            None => self.global.clone(),
        };
        slot.used.store(self.now(), Ordering::Relaxed);
        let mut state = slot.state.clone().lock_owned().await;
        match &*state {
            State::Open(pod) => return Ok(pod.clone()),
            State::Failed { until, error, .. } if Instant::now() < *until => {
                return Err(error.clone());
            }
            _ => {}
        }
        let (world, name) = (self.world.clone(), name.cloned());
        let name = name.unwrap_or_else(PodName::global);
        let jobs = self.jobs.get().cloned();
        // To its end, whether this caller stays or not: it may write.
        let opened = tokio::task::spawn_blocking(move || {
            let opened = world.open(&name);
            *state = match &opened {
                Ok(pod) => {
                    if let Some(jobs) = jobs {
                        let _ = jobs.send((name, pod.alarm.clone()));
                    }
                    State::Open(pod.clone())
                }
                Err(Failure { error, why }) => State::Failed {
                    until: Instant::now() + FAILED,
                    error: error.clone(),
                    why: why.clone(),
                },
            };
            opened.map_err(|failure| failure.error)
        });
        opened
            .await
            .unwrap_or_else(|_| Err(Error::internal("opening the pod panicked")))
    }

    /// Whether there is a pod of this name.
    pub(super) fn has(&self, name: &PodName) -> bool {
        name.is_global()
            || match self.world.location(name) {
                Location::File(file) => file.is_file(),
                Location::Memory => self.slots().contains_key(name),
            }
    }

    /// Where a pod is.
    pub(super) fn location(&self, name: &PodName) -> Location {
        self.world.location(name)
    }

    /// Where copies of a pod are kept, whether there is one or not; nowhere where it is in memory.
    pub(super) fn kept_copies(&self, name: &PodName) -> Option<KeptCopies> {
        match &self.world.global {
            Location::File(database) => Some(KeptCopies::of(database, name)),
            Location::Memory => None,
        }
    }

    /// How a pod is, which is there. It is not opened for that.
    ///
    /// # Errors
    /// None but a panic.
    pub(super) async fn status(&self, name: &PodName) -> Result<PodStatus, Error> {
        // What is being opened is waited for, and nobody opens it beside this: who opens a file and closes it again ends the locks
        // that another of this process has on it.
        let state = self.hold(name).await;
        let location = self.world.location(name);
        let asked = name;
        let name = name.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let (open, why) = match &*state {
                State::Open(pod) => (Some(&**pod), None),
                State::Failed { why, .. } => (None, Some(why.clone())),
                State::Closed => (None, None),
            };
            pod_status::status(&name, &location, open, why)
        });
        let looked = looked.await;
        self.tidy(asked);
        looked.map_err(|_| Error::internal("looking at the pod panicked"))
    }

    /// Forgets a place that is not one of an open pod.
    pub(super) fn tidy(&self, name: &PodName) {
        let mut slots = self.slots();
        if slots.get(name).is_some_and(|slot| {
            self.unused(slot)
                .is_some_and(|state| matches!(*state, State::Closed))
        }) {
            slots.remove(name);
        }
    }

    /// The place of a pod, held: nobody opens or closes it meanwhile.
    pub(super) async fn hold(&self, name: &PodName) -> OwnedMutexGuard<State> {
        let slot = match name.is_global() {
            true => self.global.clone(),
            false => self.slots().entry(name.clone()).or_default().clone(),
        };
        let state = slot.state.clone();
        state.lock_owned().await
    }

    /// The place of a pod that is not `global`; another's, where all are taken and one is not in use.
    async fn slot(&self, name: &PodName) -> Result<Arc<Slot>, Error> {
        loop {
            let idle = {
                let mut slots = self.slots();
                if let Some(slot) = slots.get(name) {
                    return Ok(slot.clone());
                }
                if slots.len() < self.world.limits.pods {
                    return Ok(slots.entry(name.clone()).or_default().clone());
                }
                let mut by_use: Vec<_> = slots.iter().collect();
                // They are used meanwhile, and an order that changes makes sorting panic: each time is read once.
                by_use.sort_by_cached_key(|(_, slot)| slot.used.load(Ordering::Relaxed));
                by_use
                    .into_iter()
                    .find_map(|(name, slot)| Some((name.clone(), self.unused(slot)?)))
            };
            let Some((idle, state)) = idle else {
                return Err(self.no_room());
            };
            self.close(&idle, state).await;
        }
    }

    fn no_room(&self) -> Error {
        if self.full.is_due() {
            let message = format!(
                "{} pods are open and in use, the most that there may be (EDGEPOD_MAX_PODS): calls of others are refused.",
                self.world.limits.pods
            );
            Record::new(Level::Warn, &message).write();
        }
        Error::unavailable("The server has as many pods open as it can: try again in a moment.")
            .retry_after(RETRY)
    }

    /// Closes a pod that nobody uses: no call, no socket.
    async fn close(&self, name: &PodName, mut state: OwnedMutexGuard<State>) {
        let closed = tokio::task::spawn_blocking(move || *state = State::Closed);
        let _ = closed.await;
        let mut slots = self.slots();
        // Somebody may wait for it already, and opens it again.
        if slots.get(name).is_some_and(|slot| {
            self.unused(slot)
                .is_some_and(|state| !matches!(*state, State::Open(_)))
        }) {
            slots.remove(name);
        }
    }

    /// Closes all pods, of which there are others now: whoever comes next has those. Sockets end, and calls have as long as where
    /// the server stops.
    pub(super) async fn close_all(&self) {
        let mut names: Vec<_> = self.slots().keys().cloned().collect();
        names.push(PodName::global());
        for name in names {
            let mut state = self.hold(&name).await;
            if let State::Open(pod) = take(&mut *state) {
                // What does not come to an end goes on with what nobody sees any more.
                let _ = self.alone(&name, pod, self.world.limits.stop).await;
            }
            drop(state);
            self.tidy(&name);
        }
    }

    /// Closes the pods that nobody has used for a while.
    pub(super) async fn close_idle(&self) {
        let idle = self.world.limits.pod_idle.as_millis() as u64;
        let before = self.now().saturating_sub(idle);
        let names: Vec<_> = {
            let slots = self.slots();
            let late = slots
                .iter()
                .filter(|(_, slot)| slot.used.load(Ordering::Relaxed) <= before);
            late.map(|(name, _)| name.clone()).collect()
        };
        for name in names {
            let state = self.slots().get(&name).and_then(|slot| self.unused(slot));
            if let Some(state) = state {
                self.close(&name, state).await;
            }
        }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<PodName, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a place that nobody waits for and whose pod nobody has, held until this is dropped. To be asked while the
    /// list is held, so that nobody comes. In memory a pod that is closed would be lost.
    fn unused(&self, slot: &Arc<Slot>) -> Option<OwnedMutexGuard<State>> {
        if Arc::strong_count(slot) > 1 {
            return None;
        }
        let state = slot.state.clone().try_lock_owned().ok()?;
        let is_used = match &*state {
            State::Open(pod) => self.world.folder.is_none() || Arc::strong_count(pod) > 1,
            State::Closed | State::Failed { .. } => false,
        };
        (!is_used).then_some(state)
    }
}

impl World {
    /// Opens a pod: its file is made where it is missing, its migrations are applied.
    fn open(&self, name: &PodName) -> Result<Arc<Pod>, Failure> {
        self.try_open(name).map_err(|why| {
            let message =
                format!("The pod `{name}` cannot be opened, and its calls are told 503: {why}");
            Record::new(Level::Error, &message).write();
            Failure {
                error: unserved(),
                why: why.to_string(),
            }
        })
    }

    /// Where a pod is.
    fn location(&self, name: &PodName) -> Location {
        match &self.folder {
            _ if name.is_global() => self.global.clone(),
            Some(folder) => Location::File(folder.join(file_of(name))),
            None => Location::Memory,
        }
    }

    /// The same, with the reason where it cannot be.
    pub(super) fn try_open(&self, name: &PodName) -> Result<Arc<Pod>, OpenError> {
        let started = self.engines.start(self, name)?;
        let pod = self.pod(started).map_err(OpenError::App)?;
        Ok(Arc::new(pod))
    }

    /// Starts the engine of a database, and its thread.
    pub(super) fn start(&self, host: Arc<NativeHost>) -> Result<Pod, ServerError> {
        let started = self.engine(host)?;
        self.pod(started)
    }

    fn engine(&self, host: Arc<NativeHost>) -> Result<Started, ServerError> {
        let engine = Engine::start(host.clone()).map_err(ServerError::App)?;
        self.traces.watch(&engine);
        host.database.limit(self.limits.call);
        Ok(Started {
            engine,
            alarm: host.world.alarm.clone(),
            durable: host.database.durable().cloned(),
        })
    }

    /// An engine, with a thread of its own.
    fn pod(&self, started: Started) -> Result<Pod, ServerError> {
        let Started {
            engine,
            alarm,
            durable,
        } = started;
        Ok(Pod {
            calls: Calls::start(&engine, &self.threads).map_err(ServerError::Io)?,
            engine,
            alarm,
            durable,
            opened: SystemTime::now(),
            wanted: Notify::new(),
        })
    }
}

impl Engines for Databases {
    fn start(&self, world: &World, pod: &PodName) -> Result<Started, OpenError> {
        if let Some(folder) = &world.folder {
            let made = fs::create_dir_all(folder);
            made.map_err(|error| OpenError::Folder(folder.clone(), error))?;
        }
        let location = world.location(pod);
        let vars = match pod.is_global() {
            true => world.vars.clone(),
            false => world.pod_vars.clone(),
        };
        let (sockets, pods) = (world.sockets.clone(), world.pods.clone());
        let host = NativeHost::open(&location, vars, sockets, pods, pod.clone())
            .map_err(OpenError::Database)?;
        let host = Arc::new(host);
        host.database.check(CHECK).map_err(OpenError::Database)?;
        let started = world.engine(host).map_err(OpenError::App)?;
        pod_status::note_opening(&location);
        Ok(started)
    }

    fn now_millis(&self) -> i64 {
        now_micros().div_euclid(1000)
    }
}
