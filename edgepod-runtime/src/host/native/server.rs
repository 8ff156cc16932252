//! The server: connections come, are served, and end.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Either;
use hyper::{
    Request, Response,
    body::{Body, Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{interval, sleep, timeout},
};

use super::{
    admin::{self, AdminKeyError},
    body::Bodies,
    calls::Threads,
    connections::{Complaint, Connections, Phase, Place},
    control::Control,
    copier::{KEEP_COPIES, KeepCopies, KeepCopiesError, keep_copies},
    database::Location,
    durable::{Synchronous, SynchronousError},
    http::{self, Shared},
    jobs::JobThread,
    limits::{LimitError, Limits, descriptors},
    lock::{Lock, LockError},
    page::{NoPage, Page},
    pod_status,
    pods::{Databases, Engines, OpenError, Pod, Pods, World, pod_vars},
    ports::{NativeHost, log},
    sockets::{STOPPING, Sockets},
    stream::Stream,
    traces::{Traces, TracesError},
};
use crate::{
    Error,
    auth::SettingsError,
    engine::{App, Level, LevelError, Outcome, PodName, Record, StartError, start_log},
    gateway::{Config, Gateway, HEADERS},
    sqlite::SqlError,
};

/// The largest head of a request, in bytes.
const HEAD: usize = 64 * 1024;

/// Clients at one time that are told that there is no room; more are told nothing.
const TURNED_AWAY: usize = 64;

/// How long to wait for descriptors where there are none.
const DESCRIPTORS: Duration = Duration::from_millis(50);

/// How long the database may be checked before it is served.
const CHECK: Duration = Duration::from_secs(2);

/// An app served by this process.
///
/// ```no_run
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// use edgepod_runtime::host::native::{Location, Server};
/// let vars = [("EDGEPOD_API_KEY".to_owned(), "ep_pk_test".to_owned())];
/// let server = Server::start(Location::Memory, vars.into())?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8989").await?;
/// server.serve(listener, std::future::pending()).await?;
/// # Ok(()) }
/// ```
pub struct Server {
    /// Begun with the first request, or where requests are waited for: whoever only applies migrations does no jobs. Before what
    /// it uses, in the order in which they end.
    jobs: OnceLock<JobThread>,
    shared: Arc<Shared>,
    /// Whether calls were still under way when it ended.
    cut_off: AtomicBool,
    _locks: Vec<Lock>,
}

/// Why a server does not start.
#[derive(Debug)]
pub enum ServerError {
    /// The database cannot be opened.
    Database(SqlError),
    /// `EDGEPOD_LOG` is no level.
    Log(LevelError),
    /// A limit in the environment is none.
    Limit(LimitError),
    /// It is not said when what is committed is on the disk.
    Synchronous(SynchronousError),
    /// It is not said how many copies are to be kept.
    KeepCopies(KeepCopiesError),
    /// The database has another server, or cannot be locked.
    Lock(LockError),
    /// The settings of tokens cannot be used.
    Tokens(SettingsError),
    /// There is no page where one is to be served.
    Page(NoPage),
    /// The key of the admin address is none.
    AdminKey(AdminKeyError),
    /// Where traces are to go cannot be understood.
    Traces(TracesError),
    /// The app is not sound.
    App(StartError),
    /// The address cannot be served.
    Io(io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Database(error) => write!(f, "The database cannot be opened: {error}"),
            ServerError::Log(error) => error.fmt(f),
            ServerError::Limit(error) => error.fmt(f),
            ServerError::Synchronous(error) => error.fmt(f),
            ServerError::KeepCopies(error) => error.fmt(f),
            ServerError::Lock(error) => error.fmt(f),
            ServerError::Tokens(error) => error.fmt(f),
            ServerError::Page(error) => error.fmt(f),
            ServerError::AdminKey(error) => error.fmt(f),
            ServerError::Traces(error) => error.fmt(f),
            ServerError::App(error) => error.fmt(f),
            ServerError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServerError {}

/// What the environment says of a server, whatever it serves.
struct Settings {
    app: Arc<App>,
    limits: Arc<Limits>,
    page: Option<Page>,
    admin: Option<admin::Key>,
    gateway: Gateway,
}

impl Settings {
    fn from_vars(vars: &HashMap<String, String>) -> Result<Self, ServerError> {
        let app = App::of_program().map_err(ServerError::App)?;
        let has_pods = app.registry().pod().is_some();
        let limits =
            Limits::from_vars(vars, descriptors(), has_pods).map_err(ServerError::Limit)?;
        let page = vars.get("EDGEPOD_WEB").filter(|folder| !folder.is_empty());
        let page = page.map(|folder| Page::at(folder));
        let config = Config::from_vars(|name| vars.get(name).cloned());
        Ok(Self {
            app,
            limits: Arc::new(limits),
            page: page.transpose().map_err(ServerError::Page)?,
            admin: admin::Key::from_vars(vars).map_err(ServerError::AdminKey)?,
            gateway: Gateway::new(config).map_err(ServerError::Tokens)?,
        })
    }
}

impl Server {
    /// Opens the database, makes its tables and starts the engine. `vars` is the environment of the app.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub fn start(location: Location, vars: HashMap<String, String>) -> Result<Self, ServerError> {
        start_log(vars.get("EDGEPOD_LOG").map(String::as_str), log).map_err(ServerError::Log)?;
        let settings = Settings::from_vars(&vars)?;
        Synchronous::from_vars(&vars).map_err(ServerError::Synchronous)?;
        let keep = vars.get(KEEP_COPIES).map(String::as_str);
        let keep = KeepCopies::of(keep, &location).map_err(ServerError::KeepCopies)?;
        let traces = Traces::from_vars(&vars).map_err(ServerError::Traces)?;
        let has_pods = settings.app.registry().pod().is_some();
        let folder = has_pods.then(|| folder_of_pods(&location, &vars)).flatten();
        let mut locks = Vec::new();
        if let Location::File(path) = &location {
            locks.push(Lock::take(path).map_err(ServerError::Lock)?);
        }
        if let Some(folder) = &folder {
            // One for all that are in it.
            locks.push(Lock::take(folder).map_err(ServerError::Lock)?);
        }
        let world = World {
            engines: Arc::new(Databases),
            folder,
            global: location.clone(),
            pod_vars: Arc::new(pod_vars(&vars)),
            vars: Arc::new(vars),
            sockets: Arc::<Sockets>::default(),
            pods: Arc::default(),
            threads: Threads::start(settings.limits.clone()).map_err(ServerError::Io)?,
            limits: settings.limits.clone(),
            keep,
            traces,
        };
        let global = PodName::global();
        let host = NativeHost::open(
            &location,
            world.vars.clone(),
            world.sockets.clone(),
            world.pods.clone(),
            global,
        );
        let host = Arc::new(host.map_err(ServerError::Database)?);
        let is_whole = host.database.check(CHECK).map_err(ServerError::Database)?;
        if !is_whole {
            let message = format!(
                "The database is too large to be checked in {} s at the start: `edgepod doctor --data` checks all of it.",
                CHECK.as_secs()
            );
            Record::new(Level::Info, &message).write();
        }
        let global = Arc::new(world.start(host)?);
        pod_status::note_opening(&location);
        Ok(Self::of(world, global, settings, None, locks))
    }

    /// Serves the engines of a test, as they are. `vars` is the environment of the server; `control` is for whoever has started it.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub(super) fn of_test(
        engines: impl Engines + 'static,
        sockets: Sockets,
        vars: HashMap<String, String>,
        control: Option<Control>,
    ) -> Result<Self, ServerError> {
        let settings = Settings::from_vars(&vars)?;
        let world = World {
            engines: Arc::new(engines),
            folder: None,
            global: Location::Memory,
            pod_vars: Arc::default(),
            vars: Arc::default(),
            sockets: Arc::new(sockets),
            pods: Arc::default(),
            threads: Threads::start(settings.limits.clone()).map_err(ServerError::Io)?,
            limits: settings.limits.clone(),
            keep: None,
            traces: Traces::default(),
        };
        let global = world
            .try_open(&PodName::global())
            .map_err(|error| match error {
                OpenError::App(error) => error,
                OpenError::Database(error) => ServerError::Database(error),
                OpenError::Folder(_, error) => ServerError::Io(error),
            })?;
        Ok(Self::of(world, global, settings, control, Vec::new()))
    }

    fn of(
        world: World,
        global: Arc<Pod>,
        settings: Settings,
        control: Option<Control>,
        locks: Vec<Lock>,
    ) -> Self {
        let Settings {
            app,
            limits,
            page,
            admin,
            gateway,
        } = settings;
        Self {
            cut_off: AtomicBool::new(false),
            jobs: OnceLock::new(),
            shared: Arc::new(Shared {
                sockets: world.sockets.clone(),
                pods: Pods::new(world, global),
                bodies: Arc::new(Bodies::new(limits.clone())),
                gateway: Arc::new(gateway),
                limits,
                page,
                app,
                admin,
                control,
            }),
            _locks: locks,
        }
    }

    /// What its connections share.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Answers one request without a network, for tests. A WebSocket needs a connection, so its handshake is refused.
    /// To be called on a tokio runtime.
    pub async fn answer<B>(
        &self,
        request: Request<B>,
    ) -> Response<impl Body<Data = Bytes, Error: fmt::Debug> + Send + use<B>>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        self.do_jobs();
        http::answer(&self.shared, request, None).await
    }

    fn do_jobs(&self) {
        self.jobs.get_or_init(|| JobThread::start(&self.shared));
    }

    /// Where its spans go: to be ended after it.
    pub(super) fn traces(&self) -> Traces {
        self.shared.pods.world.traces.clone()
    }

    /// Ends the server, for a program that is about to end as well: what was cut off is not waited for, as a statement that
    /// never ends would be.
    pub(super) fn end(self) {
        if self.cut_off.load(Ordering::Acquire) {
            // The system takes back what it has, and SQLite finds its database as after a crash.
            std::mem::forget(self);
        }
    }

    /// Serves requests until `stop` is ready. Then nothing new is begun, sockets are closed, and what is under way has its
    /// time to end: `EDGEPOD_STOP_TIMEOUT`.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        self.do_jobs();
        let connections = Connections::new(self.shared.limits.clone());
        let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
        let exhausted = Complaint::default();
        let (stopping, stopped) = watch::channel(false);
        let pods = &self.shared.pods;
        let copier = pods.world.keep.map(|keep| {
            let copier = keep_copies(pods.clone(), keep, stopped.clone());
            tokio::spawn(copier)
        });
        let pause = (self.shared.limits.pod_idle / 4).max(Duration::from_millis(50));
        let mut look = interval(pause);
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => accepted,
                _ = look.tick() => {
                    let shared = self.shared.clone();
                    tokio::spawn(async move { shared.pods.close_idle().await });
                    continue;
                }
            };
            match accepted {
                Ok((tcp, peer)) => match connections.admit(peer.ip()) {
                    Some(place) => {
                        let shared = self.shared.clone();
                        tokio::spawn(serve_connection(shared, tcp, peer, place, stopped.clone()));
                    }
                    None => {
                        if let Ok(permit) = turned_away.clone().try_acquire_owned() {
                            tokio::spawn(async move {
                                turn_away(tcp).await;
                                drop(permit);
                            });
                        }
                    }
                },
                // A client that has gone already.
                Err(error) if is_of_connection(&error) => {}
                // There are no descriptors, or no memory. Those who wait for a request give way, and it passes.
                Err(error) => {
                    let gone = connections.make_room();
                    if exhausted.is_due() {
                        let message = format!(
                            "No connection can be accepted ({error}): {gone} that waited for a request are closed."
                        );
                        Record::new(Level::Error, &message).write();
                    }
                    sleep(DESCRIPTORS).await;
                }
            }
        }
        drop(listener);
        let _ = stopping.send(true);
        self.shared.sockets.end_all(STOPPING);
        connections.end_waiting();
        let all_ended = async {
            connections.all_ended().await;
            // A copy that is cut off is none: its file has no name yet.
            if let Some(copier) = copier {
                let _ = copier.await;
            }
        };
        if timeout(self.shared.limits.stop, all_ended).await.is_err() {
            let message = format!(
                "Calls that were under way {} s after the server was told to stop are cut off (EDGEPOD_STOP_TIMEOUT).",
                self.shared.limits.stop.as_secs_f64()
            );
            Record::new(Level::Warn, &message).write();
            connections.end_all();
            self.cut_off.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// Where the files of pods are: `EDGEPOD_PODS`, or beside the database. Nowhere where that is in memory.
fn folder_of_pods(location: &Location, vars: &HashMap<String, String>) -> Option<PathBuf> {
    let Location::File(database) = location else {
        return None;
    };
    let set = vars.get("EDGEPOD_PODS").map(|folder| folder.trim());
    let set = set.filter(|folder| !folder.is_empty());
    Some(set.map_or_else(|| database.with_extension("pods"), PathBuf::from))
}

async fn serve_connection(
    shared: Arc<Shared>,
    tcp: TcpStream,
    peer: SocketAddr,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    // Replies and signals are small, and whole when they are written.
    let _ = tcp.set_nodelay(true);
    let connection = place.connection().clone();
    let service = service_fn(|request: Request<Incoming>| {
        let shared = shared.clone();
        let connection = connection.clone();
        async move {
            connection.enter(Phase::Busy);
            let mut reply = http::answer(&shared, request, Some(peer.ip())).await;
            match reply.body_mut() {
                Either::Left(_) => connection.enter(Phase::Reply),
                Either::Right(chunks) => chunks.are_of(&connection),
            }
            Ok::<_, Infallible>(reply)
        }
    });
    let mut serving = pin!(
        http1::Builder::new()
            // The stream keeps the time: hyper's would be the same for a head and for waiting.
            .header_read_timeout(None)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(Stream::new(tcp, place)), service)
            .with_upgrades()
    );
    loop {
        tokio::select! {
            // What a client does to its connection is not for the log.
            _ = &mut serving => return,
            () = connection.end.notified() => return,
            stop = stopped.changed() => {
                serving.as_mut().graceful_shutdown();
                if stop.is_err() {
                    // Only who serves tells of the end, and is gone.
                    return;
                }
            }
        }
    }
}

/// Whether an error of accepting concerns one client only.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Tells a client that there is no room for it.
async fn turn_away(mut tcp: TcpStream) {
    let error = Error::unavailable("The server has as many connections as it can take.")
        .retry_after(Duration::from_secs(1));
    let outcome = Outcome::error(&error, &http::trace_id());
    let mut text = String::from("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n");
    for (name, value) in HEADERS {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!(
        "retry-after: 1\r\ncontent-length: {}\r\n\r\n{}",
        outcome.body.len(),
        outcome.body
    ));
    let _ = tcp.try_write(text.as_bytes());
    // Closed with something unread, the connection is reset, and the reply with it.
    let mut sent = [0; 1024];
    let reading = async { while matches!(tcp.read(&mut sent).await, Ok(1..)) {} };
    let _ = timeout(Duration::from_millis(500), reading).await;
}
