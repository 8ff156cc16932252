//! `esbuild`, for Workers that are built to be used: one small module in place of many that can be read.

use std::path::Path;

use anyhow::{Result, bail};
use fs_err as fs;

use super::Profile;
use crate::{app::App, process::Process, tools};

/// What the platform has, and what stands beside the module.
const EXTERNAL: [&str; 3] = [
    "--external:cloudflare:*",
    "--external:node:*",
    "--external:*.wasm",
];

/// Replaces the modules of `folder` that `main` imports, and `main` itself, by one of its name.
pub(super) fn run(app: &App, profile: Profile, folder: &Path, main: &str) -> Result<()> {
    let bundled = folder.join(".bundled.mjs");
    let mut command = tools::esbuild(&app.folder)?;
    command
        .arg(main)
        .args(["--bundle", "--format=esm", "--target=es2023"])
        .args((profile != Profile::Named).then_some("--minify"))
        .args(["--charset=utf8", "--log-level=warning"])
        .args(EXTERNAL)
        .arg(format!("--outfile={}", bundled.display()))
        .current_dir(folder);
    let status = Process::spawn("esbuild", command)?.wait()?;
    if !status.success() {
        bail!(
            "esbuild failed on {} ({status}); its message is above",
            folder.join(main).display()
        );
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_wasm = path
            .extension()
            .is_some_and(|extension| extension == "wasm");
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if !is_wasm && path != bundled {
            fs::remove_file(path)?;
        }
    }
    fs::rename(bundled, folder.join(main))?;
    Ok(())
}
