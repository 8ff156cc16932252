//! `wasm-opt`, for Workers that are built to be used.

use std::path::Path;

use anyhow::{Result, bail};
use fs_err as fs;

use super::Profile;
use crate::{app::App, process::Process, progress::Progress, tools};

/// Size before speed, as in cargo's profile; again until it gains nothing more.
const LEVEL: [&str; 2] = ["-Os", "--converge"];

/// What rustc enables for wasm32-unknown-unknown. wasm-opt must know, or it takes a valid module for an invalid one.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Replaces the module in `file` by a faster, smaller one.
pub(super) fn run(app: &App, profile: Profile, file: &Path) -> Result<()> {
    let optimized = file.with_extension("wasm.optimized");
    let mut command = tools::wasm_opt(&app.folder)?;
    command
        .args(LEVEL)
        .args(FEATURES)
        // The section with the names of functions.
        .args((profile == Profile::Named).then_some("--debuginfo"))
        .arg(file)
        .arg("-o")
        .arg(&optimized);
    let progress = Progress::of("optimizing with wasm-opt");
    let status = Process::spawn("wasm-opt", command)?.wait()?;
    drop(progress);
    if !status.success() {
        bail!(
            "wasm-opt failed on {} ({status}); its message is above",
            file.display()
        );
    }
    fs::rename(optimized, file)?;
    Ok(())
}
