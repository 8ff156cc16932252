//! Runs a Worker on workerd, Cloudflare's own runtime: Durable Objects with SQLite, and no account.
//!
//! workerd itself is started, with a configuration made here, and nothing stands between it and the caller:
//! no Miniflare, no proxy. So what is measured and tested is the runtime.

pub(crate) mod config;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use config::Config;
use fs_err as fs;
use tempfile::TempDir;

use crate::{
    env::Vars,
    process::{self, Process},
    term, tools,
    wrangler::Bindings,
};

/// How long workerd may take to load the modules and listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running workerd. Dropping it stops it.
///
/// # Example
/// ```no_run
/// use edgepod_cli::workerd::Workerd;
///
/// let server = Workerd::of_modules("examples/users/.edgepod/worker")
///     .var("EDGEPOD_API_KEY", "ep_pk_test")
///     .start()?;
/// println!("http://{}", server.address());
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct Workerd {
    process: Process,
    address: SocketAddr,
    _scratch: TempDir,
}

/// How a workerd is to be started; see [`Workerd::of_modules`].
#[must_use]
pub struct WorkerdBuilder {
    modules: PathBuf,
    program: Option<PathBuf>,
    ip: IpAddr,
    port: u16,
    vars: Vars,
    bindings: Bindings,
    storage: Option<PathBuf>,
    compatibility_date: Option<String>,
    v8_flags: Vec<String>,
    on_log: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Workerd {
    /// Begins with the Worker in `folder`: `entry.mjs` is its main module and exports the Durable Object class
    /// `EdgePodEngine`; every other `.js`, `.mjs` and `.wasm` file, in subfolders too, is a module it may import.
    pub fn of_modules(folder: impl Into<PathBuf>) -> WorkerdBuilder {
        WorkerdBuilder {
            modules: folder.into(),
            program: None,
            ip: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            vars: Vars::new(),
            bindings: Bindings::default(),
            storage: None,
            compatibility_date: None,
            v8_flags: Vec::new(),
            on_log: Arc::new(|line| term::log("workerd", line)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Stops it and waits for its end. What was written to a [`storage`](WorkerdBuilder::storage) stays.
    pub fn stop(self) {
        drop(self);
    }
}

impl WorkerdBuilder {
    /// Uses this workerd, and not the one that [`tools::workerd`] finds or installs.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Listens on this address of the machine. Without it: on 127.0.0.1.
    pub fn listen(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// Listens on this port. Without it (or with 0): on any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Gives the Worker a variable: `env.NAME`. Values are handed over in the environment and not written to a file.
    pub fn var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Gives the Worker several variables.
    pub fn vars(mut self, vars: impl IntoIterator<Item = (String, String)>) -> Self {
        self.vars.extend(vars);
        self
    }

    /// Gives the Worker what its wrangler configuration binds, but for the texts: those are [`vars`](Self::vars).
    pub fn bindings(mut self, bindings: Bindings) -> Self {
        self.bindings = bindings;
        self
    }

    /// Keeps the objects' databases in this folder, which is created when missing. Without it they are forgotten at the end.
    pub fn storage(mut self, folder: impl Into<PathBuf>) -> Self {
        self.storage = Some(folder.into());
        self
    }

    /// Behaves as the runtime did on this day (`YYYY-MM-DD`). Without it: a recent day that the program knows.
    pub fn compatibility_date(mut self, date: impl Into<String>) -> Self {
        self.compatibility_date = Some(date.into());
        self
    }

    /// Gives V8 a flag, as `--perf-basic-prof`, with which a profiler knows the names of functions that V8 has compiled.
    pub fn v8_flag(mut self, flag: impl Into<String>) -> Self {
        self.v8_flags.push(flag.into());
        self
    }

    /// Hands each line that the Worker or workerd prints to `on_log`. Without it they go to stderr.
    pub fn on_log(mut self, on_log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_log = Arc::new(on_log);
        self
    }

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When there is no workerd, the folder is no Worker, a module does not load, or the port is taken.
    pub fn start(self) -> Result<Workerd> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => tools::workerd(&self.modules)?,
        };
        let modules = fs::canonicalize(&self.modules)?;
        let scratch = tempfile::Builder::new()
            .prefix("edgepod-workerd-")
            .tempdir()?;
        let storage = self
            .storage
            .clone()
            .unwrap_or_else(|| scratch.path().join("storage"));
        fs::create_dir_all(&storage)?;
        let date = match &self.compatibility_date {
            Some(date) => date.clone(),
            None => config::compatibility_date(&version(&program)?),
        };
        let config = Config {
            modules: config::modules(&modules)?,
            compatibility_date: date,
            vars: self.vars.keys().cloned().collect(),
            // A variable hides what else has its name.
            json: (self.bindings.json.iter())
                .filter(|(name, _)| !self.vars.contains_key(*name))
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect(),
            own: self.bindings.own.clone(),
            storage: fs::canonicalize(&storage)?,
            address: SocketAddr::from((self.ip, self.port)),
            v8_flags: self.v8_flags.clone(),
        };
        let file = scratch.path().join("workerd.capnp");
        fs::write(&file, config.to_string())?;

        let mut command = Command::new(&program);
        command
            .args(["serve", "--control-fd=1"])
            // `embed "/x"` in the configuration is looked up in here.
            .arg(format!("--import-path={}", modules.display()))
            .arg(&file)
            .envs(&self.vars)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let process = Process::spawn("workerd", command)?;
        let port = self.listening_port(&process)?;
        Ok(Workerd {
            process,
            address: SocketAddr::from((self.ip, port)),
            _scratch: scratch,
        })
    }

    /// Passes on what workerd prints, and waits for the line that says where it listens.
    fn listening_port(&self, process: &Process) -> Result<u16> {
        let (sender, port) = mpsc::channel();
        let on_log = self.on_log.clone();
        let mut sender = Some(sender);
        process::each_line(
            process
                .take_stdout()
                .context("workerd's stdout is no pipe")?,
            move |line| {
                match sender
                    .as_ref()
                    .and_then(|sender| Some((sender, config::listening_port(line)?)))
                {
                    Some((listening, port)) => {
                        // Nobody waits any more only when starting has failed already.
                        let _ = listening.send(port);
                        sender = None;
                    }
                    None => on_log(line),
                }
            },
        );
        let on_log = self.on_log.clone();
        process::each_line(
            process
                .take_stderr()
                .context("workerd's stderr is no pipe")?,
            move |line| on_log(line),
        );

        match port.recv_timeout(PATIENCE) {
            Ok(port) => Ok(port),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("workerd does not listen after {} s", PATIENCE.as_secs())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = process.wait()?;
                bail!(
                    "workerd could not run the Worker in {} ({status}); its messages are above",
                    self.modules.display()
                )
            }
        }
    }
}

/// What the program says it is, such as `workerd 2026-11-17`.
fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("{} could not be started", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
