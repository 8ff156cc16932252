//! The app as a Worker: a folder of modules.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use super::{Profile, bindgen, bundle, cargo, optimize};
use crate::app::App;

/// Where the runtime keeps the JavaScript around the WebAssembly. It comes from the runtime that the app is
/// compiled with, and not from this command: the two speak to each other and must be of one version.
const ENTRY_FOLDER: &str = "src/host/durable_object";
const ENTRY: &str = "entry.mjs";
const RESIDENCY: &str = "residency.mjs";
/// What is added to wasm-bindgen's module: it stands inside, and so sees what that does not export.
const GLUE: &str = "glue.mjs";
const CORE: &str = "core.js";

/// A Worker, built: a folder with `entry.mjs` (the main module) and `core_bg.wasm`; one that is not for release has the modules
/// that `entry.mjs` imports beside it, as they were written.
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
        let bindgen = bindgen::find(app)?;
        let wasm = cargo::wasm(app, profile)?;
        let state = app.state()?;
        let workshop = tempfile::Builder::new()
            .prefix(".worker-")
            .tempdir_in(&state)?;
        bindgen.run(&wasm, workshop.path())?;
        if profile.is_for_use() {
            optimize::run(app, profile, &workshop.path().join("core_bg.wasm"))?;
        }
        copy_scripts(scripts, workshop.path())?;
        tell_residency(app, profile, workshop.path())?;
        if profile.is_for_use() {
            bundle::run(app, profile, workshop.path(), ENTRY)?;
        }

        let folder = state.join("worker");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::rename(workshop.keep(), &folder)?;
        Ok(Self { folder })
    }
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
            if name == GLUE {
                add_glue(&to.join(CORE), &fs::read_to_string(&script)?)?;
            } else {
                fs::copy(&script, to.join(name))?;
            }
        }
    }
    if !to.join(ENTRY).is_file() {
        bail!("there is no {ENTRY} in {}", from.display());
    }
    Ok(())
}

/// Adds `glue` to wasm-bindgen's module, which has what it uses.
fn add_glue(module: &Path, glue: &str) -> Result<()> {
    let mut script = fs::read_to_string(module)?;
    for name in GLUE_USES {
        if !script.contains(name) {
            bail!(
                "wasm-bindgen made a module without `{name}`, which {GLUE} needs: is WASM_BINDGEN_BIN another version than {}?",
                bindgen::VERSION
            );
        }
    }
    script.push('\n');
    script.push_str(glue);
    fs::write(module, script)?;
    Ok(())
}

/// What the glue uses of the module that it is added to. Somebody else's wasm-bindgen may name it otherwise.
const GLUE_USES: [&str; 5] = [
    "let wasmModule, wasmInstance, wasm;",
    "function passStringToWasm0(arg, malloc, realloc) {",
    "function getUint8ArrayMemory0() {",
    "cachedTextEncoder",
    "let WASM_VECTOR_LEN",
];
