//! Who runs: a folder of Worker modules each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use edgepod_cli::app::App;
use edgepod_cli::build::{Profile, Worker};

use crate::BASE;
use crate::options::Options;

/// A Worker to measure.
pub(crate) struct Contender {
    pub(crate) name: String,
    /// Its modules; `entry.mjs` is the main one.
    pub(crate) folder: PathBuf,
}

/// The hand-written Worker, the app built for release, and what `--worker` names.
///
/// # Errors
/// When the app does not build, or two contenders have one name.
pub(crate) fn all(options: &Options) -> Result<Vec<Contender>> {
    let root = root();
    let mut contenders = vec![Contender {
        name: BASE.to_owned(),
        folder: root.join("bench/handwritten"),
    }];
    if !options.no_app {
        let app = App::find(&root.join(&options.app))?;
        let worker = Worker::build(&app, Profile::Release)
            .with_context(|| format!("building {} as a Worker", app.name))?;
        contenders.push(Contender {
            name: "edgepod".to_owned(),
            folder: worker.folder,
        });
    }
    for (name, folder) in &options.worker {
        ensure!(
            contenders.iter().all(|contender| contender.name != *name),
            "there is a contender `{name}` already: give --worker another name"
        );
        contenders.push(Contender {
            name: name.clone(),
            folder: folder.clone(),
        });
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
