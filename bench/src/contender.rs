//! Who runs: a folder of Worker modules each, or a program.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use edgepod_cli::{
    app::App,
    build::{self, Profile, Worker},
};
use fs_err as fs;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::{BASE, options::Options};

/// What is measured.
pub(crate) enum Runs {
    /// A Worker: the folder of its modules; `entry.mjs` is the main one. A copy: a build that runs meanwhile must not change what
    /// is measured.
    Worker(TempDir),
    /// A program that serves by itself.
    Program(PathBuf),
}

/// Who is measured.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) runs: Runs,
    /// Whether it signs tokens.
    pub(crate) signs: bool,
    /// Whether its functions have names for a profiler.
    pub(crate) is_profiled: bool,
}

impl Contender {
    /// It, where it signs tokens.
    pub(crate) fn signing(self) -> Self {
        Self {
            signs: true,
            ..self
        }
    }

    /// A copy of these modules.
    pub(crate) fn new(name: &str, modules: &Path) -> Result<Self> {
        let parent = root().join("target/bench");
        fs::create_dir_all(&parent)?;
        let copy = tempfile::Builder::new()
            .prefix("worker-")
            .tempdir_in(parent)?;
        for entry in WalkDir::new(modules) {
            let entry = entry?;
            let to = copy.path().join(entry.path().strip_prefix(modules)?);
            if entry.file_type().is_dir() {
                fs::create_dir_all(to)?;
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
        Ok(Self {
            name: name.to_owned(),
            runs: Runs::Worker(copy),
            signs: false,
            is_profiled: false,
        })
    }

    fn of_program(name: &str, program: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            runs: Runs::Program(program),
            signs: false,
            is_profiled: false,
        }
    }
}

/// The hand-written Worker, the app built for release, and what `--worker` names.
///
/// # Errors
/// When the app does not build, or two contenders have one name.
pub(crate) fn all(options: &Options) -> Result<Vec<Contender>> {
    let root = root();
    let mut contenders = vec![Contender::new(BASE, &root.join("bench/handwritten"))?];
    if !options.no_app {
        let app = App::find(&root.join(&options.app))?;
        let profile = if options.profile {
            Profile::Named
        } else {
            Profile::Release
        };
        let worker = Worker::build(&app, profile)
            .with_context(|| format!("building {} as a Worker", app.name))?;
        contenders.push(Contender::new("edgepod", &worker.folder)?);
    }
    for (name, folder) in &options.worker {
        ensure!(
            contenders.iter().all(|contender| contender.name != *name),
            "there is a contender `{name}` already: give --worker another name"
        );
        contenders.push(Contender::new(name, folder)?);
    }
    for contender in &mut contenders {
        contender.is_profiled = options.profile;
    }
    Ok(contenders)
}

/// The hand-written server on axum, and the native program of the app, both built for release.
///
/// # Errors
/// When the app does not build.
pub(crate) fn native(options: &Options) -> Result<[Contender; 2]> {
    let app = App::find(&root().join(&options.app))?;
    let program = build::program(&app, Profile::Release)
        .with_context(|| format!("building {} as a program", app.name))?;
    Ok([
        Contender::of_program("axum", beside(AXUM)?),
        Contender::of_program("edgepod", program),
    ])
}

/// A program that cargo builds beside this one.
///
/// # Errors
/// When it is not there.
pub(crate) fn beside(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    ensure!(program.is_file(), "there is no {}", program.display());
    Ok(program)
}

/// The hand-written native server.
pub(crate) const AXUM: &str = "edgepod-bench-axum";

/// The root of the checkout that this was compiled from.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("bench is a folder of the workspace")
        .to_path_buf()
}
