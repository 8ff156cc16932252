//! Who runs: a folder of Worker modules each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
};
use fs_err as fs;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::{BASE, options::Options};

/// A Worker to measure.
pub(crate) struct Contender {
    pub(crate) name: String,
    /// Its modules; `entry.mjs` is the main one. A copy: a build that runs meanwhile must not change what is measured.
    pub(crate) folder: PathBuf,
    /// Whether it signs tokens.
    pub(crate) signs: bool,
    /// Whether its functions have names for a profiler.
    pub(crate) is_profiled: bool,
    _copy: TempDir,
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
            folder: copy.path().to_owned(),
            signs: false,
            is_profiled: false,
            _copy: copy,
        })
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

/// The root of the checkout that this was compiled from.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("bench is a folder of the workspace")
        .to_path_buf()
}
