//! The app being served.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Stdio;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context, Result};
use fs_err as fs;
use walkdir::WalkDir;

use super::Event;
use super::plan::Plan;
use crate::build::Worker;
use crate::native::Program;
use crate::process::{self, Process};
use crate::workerd::Workerd;
use crate::{http, term};

/// How long an app may take until it answers: it may have migrations to apply.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be served. Equal builds behave alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Build {
    Program(Program),
    /// The folder is always the same one, so a hash of its contents tells builds apart.
    Worker(Worker, u64),
}

impl Build {
    pub fn worker(worker: Worker) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for entry in WalkDir::new(&worker.folder).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                entry.path().hash(&mut hasher);
                fs::read(entry.path())?.hash(&mut hasher);
            }
        }
        Ok(Self::Worker(worker, hasher.finish()))
    }
}

/// A server that answers. Dropping it stops it.
pub(super) struct Server {
    build: Build,
    running: Running,
}

enum Running {
    Native(Process),
    Workerd(Workerd),
}

impl Server {
    /// Starts it and waits until it answers. Its end, however it comes, is an [`Event::Ended`].
    pub fn start(build: Build, plan: &Plan, sender: &Sender<Event>) -> Result<Self> {
        let running = match &build {
            Build::Program(program) => Running::Native(native(program, plan)?),
            Build::Worker(worker, _) => Running::Workerd(
                Workerd::of_modules(&worker.folder)
                    .program(crate::tools::workerd(
                        plan.app.web.as_deref().unwrap_or(&plan.app.folder),
                    )?)
                    .port(plan.address.port())
                    .vars(plan.vars.clone())
                    .storage(&plan.data)
                    .start()?,
            ),
        };
        let server = Self { build, running };
        http::wait_until_answering(server.process(), plan.address, PATIENCE)?;
        let (id, sender) = (server.id(), sender.clone());
        server.process().on_exit(move |status| {
            // When nobody listens any more, the command is ending.
            let _ = sender.send(Event::Ended(id, status));
        });
        Ok(server)
    }

    pub fn build(&self) -> &Build {
        &self.build
    }

    pub fn id(&self) -> u32 {
        self.process().id()
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
