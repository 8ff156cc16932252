//! A native server of a case's own, with limits of its own.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Call, server};
use tempfile::TempDir;

use crate::raw::{PATIENCE, Raw};

/// A process that serves the app.
pub(crate) struct Native {
    child: Child,
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

/// The command and the app's library.
pub(crate) fn built() -> (&'static Path, &'static Path) {
    static COMMAND: OnceLock<PathBuf> = OnceLock::new();
    static APP: OnceLock<PathBuf> = OnceLock::new();
    let command = || server::build_command().expect("the command builds");
    let app = || server::build_library("hostile").expect("the app builds");
    (COMMAND.get_or_init(command), APP.get_or_init(app))
}

/// A command that serves the app on this port, with its database in this folder.
pub(crate) fn command(port: u16, folder: &Path, vars: &[(&str, &str)]) -> Command {
    let (edgepod, library) = built();
    let mut command = Command::new(edgepod);
    command.arg("__run").arg(library);
    environment(&mut command, port, folder, vars);
    command
}

fn environment(command: &mut Command, port: u16, folder: &Path, vars: &[(&str, &str)]) {
    command
        .env("EDGEPOD_LISTEN", format!("127.0.0.1:{port}"))
        .env("EDGEPOD_DATABASE", folder.join("data.sqlite"))
        .env("EDGEPOD_API_KEY", &server().key)
        .envs(vars.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
}

impl Native {
    /// Starts one with these variables in its environment.
    pub(crate) fn start(vars: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), vars)
    }

    /// The same, on a database that is there.
    pub(crate) fn start_in(folder: TempDir, vars: &[(&str, &str)]) -> Self {
        let port = server::free_port().expect("a port");
        let command = command(port, folder.path(), vars);
        Self::run(command, port, folder)
    }

    /// One that serves another package of the workspace.
    pub(crate) fn of_package(package: &str, vars: &[(&str, &str)]) -> Self {
        let library = server::build_library(package).expect("the app builds");
        let port = server::free_port().expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(built().0);
        command.arg("__run").arg(library);
        environment(&mut command, port, folder.path(), vars);
        Self::run(command, port, folder)
    }

    /// One that may have this many files open.
    #[cfg(unix)]
    pub(crate) fn with_descriptors(descriptors: u32) -> Self {
        let (edgepod, library) = built();
        let port = server::free_port().expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -n {descriptors}; exec \"$0\" __run \"$1\""))
            .args([edgepod, library]);
        environment(&mut command, port, folder.path(), &[]);
        Self::run(command, port, folder)
    }

    fn run(mut command: Command, port: u16, folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).expect("a file for the log");
        let child = command.stderr(log).spawn().expect("the process starts");
        let native = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            folder,
        };
        let began = Instant::now();
        while native.call("getNotes").try_send().is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not answer: {}",
                native.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        native
    }

    /// A call by a friendly client, on a connection that it keeps.
    pub(crate) fn call(&self, name: &str) -> Call<'static> {
        server().request_to(&self.url, "POST", &format!("/rpc/{name}"))
    }

    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn raw(&self) -> Raw {
        Raw::connect(self.authority())
    }

    /// A WebSocket of a session.
    pub(crate) fn socket(&self, session: &str) -> Raw {
        let mut raw = self.raw();
        let key = &server().key;
        assert_eq!(
            raw.upgrade(&format!("/ws?key={key}&sessionId={session}")),
            101
        );
        raw
    }

    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the process holds in memory, in kilobytes.
    pub(crate) fn memory(&self) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the process runs");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .expect("a resident size");
        line.split_ascii_whitespace()
            .nth(1)
            .and_then(|size| size.parse().ok())
            .expect("a number")
    }

    /// SIGTERM: how it ended, and how long that took.
    #[cfg(unix)]
    pub(crate) fn terminate(&mut self) -> (ExitStatus, Duration) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = i32::try_from(self.child.id()).expect("a process's id");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).expect("it runs");
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
