//! The app being served.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use fs_err as fs;
use walkdir::WalkDir;

use super::{Happened, key, plan::Plan};
use crate::{
    build::Worker,
    http,
    native::Program,
    process::{self, Process},
    term,
    workerd::Workerd,
};

/// How long an app may take until it answers: it may have migrations to apply.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be served: a copy that the next build does not touch, so that it can be served again.
#[derive(Debug, Clone)]
pub(super) enum Build {
    Program(Program),
    Worker(Worker),
}

impl Build {
    /// A copy of `worker` in `folder`.
    pub fn worker(worker: &Worker, folder: &Path) -> Result<Self> {
        let copy = tempfile::Builder::new()
            .prefix("worker-")
            .tempdir_in(folder)?
            .keep();
        for file in files(&worker.folder)? {
            let to = copy.join(&file);
            fs::create_dir_all(to.parent().unwrap_or(&copy))?;
            fs::copy(worker.folder.join(file), to)?;
        }
        Ok(Self::Worker(Worker { folder: copy }))
    }

    /// Whether both behave alike.
    pub fn is_same_as(&self, other: &Self) -> Result<bool> {
        match (self, other) {
            (Self::Program(own), Self::Program(others)) => Ok(own == others),
            (Self::Worker(own), Self::Worker(others)) => {
                let names = files(&own.folder)?;
                if names != files(&others.folder)? {
                    return Ok(false);
                }
                for name in names {
                    if fs::read(own.folder.join(&name))? != fs::read(others.folder.join(&name))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Removes the copy.
    pub fn remove(self) -> Result<()> {
        match self {
            Self::Program(program) => program.remove(),
            Self::Worker(worker) => Ok(fs::remove_dir_all(worker.folder)?),
        }
    }
}

/// The files in `folder`, by their paths in it, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(folder)?.to_owned());
        }
    }
    Ok(files)
}

/// A server that answers. Dropping it stops it.
pub(super) struct Server {
    build: Build,
    running: Running,
    started: Instant,
}

enum Running {
    Native(Process),
    Workerd(Workerd),
}

impl Server {
    /// Starts it and waits until it answers. Its end, however it comes, is an [`Happened::Ended`].
    pub fn start(build: Build, plan: &Plan, sender: &Sender<Happened>) -> Result<Self> {
        let running = match &build {
            Build::Program(program) => Running::Native(native(program, plan)?),
            Build::Worker(worker) => Running::Workerd(
                Workerd::of_modules(&worker.folder)
                    .program(crate::tools::workerd(
                        plan.app.web.as_deref().unwrap_or(&plan.app.folder),
                    )?)
                    .listen(plan.address.ip())
                    .port(plan.address.port())
                    .vars(plan.vars.clone())
                    .bindings(plan.bindings.clone())
                    .storage(&plan.data)
                    .start()?,
            ),
        };
        let server = Self {
            build,
            running,
            started: Instant::now(),
        };
        http::wait_until_answering(server.process(), plan.local(), PATIENCE)?;
        if let Running::Workerd(_) = server.running {
            let key = plan.vars.get(key::NAME).map_or("", String::as_str);
            http::wake(plan.local(), key, PATIENCE)?;
        }
        let (id, sender) = (server.id(), sender.clone());
        server.process().on_exit(move |status| {
            // When nobody listens any more, the command is ending.
            let _ = sender.send(Happened::Ended((id, status)));
        });
        Ok(server)
    }

    pub fn build(&self) -> &Build {
        &self.build
    }

    pub fn id(&self) -> u32 {
        self.process().id()
    }

    /// For how long it runs.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Stops it, and gives back what it served.
    pub fn stop(self) -> Build {
        self.build
    }

    fn process(&self) -> &Process {
        match &self.running {
            Running::Native(process) => process,
            Running::Workerd(workerd) => workerd.process(),
        }
    }
}

fn native(program: &Program, plan: &Plan) -> Result<Process> {
    let mut command = program.command()?;
    command
        .envs(&plan.vars)
        .env("EDGEPOD_LISTEN", plan.address.to_string())
        .env("EDGEPOD_DATABASE", &plan.data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let process = Process::spawn(&plan.app.name, command)?;
    let name = plan.app.name.clone();
    process::each_line(
        process
            .take_stdout()
            .context("the app's stdout is no pipe")?,
        move |line| term::log(&name, line),
    );
    let name = plan.app.name.clone();
    process::each_line(
        process
            .take_stderr()
            .context("the app's stderr is no pipe")?,
        move |line| term::log(&name, line),
    );
    Ok(process)
}
