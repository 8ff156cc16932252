//! What the suites need beyond Rust, fetched once.

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, bail};

use crate::run::{program, tee};

/// The target that Workers are built for.
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Held while something is installed: two suites may want it at once.
fn installing() -> MutexGuard<'static, ()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    INSTALLING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs a folder's npm packages, unless they are there and as its lock file says.
pub(crate) fn npm_packages(folder: &Path) -> Result<()> {
    let _installing = installing();
    let lock = folder.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    // A copy of the lock file that was installed from. npm's own record differs from it in form, and ages
    // of files say nothing after a fresh clone.
    let installed = folder.join("node_modules/.edgepod-installed-lock.json");
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let npm = tee(program(npm(), folder).args(["ci", "--no-audit", "--no-fund"]))?;
    if !npm.success {
        bail!("`npm ci` failed in {}", folder.display());
    }
    fs::write(&installed, wanted).with_context(|| format!("writing {}", installed.display()))
}

/// Has Vite bundle what a page depends on, which it does otherwise when it first serves it: the suites of both hosts serve one page
/// at once, and the second to bundle would take away what the first sends.
pub(super) fn bundled_for_development(page: &Path, packages: &Path) -> Result<()> {
    let _installing = installing();
    let mut vite = Command::new("node");
    vite.current_dir(page)
        .arg(packages.join("node_modules/vite/bin/vite.js"))
        .arg("optimize");
    if !tee(&mut vite)?.success {
        bail!("Vite cannot bundle what {} depends on", page.display());
    }
    Ok(())
}

/// Builds the studio's page, which the command has in it and serves.
pub(super) fn studio() -> Result<()> {
    let folder = crate::workspace::root().join("edgepod-cli/studio");
    npm_packages(&folder)?;
    let built = tee(program(npm(), &folder).args(["run", "--silent", "build"]))?;
    if !built.success {
        bail!("the studio's page could not be built");
    }
    Ok(())
}

/// npm, as the system names it.
pub(super) fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Makes sure that Rust can compile for Workers.
pub(super) fn wasm_target() -> Result<()> {
    let _installing = installing();
    let there = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .output()
        .ok()
        .and_then(|printed| String::from_utf8(printed.stdout).ok())
        .is_some_and(|folder| Path::new(folder.trim()).is_dir());
    if there {
        return Ok(());
    }
    let added = tee(Command::new("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("Rust's {WASM_TARGET} target is missing, and so is rustup"))?;
    if !added.success {
        bail!("`rustup target add {WASM_TARGET}` failed");
    }
    Ok(())
}

/// The browser that the browser tests drive: `CHROMIUM` where it is set, or else a Chromium or Chrome on
/// PATH, or else Debian's, installed now where that is allowed.
pub(super) fn chromium() -> Result<std::path::PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    if let Some(found) = find_browser() {
        return Ok(found);
    }
    if on_path("apt-get").is_some() && is_root() {
        let installed = tee(Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--no-install-recommends", "chromium"]))?;
        if let (true, Some(found)) = (installed.success, find_browser()) {
            return Ok(found);
        }
    }
    bail!(
        "the browser tests need Chromium: install your system's package (on Debian `apt-get install chromium`), \
         or name a Chrome with CHROMIUM=/path/to/chrome"
    )
}

fn find_browser() -> Option<std::path::PathBuf> {
    [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ]
    .into_iter()
    .find_map(on_path)
}

fn on_path(name: impl AsRef<OsStr>) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name.as_ref()))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|printed| printed.stdout.trim_ascii() == b"0")
}
