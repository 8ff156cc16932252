//! The app as a Worker: a folder of modules.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use super::{Profile, bindgen, cargo, optimize};
use crate::app::App;

/// Where the runtime keeps the JavaScript around the WebAssembly. It comes from the runtime that the app is
/// compiled with, and not from this command: the two speak to each other and must be of one version.
const ENTRY_FOLDER: &str = "src/host/durable_object";
const ENTRY: &str = "entry.mjs";
const RESIDENCY: &str = "residency.mjs";

/// A Worker, built: a folder with `entry.mjs` (the main module), `core.js`, `core_bg.wasm` and perhaps `snippets/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The folder.
    pub folder: PathBuf,
}

impl Worker {
    /// Builds the app's Worker into `<app>/.edgepod/worker`. A build that fails leaves the last one there.
    ///
    /// # Errors
    /// When the app does not compile, or a tool is missing or fails.
    ///
    /// # Example
    /// ```no_run
    /// use edgepod_cli::{app::App, build::{Profile, Worker}};
    ///
    /// let app = App::find("examples/users".as_ref())?;
    /// let worker = Worker::build(&app, Profile::Release)?;
    /// assert!(worker.folder.join("core_bg.wasm").is_file());
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn build(app: &App, profile: Profile) -> Result<Self> {
        let Some(runtime) = &app.runtime else {
            bail!(
                "`{}` does not depend on `edgepod`, so there is nothing to run it in a Worker: `cargo add edgepod`",
                app.name
            );
        };
        Self::build_around(app, profile, &runtime.join(ENTRY_FOLDER))
    }

    /// Like [`Worker::build`], with the JavaScript modules (`*.mjs`, one of them `entry.mjs`) of `scripts` around it.
    ///
    /// # Errors
    /// As for [`Worker::build`].
    pub fn build_around(app: &App, profile: Profile, scripts: &Path) -> Result<Self> {
        let wasm = cargo::wasm(app, profile)?;
        let state = app.state()?;
        let workshop = tempfile::Builder::new()
            .prefix(".worker-")
            .tempdir_in(&state)?;
        bindgen::run(app, &wasm, workshop.path())?;
        if profile == Profile::Release {
            optimize::run(app, &workshop.path().join("core_bg.wasm"))?;
        }
        copy_scripts(scripts, workshop.path())?;
        tell_residency(app, profile, workshop.path())?;
        if profile == Profile::Release {
            drop_comments(workshop.path())?;
        }

        let folder = state.join("worker");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::rename(workshop.keep(), &folder)?;
        Ok(Self { folder })
    }
}

/// Rewrites the modules without the comments that stand on lines of their own: nobody reads them in a Worker, and the platform
/// counts them. The modules are the runtime's and wasm-bindgen's, so no line inside a text looks like a comment; what an app
/// brings along is in `snippets/`, and left alone.
fn drop_comments(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let module = entry?.path();
        if module
            .extension()
            .is_some_and(|extension| extension == "js" || extension == "mjs")
        {
            fs::write(&module, without_comments(&fs::read_to_string(&module)?))?;
        }
    }
    Ok(())
}

fn without_comments(script: &str) -> String {
    let mut inside = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.lines() {
        let code = line.trim();
        inside |= code.starts_with("/*");
        if inside {
            inside = !code.ends_with("*/");
        } else if !code.is_empty() && !code.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Writes where the database is.
fn tell_residency(app: &App, profile: Profile, folder: &Path) -> Result<()> {
    let module = folder.join(RESIDENCY);
    if !module.is_file() {
        if app.residency.is_anywhere() {
            return Ok(());
        }
        bail!(
            "the edgepod that {} is compiled with cannot keep data in a place: `cargo update edgepod`, or remove \
             `jurisdiction` and `location_hint` from its Cargo.toml",
            app.name
        );
    }
    fs::write(module, app.residency.module(profile))?;
    Ok(())
}

fn copy_scripts(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let script = entry?.path();
        if script
            .extension()
            .is_some_and(|extension| extension == "mjs")
        {
            let name = script.file_name().context("a script without a name")?;
            fs::copy(&script, to.join(name))?;
        }
    }
    if !to.join(ENTRY).is_file() {
        bail!("there is no {ENTRY} in {}", from.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_on_lines_of_their_own_are_dropped_and_no_code() {
        let script = r#"// What it is.
/**
 * @returns {string}
 */
export function url() {

    /* why */
    const all = "/* not one */"; // and this stays
    return "https://example.com//" + all;
    //# sourceMappingURL=x
}
"#;
        assert_eq!(
            without_comments(script),
            r#"export function url() {
    const all = "/* not one */"; // and this stays
    return "https://example.com//" + all;
}
"#
        );
    }
}
