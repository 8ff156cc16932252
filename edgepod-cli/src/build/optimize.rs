//! `wasm-opt`, for Workers that are built to be used.

use std::{
    iter,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use fs_err as fs;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::Profile;
use crate::{
    app::App,
    process::Process,
    progress::Progress,
    tools::{self, OLDEST_WASM_OPT},
};

/// What makes the module small as it is sent, compressed, which is not what makes it short: functions that `-Os` inlines are compressed
/// worse than the calls of one, and two of like names are often alike and belong beside each other. See "Size" in `docs/benchmarks.md`.
const PASSES: [&str; 4] = [
    "-O1",
    "--dae-optimizing",
    "--dealign",
    "--reorder-functions-by-name",
];

/// What rustc enables for wasm32-unknown-unknown. wasm-opt must know, or it takes a valid module for an invalid one.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Replaces the module in `file` by a faster, smaller one. That takes ten seconds, so what has come of the last module is kept in
/// `<app>/.edgepod`, and the same one is not optimized again: by `deploy` after `deploy --dry-run`, say.
pub(super) fn run(app: &App, profile: Profile, file: &Path) -> Result<()> {
    let mut command = tools::wasm_opt(&app.folder)?;
    command
        .args(PASSES)
        .args(FEATURES)
        // The section with the names of functions.
        .args((profile == Profile::Named).then_some("--debuginfo"));
    let kept = Kept::of(app, &command, file)?;
    if kept.module.is_file() {
        fs::copy(&kept.module, file)?;
        return Ok(());
    }

    let optimized = file.with_extension("wasm.optimized");
    command.arg(file).arg("-o").arg(&optimized);
    let progress = Progress::of("optimizing with wasm-opt");
    let status = Process::spawn("wasm-opt", command)?.wait()?;
    drop(progress);
    if !status.success() {
        bail!(
            "wasm-opt failed on {} ({status}); its message is above. It has to be version {OLDEST_WASM_OPT} or newer",
            file.display()
        );
    }
    kept.replace(&optimized)?;
    fs::rename(optimized, file)?;
    Ok(())
}

/// What came of the last module.
struct Kept {
    folder: PathBuf,
    /// Named after the module that it was made of, and how.
    module: PathBuf,
}

impl Kept {
    /// Where that of the module in `file` is, as `command` optimizes it; it may not be there.
    fn of(app: &App, command: &Command, file: &Path) -> Result<Self> {
        let mut hash = Sha256::new();
        for part in iter::once(command.get_program()).chain(command.get_args()) {
            hash.update(part.as_encoded_bytes());
            hash.update([0]);
        }
        hash.update(fs::read(file)?);
        let name = base16ct::lower::encode_string(&hash.finalize());
        let folder = app.state()?.join("optimized");
        Ok(Self {
            module: folder.join(name).with_extension("wasm"),
            folder,
        })
    }

    /// Keeps this one, and not what was kept before.
    fn replace(&self, optimized: &Path) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        for entry in fs::read_dir(&self.folder)? {
            let other = entry?.path();
            if other.extension() == self.module.extension() {
                // Another build may do the same now.
                fs::remove_file(other).ok();
            }
        }
        // Whole, or not at all, whoever else builds the app now.
        let new = NamedTempFile::new_in(&self.folder)?;
        fs::copy(optimized, new.path())?;
        new.persist(&self.module)?;
        Ok(())
    }
}
