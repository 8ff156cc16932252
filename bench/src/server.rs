//! One contender, running: its address, and what it costs this machine.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use edgepod_cli::{http, process::Process, tools, workerd::Workerd};
use fs_err as fs;
use tempfile::TempDir;

use crate::{
    client::KEY,
    contender::{self, Contender, Runs},
};

/// With what an app signs tokens, where it does: the example of RFC 7515, appendix A.3.
pub(crate) const PRIVATE_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for all contenders and runs.
const COMPATIBILITY_DATE: &str = "2026-11-01";

/// A folder for databases, below `target` (on the disk that is worked on, not in memory), removed in the end.
pub(crate) struct Storage(TempDir);

impl Storage {
    /// An empty one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn new() -> Result<Self> {
        let parent = contender::root().join("target/bench");
        fs::create_dir_all(&parent)?;
        let folder = tempfile::Builder::new()
            .prefix("storage-")
            .tempdir_in(parent)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether what a query answered is given again, or computed each time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Computed,
    Kept,
}

/// A running contender. Dropping it stops it.
pub(crate) struct Server {
    running: Running,
    _storage: Option<Storage>,
}

enum Running {
    Workerd(Workerd),
    Program(Process, SocketAddr),
}

impl Server {
    /// Starts `contender` on an empty database, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(contender: &Contender, answers: Answers) -> Result<Self> {
        let storage = Storage::new()?;
        let mut server = Self::start_on(contender, answers, &storage)?;
        server._storage = Some(storage);
        Ok(server)
    }

    /// Starts `contender` on the database in `storage`, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_on(
        contender: &Contender,
        answers: Answers,
        storage: &Storage,
    ) -> Result<Self> {
        let folder = match &contender.runs {
            Runs::Worker(folder) => folder.path(),
            Runs::Program(program) => {
                let vars = match answers {
                    Answers::Computed => &[NOT_KEPT][..],
                    Answers::Kept => &[],
                };
                let running = start_program(std::slice::from_ref(program), vars, storage)?;
                return Ok(Self {
                    running,
                    _storage: None,
                });
            }
        };
        let mut workerd = Workerd::of_modules(folder)
            .program(program()?)
            .compatibility_date(COMPATIBILITY_DATE)
            .storage(storage.path())
            .var("EDGEPOD_API_KEY", KEY);
        if contender.is_profiled {
            workerd = workerd.v8_flag("--perf-basic-prof");
        }
        if contender.signs {
            workerd = workerd.var("EDGEPOD_JWT_PRIVATE_KEY", PRIVATE_KEY);
        }
        if answers == Answers::Computed {
            let (name, value) = NOT_KEPT;
            workerd = workerd.var(name, value);
        }
        let workerd = workerd
            .start()
            .with_context(|| format!("starting {}", contender.name))?;
        Ok(Self {
            running: Running::Workerd(workerd),
            _storage: None,
        })
    }

    /// Starts a native program on an empty database, with these variables beside those that it needs, and waits until it answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn of_program(program: &Path, vars: &[(&str, &str)]) -> Result<Self> {
        Self::of_command(&[program.to_owned()], vars)
    }

    /// The same of a program with arguments.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn of_command(command: &[PathBuf], vars: &[(&str, &str)]) -> Result<Self> {
        let storage = Storage::new()?;
        Ok(Self {
            running: start_program(command, vars, &storage)?,
            _storage: Some(storage),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match &self.running {
            Running::Workerd(workerd) => workerd.address(),
            Running::Program(_, address) => *address,
        }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        match &self.running {
            Running::Workerd(workerd) => workerd.process().id(),
            Running::Program(process, _) => process.id(),
        }
    }
}

/// The variable by which no answer is kept.
const NOT_KEPT: (&str, &str) = ("EDGEPOD_KEPT_LIMIT", "0");

fn start_program(command: &[PathBuf], vars: &[(&str, &str)], storage: &Storage) -> Result<Running> {
    let [program, arguments @ ..] = command else {
        bail!("a command without a program");
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, http::free_port(0)?));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("EDGEPOD_LISTEN", address.to_string())
        .env("EDGEPOD_DATABASE", storage.path().join("data.sqlite"))
        .env("EDGEPOD_API_KEY", KEY)
        .env("EDGEPOD_JWT_PRIVATE_KEY", PRIVATE_KEY)
        .env("EDGEPOD_LOG", "off")
        .envs(vars.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let process = Process::spawn(&*name, command)?;
    http::wait_until_answering(&process, address, PATIENCE)?;
    Ok(Running::Program(process, address))
}

/// The workerd that all contenders run on. It is looked for, or installed, once.
///
/// # Errors
/// When there is none and npm cannot install it.
pub(crate) fn program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    if let Some(program) = PROGRAM.get() {
        return Ok(program);
    }
    let program = tools::workerd(&contender::root())?;
    Ok(PROGRAM.get_or_init(|| program))
}
