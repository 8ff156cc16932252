//! The files of the page: those that the command carries, or in a checkout of EdgePod those of its folder, which is built where needed.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use fs_err as fs;
use walkdir::WalkDir;

use crate::{
    process::{self, Process},
    term, tools,
};

/// The page as it was when the command was built; empty where it was not there.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/studio.rs"));

/// The file that a browser asks for first.
const INDEX: &str = "index.html";

/// The page, which may yet be being built.
#[derive(Clone)]
pub(super) struct Page {
    state: Arc<RwLock<State>>,
}

#[derive(Clone)]
enum State {
    Embedded,
    Folder(PathBuf),
    Building,
    Missing,
}

/// A file, and what it is.
pub(super) struct Asset {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

impl Page {
    /// The page; in a checkout where it is not built, or older than its sources, it is built beside whatever else is done.
    pub fn new() -> Self {
        let of = |state| Self {
            state: Arc::new(RwLock::new(state)),
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("studio");
        if !folder.join("package.json").is_file() {
            return of(match EMBEDDED {
                [] => State::Missing,
                _ => State::Embedded,
            });
        }
        if is_built(&folder) {
            return of(State::Folder(folder.join("dist")));
        }
        let page = of(State::Building);
        let building = page.clone();
        std::thread::spawn(move || {
            let state = match build(&folder) {
                Ok(()) => State::Folder(folder.join("dist")),
                Err(_) if process::stopping() => return,
                Err(error) => {
                    term::warning(format_args!(
                        "the studio's page could not be built, so there is none: {error:#}"
                    ));
                    State::Missing
                }
            };
            *building
                .state
                .write()
                .unwrap_or_else(PoisonError::into_inner) = state;
        });
        page
    }

    fn state(&self) -> State {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Whether there is one, or will be.
    pub fn is_there(&self) -> bool {
        !matches!(self.state(), State::Missing)
    }

    /// Whether it is there in a moment.
    pub fn is_being_built(&self) -> bool {
        matches!(self.state(), State::Building)
    }

    /// The file of this path.
    pub fn file(&self, path: &str) -> Option<Asset> {
        let name = match path {
            "/" => INDEX,
            path => path
                .strip_prefix('/')
                .filter(|name| name.starts_with("assets/"))?,
        };
        let bytes = match self.state() {
            State::Embedded => {
                let found = EMBEDDED.iter().find(|(other, _)| *other == name);
                found?.1.to_vec()
            }
            State::Folder(folder) if is_plain(name) => std::fs::read(folder.join(name)).ok()?,
            _ => return None,
        };
        Some(Asset {
            kind: kind(name),
            bytes,
        })
    }
}

/// Whether it leads out of no folder.
fn is_plain(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn time(path: &Path) -> Option<SystemTime> {
    path.metadata()
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// Whether the page is there, and as new as what it is made of.
fn is_built(folder: &Path) -> bool {
    let Some(built) = time(&folder.join("dist").join(INDEX)) else {
        return false;
    };
    let sources = WalkDir::new(folder.join("src")).into_iter().flatten();
    let others =
        ["index.html", "package-lock.json", "vite.config.ts"].map(|file| folder.join(file));
    sources
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.is_file())
        .chain(others)
        .filter_map(|path| time(&path))
        .all(|changed| changed <= built)
}

fn build(folder: &Path) -> Result<()> {
    // Several commands may be started at one time, and there is one folder.
    let target = folder.join("../../target");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join(".edgepod-studio.lock"))?;
    lock.lock()?;
    if is_built(folder) {
        return Ok(());
    }
    let npm = tools::npm()?;
    term::status("Building", "the studio's page, once, beside the app");
    let installed = time(&folder.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < time(&folder.join("package-lock.json")) {
        run(
            folder,
            &npm,
            &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
        )?;
    }
    run(folder, &npm, &["run", "--silent", "build"])
}

fn run(folder: &Path, npm: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(npm);
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let process = Process::spawn("npm", command)?;
    // Told only where it fails.
    let errors = process.take_stderr().context("npm's stderr is no pipe")?;
    let errors = std::thread::spawn(move || std::io::read_to_string(errors).unwrap_or_default());
    let output = process.take_stdout().context("npm's stdout is no pipe")?;
    let output = std::io::read_to_string(output).unwrap_or_default();
    let status = process.wait()?;
    if !status.success() {
        let errors = errors.join().unwrap_or_default();
        let told = [output, errors].concat();
        let last = told.lines().rfind(|line| !line.trim().is_empty());
        bail!(
            "`npm {}` in {}: {} ({})",
            arguments.join(" "),
            folder.display(),
            process::describe(status),
            last.unwrap_or("it says nothing").trim()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_page_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        fs::create_dir_all(dist.join("assets")).unwrap();
        fs::write(dist.join(INDEX), "page").unwrap();
        fs::write(dist.join("assets/studio.js"), "code").unwrap();
        fs::write(dist.join("assets/.hidden"), "no").unwrap();
        fs::write(folder.path().join("secret"), "no").unwrap();
        let page = Page {
            state: Arc::new(RwLock::new(State::Folder(dist))),
        };
        let index = page.file("/").unwrap();
        assert_eq!(
            (index.kind, &*index.bytes),
            ("text/html; charset=utf-8", &b"page"[..])
        );
        let code = page.file("/assets/studio.js").unwrap();
        assert!(code.kind.starts_with("text/javascript"));
        for path in [
            "/assets/../../secret",
            "/assets/..%2f..%2fsecret",
            "/assets/.hidden",
            "/assets//etc/passwd",
            "/index.html/..",
            "/secret",
            "",
        ] {
            assert!(page.file(path).is_none(), "{path}");
        }
    }
}
