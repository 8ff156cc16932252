//! The front end, served by its own Vite.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::Sender,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Framework;

use super::{Happened, key, plan::Plan};
use crate::{
    http,
    packages::Manager,
    process::{self, Process},
    term, tools,
};

/// The port that Vite's users know. The next free one is taken when it is not.
const PORT: u16 = 5173;
/// How long Vite may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// The installation of the front end's packages, which may be under way.
pub(in crate::commands) struct Install {
    process: Option<Process>,
    manager: Manager,
    web: PathBuf,
    framework: Framework,
}

impl Install {
    /// Begins it, if there is something to install. `framework` is what the client is for.
    pub fn start(web: &Path, framework: Framework) -> Result<Self> {
        let manager = Manager::of(web);
        let process = if is_installed(web, manager) {
            None
        } else {
            Some(install(web, manager)?)
        };
        Ok(Self {
            process,
            manager,
            web: web.to_owned(),
            framework,
        })
    }

    /// Waits for it.
    pub fn finish(self) -> Result<()> {
        if let Some(process) = &self.process {
            let status = process.wait()?;
            if !status.success() {
                bail!(
                    "`{} install` failed in {} ({status}); its message is above",
                    self.manager.name(),
                    self.web.display()
                );
            }
            // Its time stays where there was nothing to do, and the next start would ask again.
            if let Some(record) = record(&self.web, self.manager)
                && let Ok(file) = File::options().append(true).open(record)
            {
                file.set_modified(SystemTime::now())?;
            }
        }
        self.warn_of_missing();
        Ok(())
    }

    /// Says which packages the generated client imports and the front end has not: its page would show nothing.
    fn warn_of_missing(&self) {
        let missing: Vec<String> = self
            .framework
            .npm_dependencies()
            .iter()
            .filter(|package| {
                let list = Path::new(package.name).join("package.json");
                tools::in_node_modules(&self.web, &list).is_none()
            })
            .map(|package| term::word(&format!("{}@{}", package.name, package.version)))
            .collect();
        if !missing.is_empty() {
            term::warning(format_args!(
                "the page cannot import what the client needs: `{}` in {}",
                self.manager.add(&missing),
                self.web.display()
            ));
        }
    }
}

/// What the manager left when it installed.
fn record(web: &Path, manager: Manager) -> Option<PathBuf> {
    manager
        .records()
        .iter()
        .map(|record| web.join("node_modules").join(record))
        .find(|path| path.exists())
}

/// Whether the manager has run since the lists of packages were last changed.
fn is_installed(web: &Path, manager: Manager) -> bool {
    let locks = manager.locks();
    // In a workspace of packages they are in a parent folder, whose affair that is.
    if tools::in_node_modules(web, Path::new(VITE)).is_some()
        && !locks.iter().any(|lock| web.join(lock).is_file())
    {
        return true;
    }
    let time = |path: PathBuf| {
        path.metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    let Some(installed) = record(web, manager).and_then(time) else {
        return false;
    };
    ["package.json"]
        .iter()
        .chain(locks)
        .filter_map(|list| time(web.join(list)))
        .all(|changed| changed <= installed)
}

fn install(web: &Path, manager: Manager) -> Result<Process> {
    let name = manager.name();
    let mut command = manager.install().with_context(|| {
        format!("the front end's packages are installed with {name}; `--no-page` does without")
    })?;
    term::status(
        "Installing",
        format_args!("the front end's packages in {}", web.display()),
    );
    command
        .current_dir(web)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let process = Process::spawn(format!("{name} install"), command)?;
    process::each_line(
        process.take_stderr().context("stderr is no pipe")?,
        move |line| term::log(name, line),
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
                "{} has no Vite in `node_modules`: `{}` adds it (Yarn keeps packages there with `nodeLinker: node-modules`), or use \
                 --no-page",
                web.display(),
                Manager::of(web).add(&["-D vite".to_owned()])
            )
        })?;
        let port = match plan.page_port {
            Some(port) => port,
            None => http::free_port(PORT)?,
        };
        let address = SocketAddr::from((plan.address.ip(), port));
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
        http::wait_until_answering(&process, http::local(address), PATIENCE)?;
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
        format!("http://{}", http::reachable(self.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_again_when_their_list_is_newer_than_the_managers_record() {
        for (manager, lock, record) in [
            (Manager::Npm, "package-lock.json", ".package-lock.json"),
            (Manager::Pnpm, "pnpm-lock.yaml", ".modules.yaml"),
            (Manager::Yarn, "yarn.lock", ".yarn-state.yml"),
        ] {
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
            let record = format!("node_modules/{record}");
            write("package.json", 60);
            write(lock, 60);
            assert!(!is_installed(web.path(), manager), "never installed");
            write(&record, 30);
            assert!(is_installed(web.path(), manager));
            write(lock, 10);
            assert!(!is_installed(web.path(), manager), "the lock file is newer");
            write(&record, 5);
            assert!(is_installed(web.path(), manager));
            write("package.json", 1);
            assert!(!is_installed(web.path(), manager), "package.json is newer");
        }
    }
}
