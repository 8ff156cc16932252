//! The front end, served by its own Vite.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use super::plan::Plan;
use super::{Happened, key};
use crate::process::{self, Process};
use crate::{http, term, tools};

/// The port that Vite's users know. The next free one is taken when it is not.
const PORT: u16 = 5173;
/// How long Vite may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// The installation of the front end's packages, which may be under way.
pub(super) struct Install {
    npm: Option<Process>,
    web: PathBuf,
}

impl Install {
    /// Begins it, if there is something to install.
    pub fn start(web: &Path) -> Result<Self> {
        let npm = if is_installed(web) {
            None
        } else {
            Some(npm_install(web)?)
        };
        Ok(Self {
            npm,
            web: web.to_owned(),
        })
    }

    /// Waits for it.
    pub fn finish(self) -> Result<()> {
        let Some(npm) = self.npm else { return Ok(()) };
        let status = npm.wait()?;
        if !status.success() {
            bail!(
                "`npm install` failed in {} ({status}); its message is above",
                self.web.display()
            );
        }
        // npm leaves the time of this file alone when it found nothing to do, and the next start would ask it again.
        if let Ok(record) = File::options().append(true).open(record(&self.web)) {
            record.set_modified(SystemTime::now())?;
        }
        Ok(())
    }
}

/// npm's own record of what it installed.
fn record(web: &Path) -> PathBuf {
    web.join("node_modules/.package-lock.json")
}

/// Whether npm has run since the lists of packages were last changed.
fn is_installed(web: &Path) -> bool {
    // With npm's workspaces the packages are in a parent folder, whose affair that is.
    if tools::in_node_modules(web, Path::new(VITE)).is_some()
        && !web.join("package-lock.json").is_file()
    {
        return true;
    }
    let time = |path: PathBuf| {
        path.metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let Some(installed) = time(record(web)) else {
        return false;
    };
    ["package.json", "package-lock.json"]
        .into_iter()
        .filter_map(|list| time(web.join(list)))
        .all(|changed| changed <= installed)
}

fn npm_install(web: &Path) -> Result<Process> {
    let npm = tools::npm()
        .context("the front end's packages are installed with npm; `--no-page` does without")?;
    term::status(
        "Installing",
        format_args!("the front end's packages in {}", web.display()),
    );
    let mut command = Command::new(npm);
    command
        .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(web)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let process = Process::spawn("npm install", command)?;
    process::each_line(
        process.take_stderr().context("npm's stderr is no pipe")?,
        |line| term::log("npm", line),
    );
    Ok(process)
}

/// Vite's program, below `node_modules`.
const VITE: &str = "vite/bin/vite.js";

/// A Vite that answers. Dropping it stops it.
pub(super) struct Page {
    process: Process,
    address: SocketAddr,
}

impl Page {
    /// Starts it for the front end in `web`. Its end is an [`Happened::Ended`].
    pub fn serve(web: &Path, plan: &Plan, sender: &Sender<Happened>) -> Result<Self> {
        let vite = tools::in_node_modules(web, Path::new(VITE)).with_context(|| {
            format!(
                "{} does not depend on Vite: `npm install --save-dev vite`, or use --no-page",
                web.display()
            )
        })?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, http::free_port(PORT)?));
        // Not `npm run dev`: npm would stand between us and the process that is to be stopped.
        let mut command = Command::new(tools::node()?);
        command
            .arg(vite)
            .args(["--host", &address.ip().to_string()])
            .args(["--port", &address.port().to_string(), "--strictPort"])
            .args(["--clearScreen", "false", "--logLevel", "warn"])
            .current_dir(web)
            .env("VITE_EDGEPOD_URL", plan.url())
            .env(
                "VITE_EDGEPOD_KEY",
                plan.vars.get(key::NAME).map_or("", String::as_str),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let process = Process::spawn("Vite", command)?;
        process::each_line(
            process.take_stdout().context("Vite's stdout is no pipe")?,
            |line| term::log("vite", line),
        );
        process::each_line(
            process.take_stderr().context("Vite's stderr is no pipe")?,
            |line| term::log("vite", line),
        );
        http::wait_until_answering(&process, address, PATIENCE)?;
        let (id, sender) = (process.id(), sender.clone());
        process.on_exit(move |status| {
            // When nobody listens any more, the command is ending.
            let _ = sender.send(Happened::Ended((id, status)));
        });
        Ok(Self { process, address })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_again_when_their_list_is_newer_than_npms_record() {
        let web = tempfile::tempdir().unwrap();
        let write = |file: &str, age: u64| {
            let path = web.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "{}").unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            File::options()
                .append(true)
                .open(path)
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        write("package.json", 60);
        write("package-lock.json", 60);
        assert!(!is_installed(web.path()), "never installed");
        write("node_modules/.package-lock.json", 30);
        assert!(is_installed(web.path()));
        write("package-lock.json", 10);
        assert!(!is_installed(web.path()), "the lock file is newer");
        write("node_modules/.package-lock.json", 5);
        assert!(is_installed(web.path()));
        write("package.json", 1);
        assert!(!is_installed(web.path()), "package.json is newer");
    }
}
