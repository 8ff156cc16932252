//! The server under test: one app, on the host that `EDGEPOD_TEST_HOST` names.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use edgepod_samples::apps;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    http::{Agent, Call, percent_encoded},
    socket::Socket,
};

/// How long the first build and start may take on a slow machine.
const START: Duration = Duration::from_secs(15 * 60);
/// How long a server may take to end after it was asked to.
const STOP: Duration = Duration::from_secs(15);

/// The key that is about to replace the other, of a server that this process starts: both open it.
pub const NEXT_KEY: &str = "ep_pk_protocol_tests_next";

/// A server to test.
pub struct Server {
    /// Where it listens, without a slash at the end: `http://127.0.0.1:8989`.
    pub url: String,
    /// The publishable key that it accepts.
    pub key: String,
    app: App,
    agent: Agent,
    process: Option<Process>,
}

/// A server that this process started, and what it keeps on disk.
struct Process {
    child: Mutex<Child>,
    launch: Launch,
}

/// How a server is started, again too.
struct Launch {
    command: PathBuf,
    app: App,
    host: String,
    port: u16,
    keys: String,
    folder: TempDir,
}

impl Launch {
    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Starts it, with more in its environment.
    fn start(&self, vars: &[(&str, &str)]) -> Result<Child> {
        let output = File::options().create(true).append(true).open(self.log());
        let output = output.context("a file for the server's output")?;
        Command::new(&self.command)
            .args([
                "dev",
                self.app.folder,
                "--no-page",
                "--no-studio",
                "--host",
                &self.host,
            ])
            .args(["--port", &self.port.to_string()])
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .current_dir(workspace())
            .env("EDGEPOD_API_KEY", &self.keys)
            .envs(vars.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("the server's output")?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", self.command.display()))
    }
}

/// An app to test.
#[derive(Clone, Copy, Debug)]
pub struct App {
    /// Its folder in the workspace.
    folder: &'static str,
    /// Whether `EDGEPOD_TEST_URL` may name a server that runs it already.
    anywhere: bool,
    /// A query of it that takes no arguments: who answers it serves.
    query: &'static str,
    /// The pod that is asked for it, where the app has more than one.
    pod: Option<&'static str>,
    /// Whether every request and socket is for that pod, unless it says another.
    only: bool,
}

impl App {
    /// The users example.
    pub const USERS: Self = Self {
        folder: "examples/users",
        anywhere: true,
        query: "getPosts",
        pod: None,
        only: false,
    };
    /// The functions of the users example in a pod of this name, which is one of many.
    pub const fn users_in_pod(name: &'static str) -> Self {
        Self {
            folder: "tests/apps/users-in-pods",
            anywhere: true,
            query: "getPosts",
            pod: Some(name),
            only: true,
        }
    }
    /// The app whose functions go wrong.
    pub const FAULTS: Self = Self {
        folder: "tests/apps/faults",
        anywhere: false,
        query: "getNotes",
        pod: None,
        only: false,
    };
    /// The app that says what statements touch, and that stops anywhere.
    pub const TRACKING: Self = Self {
        folder: "tests/apps/tracking",
        anywhere: false,
        query: "getNumbers",
        pod: None,
        only: false,
    };
    /// The app that is attacked.
    pub const HOSTILE: Self = Self {
        folder: "tests/apps/hostile",
        anywhere: false,
        query: "getNotes",
        pod: None,
        only: false,
    };
    /// The app with many databases.
    pub const PODS: Self = Self {
        folder: "tests/apps/pods",
        anywhere: false,
        query: "whereAmI",
        pod: Some("open"),
        only: false,
    };
    /// The app that answers more than its clients.
    pub const ROUTES: Self = Self {
        folder: "tests/apps/routes",
        anywhere: false,
        query: "getDeliveries",
        pod: None,
        only: false,
    };
    /// The app that does things later.
    pub const JOBS: Self = Self {
        folder: "tests/apps/jobs",
        anywhere: false,
        query: "audit",
        pod: None,
        only: false,
    };
    /// The app whose calls are parts of traces.
    pub const TRACES: Self = Self {
        folder: "tests/apps/traces",
        anywhere: false,
        query: "getNotes",
        pod: None,
        only: false,
    };
    /// The chat example.
    pub const CHAT: Self = Self {
        folder: "examples/chat",
        anywhere: false,
        query: "getOrgs",
        pod: None,
        only: false,
    };
    /// The app that says who calls it.
    pub const TOKENS: Self = Self {
        folder: "tests/apps/tokens",
        anywhere: false,
        query: "whoAmI",
        pod: None,
        only: false,
    };
}

static APP: OnceLock<App> = OnceLock::new();

/// A failure is kept as well, so that it is not tried again for every case.
static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

/// Says which app this process tests, before the first case.
pub(crate) fn choose(app: App) {
    APP.get_or_init(|| app);
}

/// The one server of this test process; the first call starts it.
///
/// # Panics
/// When it cannot be started; the message holds what it printed.
pub fn server() -> &'static Server {
    let app = *APP.get().expect("`suite::run` chooses the app");
    match SERVER.get_or_init(|| Server::from_environment(app).map_err(|error| format!("{error:#}")))
    {
        Ok(server) => server,
        Err(error) => panic!("no server to test: {error}"),
    }
}

/// The server, where a test has needed it.
pub(crate) fn started() -> Option<&'static Server> {
    SERVER.get()?.as_ref().ok()
}

impl Server {
    /// Takes the server that `EDGEPOD_TEST_URL` and `EDGEPOD_TEST_KEY` name, or starts the app on the
    /// host that `EDGEPOD_TEST_HOST` names (`native`, which is the default, or `workerd`).
    ///
    /// # Errors
    /// When the command does not build, or the server does not come to answer.
    pub fn from_environment(app: App) -> Result<Self> {
        if let (true, Ok(url)) = (app.anywhere, std::env::var("EDGEPOD_TEST_URL")) {
            let key = std::env::var("EDGEPOD_TEST_KEY")
                .context("EDGEPOD_TEST_URL names a server; EDGEPOD_TEST_KEY must hold its key")?;
            return Ok(Self {
                url: url.trim_end_matches('/').to_owned(),
                key,
                app,
                agent: Agent::new(),
                process: None,
            });
        }
        Self::start(app, &host())
    }

    /// Another server of the same app, natively, whose data `prepare` puts into its folder.
    ///
    /// # Errors
    /// As [`from_environment`](Self::from_environment).
    pub fn beside(&self, prepare: impl FnOnce(&Path)) -> Result<Beside> {
        Self::start_on(self.app, "native", prepare).map(Beside)
    }

    fn start(app: App, host: &str) -> Result<Self> {
        Self::start_on(app, host, |_| ())
    }

    fn start_on(app: App, host: &str, prepare: impl FnOnce(&Path)) -> Result<Self> {
        let port = free_port()?;
        let key = "ep_pk_protocol_tests".to_owned();
        let launch = Launch {
            command: build_command()?,
            app,
            host: host.to_owned(),
            port,
            keys: format!("{key}, {NEXT_KEY}"),
            folder: tempfile::tempdir().context("a folder for the server's data")?,
        };
        prepare(&launch.folder.path().join("data"));
        let server = Self {
            url: format!("http://127.0.0.1:{port}"),
            key,
            app,
            agent: Agent::new(),
            process: Some(Process {
                child: Mutex::new(launch.start(&[])?),
                launch,
            }),
        };
        match server.wait_until_it_answers() {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop();
                bail!("{error:#}\n{}", server.log())
            }
        }
    }

    fn wait_until_it_answers(&self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START {
            if let Ok(reply) = self.known_call().try_send()
                // Where a query is for members, the refusal comes from the app as well.
                && matches!(reply.status, 200 | 401)
            {
                return Ok(());
            }
            if let Some(process) = &self.process {
                let ended = process
                    .child
                    .lock()
                    .unwrap_or_else(|held| held.into_inner())
                    .try_wait()?;
                if let Some(status) = ended {
                    bail!("the server ended before it answered ({status})");
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the server did not answer within {} s", START.as_secs())
    }

    fn known_call(&self) -> Call<'_> {
        let call = self.call(self.app.query);
        match self.app.pod {
            Some(pod) => call.header("x-edgepod-pod", pod),
            None => call,
        }
    }

    /// How many databases there are in the folder of the server that this process started.
    pub fn databases(&self) -> usize {
        let mut folders = vec![self.data_folder()];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "sqlite") {
                    count += 1;
                }
            }
        }
        count
    }

    /// Where the server that this process started has its data.
    ///
    /// # Panics
    /// When it was started by somebody else.
    pub fn data_folder(&self) -> PathBuf {
        let process = self.process.as_ref().expect("a server of this process");
        process.launch.folder.path().join("data")
    }

    /// Whether this process started it, and so knows how it is configured.
    pub fn is_own(&self) -> bool {
        self.process.is_some()
    }

    /// Stops the server if this process started it: politely, so that it takes its own children along.
    pub fn stop(&self) {
        let Some(process) = &self.process else { return };
        let mut child = process
            .child
            .lock()
            .unwrap_or_else(|held| held.into_inner());
        ask_to_end(&child);
        let asked = Instant::now();
        while asked.elapsed() < STOP {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        eprintln!(
            "the server did not end within {} s of being asked to; killing it",
            STOP.as_secs()
        );
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Ends the server that this process started, and all processes below it, as a power cut would.
    ///
    /// # Errors
    /// Where another process runs it, or the system does not tell which are below.
    #[cfg(unix)]
    pub fn kill(&self) -> Result<()> {
        use nix::{
            sys::signal::{Signal, kill},
            unistd::Pid,
        };
        let process = self.process.as_ref().context("the server is another's")?;
        let mut child = process
            .child
            .lock()
            .unwrap_or_else(|held| held.into_inner());
        // Whoever would start another goes first.
        for id in below(child.id()).context("the system does not tell of processes")? {
            let _ = kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGKILL);
        }
        child.wait()?;
        Ok(())
    }

    /// Starts it again after [`kill`](Self::kill), with its data.
    ///
    /// # Errors
    /// When it does not come to answer.
    pub fn start_again(&self) -> Result<()> {
        self.start_again_with(&[])
    }

    /// The same, with more in its environment, until it is killed again.
    ///
    /// # Errors
    /// As [`start_again`](Self::start_again).
    pub fn start_again_with(&self, vars: &[(&str, &str)]) -> Result<()> {
        let process = self.process.as_ref().context("the server is another's")?;
        *process
            .child
            .lock()
            .unwrap_or_else(|held| held.into_inner()) = process.launch.start(vars)?;
        self.wait_until_it_answers()
    }

    /// What the server has printed so far; a note where it is not this process's own.
    pub fn log(&self) -> String {
        match &self.process {
            Some(process) => std::fs::read(process.launch.log())
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default(),
            None => format!("(the log of {} is where it was started)", self.url),
        }
    }

    /// The line of the server's output with all of these words; it may be on its way still, through a pipe or two.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn log_line(&self, words: &[&str]) -> String {
        let began = Instant::now();
        loop {
            let log = self.log();
            let line = log
                .lines()
                .find(|line| words.iter().all(|word| line.contains(word)));
            if let Some(line) = line {
                return line.to_owned();
            }
            assert!(
                began.elapsed() < crate::PATIENCE,
                "no line of the log has {words:?}:\n{log}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `POST /rpc/<name>` with the key and no body. See [`Call`] for what can be changed.
    pub fn call(&self, name: &str) -> Call<'_> {
        self.request("POST", &format!("/rpc/{name}"))
    }

    /// `GET /rpc/<name>?args=<args>` with the key.
    pub fn get(&self, name: &str, args: &Value) -> Call<'_> {
        self.request("GET", &format!("/rpc/{name}"))
            .query("args", &args.to_string())
    }

    /// Any request, with the key.
    pub fn request(&self, method: &str, path: &str) -> Call<'_> {
        self.request_to(&self.url, method, path)
    }

    /// Any request to another server that takes this one's key.
    pub fn request_to(&self, url: &str, method: &str, path: &str) -> Call<'_> {
        let call = Call::new(&self.agent, method, format!("{url}{path}"))
            .header("x-edgepod-key", &self.key);
        match self.only_pod() {
            // A browser's preflight has none of the headers that it asks about.
            Some(pod) if method != "OPTIONS" => call.header("x-edgepod-pod", pod),
            _ => call,
        }
    }

    /// Opens the invalidation socket of a session.
    #[track_caller]
    pub fn socket(&self, session: &str) -> Socket {
        Socket::open(&self.socket_url(&self.key, session))
            .unwrap_or_else(|error| panic!("the socket of session {session} did not open: {error}"))
    }

    /// The address of a session's socket.
    pub fn socket_url(&self, key: &str, session: &str) -> String {
        let address = self.url.replacen("http", "ws", 1);
        let pod = match self.only_pod() {
            Some(pod) => format!("&pod={}", percent_encoded(pod)),
            None => String::new(),
        };
        format!("{address}/ws?key={key}{pod}&sessionId={session}")
    }

    /// The pod that every request of this process is for, where the app has pods and the cases say nothing of them.
    pub fn only_pod(&self) -> Option<&'static str> {
        self.app.pod.filter(|_| self.app.only)
    }

    /// The headers of a request that is written by hand, each with the end of its line: host, key, and the pod where there is one.
    pub fn raw_headers(&self) -> String {
        let pod = match self.only_pod() {
            Some(pod) => format!("x-edgepod-pod: {pod}\r\n"),
            None => String::new(),
        };
        format!(
            "host: {}\r\nx-edgepod-key: {}\r\n{pod}",
            self.authority(),
            self.key
        )
    }

    /// Host and port, for tests that speak HTTP by hand.
    pub fn authority(&self) -> &str {
        self.url
            .split_once("://")
            .map_or(self.url.as_str(), |(_, rest)| rest)
    }

    /// The memory in use by the server that this process started and by all processes below it, in bytes; where the system
    /// tells.
    pub fn resident_memory(&self) -> Option<u64> {
        let process = self.process.as_ref()?;
        let root = process
            .child
            .lock()
            .unwrap_or_else(|held| held.into_inner())
            .id();
        let mut total = 0;
        for id in below(root)? {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            total += status
                .lines()
                .find_map(|line| {
                    line.strip_prefix("VmRSS:")?
                        .trim()
                        .strip_suffix(" kB")?
                        .parse::<u64>()
                        .ok()
                })
                .unwrap_or(0)
                * 1024;
        }
        Some(total)
    }

    /// Fails unless the server still does its work: for the end of every test that mistreated it.
    #[track_caller]
    pub fn assert_serving(&self) {
        self.known_call().ok();
    }
}

/// A server that is stopped when this is dropped.
pub struct Beside(Server);

impl Deref for Beside {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A process and all below it, each after the one that started it; where the system tells.
fn below(root: u32) -> Option<Vec<u32>> {
    let mut all = vec![root];
    let mut looked = 0;
    while let Some(&id) = all.get(looked) {
        looked += 1;
        // It may have ended meanwhile.
        let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else {
            if id == root {
                return None;
            }
            continue;
        };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children"));
            let children = children.unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|id| id.parse::<u32>().ok()),
            );
        }
    }
    Some(all)
}

/// Whether the server under test is a Durable Object on workerd.
pub fn is_workerd() -> bool {
    host() == "workerd"
}

/// The host that `EDGEPOD_TEST_HOST` names.
fn host() -> String {
    std::env::var("EDGEPOD_TEST_HOST").unwrap_or_else(|_| "native".to_owned())
}

/// Whether nothing is to be tested on any host: `EDGEPOD_TEST_HOST=none`.
pub(crate) fn has_no_host() -> bool {
    host() == "none"
}

/// Whether what this process tests runs on the native host.
pub fn is_native() -> bool {
    host() == "native"
}

/// A name that no other test uses, in this run or an earlier one on the same database.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{:x}-{count}", now.as_micros())
}

/// Builds the `edgepod` command and says where it is.
///
/// # Errors
/// When it does not build.
pub fn build_command() -> Result<PathBuf> {
    // Cargo looks at every file of the workspace, and a test may ask for it many times.
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(command) = &*built {
        return Ok(command.clone());
    }
    let command = build(&["build-as-for-tests", "--bin", "edgepod"], |artifact| {
        (artifact["target"]["name"] == "edgepod").then(|| artifact["executable"].as_str())?
    })?;
    Ok(built.insert(command).clone())
}

/// Builds an app and says where its library is: what `edgepod __run` takes.
///
/// # Errors
/// When it does not build.
pub fn build_library(package: &str) -> Result<PathBuf> {
    let library = package.replace('-', "_");
    build(&["build", "--package", package], |artifact| {
        if artifact["target"]["name"] != *library {
            return None;
        }
        let files = artifact["filenames"].as_array()?;
        files
            .iter()
            .filter_map(Value::as_str)
            .find(|file| file.ends_with(std::env::consts::DLL_EXTENSION))
    })
}

/// Builds what cargo is asked for, and finds a file among what it says it made.
fn build(what: &[&str], find: impl Fn(&Value) -> Option<&str>) -> Result<PathBuf> {
    let built = apps::cargo()
        .args(what)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo")?;
    if !built.status.success() {
        bail!("cargo build {} fails", what.join(" "));
    }
    String::from_utf8_lossy(&built.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| find(&message).map(PathBuf::from))
        .with_context(|| format!("cargo build {} did not say where it put it", what.join(" ")))
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the workspace")
}

/// A port that nobody listens on.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    if let Ok(id) = i32::try_from(child.id()) {
        // It may have ended by itself.
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
fn ask_to_end(_: &Child) {}
