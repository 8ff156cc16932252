//! Calls cargo and finds what it made.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{CrateType, Message};

use super::{config::Configuration, made::Made};
use crate::{
    app::{App, Target},
    process::Process,
    term,
};

/// The compilation target of Workers.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// `opt-level` of a Worker for use: for size. Speed is measured to be the same but for large results (see
/// `docs/decisions/boundary.md`), and what is small starts sooner.
const WORKER_OPT_LEVEL: &str = "\"s\"";

/// Crates of the runtime that no call waits for, or that every call passes once at most: as small as they get.
const SMALL: [&str; 27] = [
    "sea-query",
    "p256",
    "ecdsa",
    "elliptic-curve",
    "primeorder",
    "der",
    "jose-jwk",
    "http",
    "time",
    "edgepod-sql",
    "jose-jwa",
    "jose-b64",
    "serde_path_to_error",
    "bytes",
    "const-oid",
    "crypto-bigint",
    "form_urlencoded",
    "futures-util",
    "js-sys",
    "pem-rfc7468",
    "percent-encoding",
    "pkcs8",
    "primefield",
    "sec1",
    "spki",
    "wasm-bindgen-futures",
    "worker",
];

/// How a build weighs the time it takes against the speed of what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Built quickly: cargo's `dev`.
    Dev,
    /// Built to be fast and small: cargo's `release`.
    Release,
    /// The same, but its functions keep their names, for a profiler. Of use to Workers only: natively [`Release`](Self::Release) has them.
    Named,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release | Self::Named => "release",
        }
    }

    /// Whether it is made to be used, and not to be tried.
    pub(crate) fn is_for_use(self) -> bool {
        self != Self::Dev
    }

    /// What a Worker needs of the profile, whatever the user's Cargo.toml says.
    ///
    /// The profile itself stays `dev` or `release`: a profile of its own would compile every procedural
    /// macro once more.
    fn worker_settings(self) -> Vec<String> {
        let settings: &[(&str, &str)] = match self {
            // Without any optimisation the module is several times as large, and slow to load.
            Self::Dev => &[("opt-level", "1"), ("debug", "0"), ("strip", "\"none\"")],
            Self::Release | Self::Named => &[
                ("opt-level", WORKER_OPT_LEVEL),
                ("lto", "\"fat\""),
                ("codegen-units", "1"),
                ("panic", "\"abort\""),
                // Never `true`: wasm-bindgen reads the names section.
                ("strip", "\"debuginfo\""),
            ],
        };
        let small = SMALL.iter().filter(|_| self.is_for_use());
        let small = small.map(|name| format!("profile.release.package.{name}.opt-level=\"z\""));
        settings
            .iter()
            .map(|(key, value)| format!("profile.{}.{key}={value}", self.name()))
            .chain(small)
            .collect()
    }
}

/// Builds the app for this machine, and says where the library or program is.
///
/// # Errors
/// When it does not compile: cargo has then printed why.
pub fn native(app: &App, profile: Profile) -> Result<PathBuf> {
    let configuration = Configuration::of_folder(&app.folder)?;
    let command = || {
        let mut command = cargo(app, profile, "build");
        match &app.native {
            Target::Library(_) => command.arg("--lib"),
            Target::Program(name) => command.args(["--bin", name]),
        };
        configuration.for_this_machine(&mut command);
        command
    };
    own(command, app, &app.native)
}

/// Builds a program that serves the app, and says where it is.
///
/// # Errors
/// As of [`native`].
pub fn program(app: &App, profile: Profile) -> Result<PathBuf> {
    let Target::Library(name) = &app.native else {
        return native(app, profile);
    };
    let configuration = Configuration::of_folder(&app.folder)?;
    let mut command = cargo(app, profile, "rustc");
    // `edgepod::app!()` makes a function `main` in the crate's root, so the library is a program, too.
    command.args(["--lib", "--crate-type", "bin"]);
    configuration.for_this_machine(&mut command);
    Ok(run(command, app, &Target::Program(name.clone()))?.0)
}

/// Builds the app's library as WebAssembly, before wasm-bindgen, and says where it is.
pub(super) fn wasm(app: &App, profile: Profile) -> Result<PathBuf> {
    let Some(library) = &app.cdylib else {
        bail!(
            "the crate `{}` has no library that could become a Worker: \
             add `[lib] crate-type = [\"cdylib\", \"rlib\"]` to {}",
            app.name,
            app.folder.join("Cargo.toml").display()
        );
    };
    ensure_wasm_target(app)?;
    let configuration = Configuration::of_folder(&app.folder)?;
    let command = || {
        let mut command = cargo(app, profile, "build");
        command.arg("--lib");
        for setting in profile.worker_settings() {
            command.args(["--config", &setting]);
        }
        configuration.for_a_worker(&mut command);
        command
    };
    own(command, app, &Target::Library(library.clone()))
}

fn cargo(app: &App, profile: Profile, what: &str) -> Command {
    let mut command = Command::new(executable());
    command
        .args([what, "--package", &app.package, "--profile", profile.name()])
        .arg("--message-format=json-render-diagnostics")
        // Not --manifest-path alone: the folder also decides the toolchain and cargo's configuration.
        .current_dir(&app.folder)
        .env(
            MIGRATION_FILES,
            migration_files(&app.folder.join("migrations")),
        )
        .stdout(Stdio::piped());
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    command
}

/// Whether a variable tells of the package that `cargo run` or `cargo test` started this program for. Build scripts which
/// read their own would run again, and what depends on them be compiled again, whenever another one starts the build.
fn is_of_a_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    // The last is there where the package has a build script.
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
}

/// What `edgepod::app!()` asks the compiler to watch: a macro can watch the files that it finds, but no folder for new ones.
const MIGRATION_FILES: &str = "EDGEPOD_MIGRATION_FILES";

/// The names of the migrations in `folder`, in one text.
fn migration_files(folder: &Path) -> String {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    names.sort();
    names.join(" ")
}

fn executable() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Builds, and once more where the file turns out to be another crate's of the same name.
fn own(command: impl Fn() -> Command, app: &App, target: &Target) -> Result<PathBuf> {
    let (file, is_fresh) = run(command(), app, target)?;
    let made = Made::new(&file, &app.package);
    if matches!(target, Target::Program(_)) || made.is_own(is_fresh)? {
        return Ok(file);
    }
    made.forget()?;
    let (file, is_fresh) = run(command(), app, target)?;
    Made::new(&file, &app.package).is_own(is_fresh)?;
    Ok(file)
}

/// Builds: the file that was made, and whether cargo found that there was nothing to do.
fn run(command: Command, app: &App, target: &Target) -> Result<(PathBuf, bool)> {
    let (name, crate_type) = match target {
        Target::Library(name) => (name, CrateType::CDyLib),
        Target::Program(name) => (name, CrateType::Bin),
    };
    let cargo = Process::spawn("cargo build", command)?;
    let stdout = cargo
        .take_stdout()
        .context("cargo's output is not a pipe")?;
    let mut made = None;
    for message in Message::parse_stream(std::io::BufReader::new(stdout)) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo's output broke off")?
            && artifact.target.name == *name
            && artifact.target.crate_types.contains(&crate_type)
        {
            let is_fresh = artifact.fresh;
            let file = artifact.executable.or_else(|| {
                artifact
                    .filenames
                    .into_iter()
                    .find(|file| match crate_type {
                        // Of a library that is built as one cargo names no executable.
                        CrateType::Bin => is_program(file.as_std_path()),
                        _ => is_loadable(file.as_std_path()),
                    })
            });
            made = file.map(|file| (file.into_std_path_buf(), is_fresh));
        }
    }
    let status = cargo.wait()?;
    if !status.success() {
        bail!(
            "`{}` does not compile; cargo's messages are above",
            app.name
        );
    }
    made.with_context(|| format!("cargo built `{name}` and named no file for it"))
}

fn is_program(file: &Path) -> bool {
    file.extension().unwrap_or_default() == std::env::consts::EXE_EXTENSION
}

fn is_loadable(file: &Path) -> bool {
    file.extension().is_some_and(|extension| {
        extension == "wasm" || extension == std::env::consts::DLL_EXTENSION
    })
}

/// Adds the target for WebAssembly to the toolchain if it is missing.
fn ensure_wasm_target(app: &App) -> Result<()> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .current_dir(&app.folder)
        .output()
        .context("`rustc` could not be started: install Rust with https://rustup.rs")?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && library.is_dir() {
        return Ok(());
    }
    if which::which("rustup").is_err() {
        bail!(
            "this Rust toolchain has no {WASM}, and there is no rustup to add it: install that target as you installed Rust"
        );
    }
    term::status(
        "Adding",
        format_args!("the target {WASM} to the Rust toolchain, once"),
    );
    let mut command = Command::new("rustup");
    command
        .args(["target", "add", WASM])
        .current_dir(&app.folder);
    let status = Process::spawn("rustup target add", command)?.wait()?;
    if !status.success() {
        bail!("`rustup target add {WASM}` failed ({status}); its message is above");
    }
    Ok(())
}
