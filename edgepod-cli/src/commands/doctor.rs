//! `edgepod doctor`: every tool, its version, and what to do where there is none.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Result, bail};
use edgepod_runtime::host::wal;
use rusqlite::{Connection, OpenFlags};

use crate::{
    app::App,
    args::Doctor,
    build::{NO_WORKERS, WASM, WASM_BINDGEN_VERSION},
    term, tools,
};

/// The oldest Node.js that all of this works with.
const OLDEST_NODE: u32 = 20;

pub(super) fn run(args: &Doctor) -> Result<ExitCode> {
    if let Some(folder) = &args.data {
        return database(&args.app, folder.as_deref());
    }
    let mut problems = 0;
    let mut report = |name: &str, finding: Finding| match finding {
        Finding::Good(version) => term::fact(name, version),
        Finding::Later(text) => term::fact(name, format_args!("not here yet: {text}")),
        Finding::Bad(text) => {
            problems += 1;
            term::fact(name, format_args!("MISSING: {text}"));
        }
    };
    report(
        "edgepod",
        Finding::Good(env!("CARGO_PKG_VERSION").to_owned()),
    );
    report("cargo", rust("cargo"));
    report("rustc", rust("rustc"));
    report("wasm32", wasm_target());
    report("node", node());
    report(
        "npm",
        version("npm", "--version").map_or_else(
            || Finding::Bad("it comes with Node.js (https://nodejs.org)".to_owned()),
            Finding::Good,
        ),
    );
    report(
        "wasm-bindgen",
        variable("WASM_BINDGEN_BIN").unwrap_or_else(|| match cfg!(feature = "workers") {
            true => Finding::Good(format!("{WASM_BINDGEN_VERSION}, inside edgepod")),
            false => Finding::Later(NO_WORKERS.to_owned()),
        }),
    );
    for (name, variable_name, found) in [
        ("wasm-opt", "WASM_OPT_BIN", tools::find_wasm_opt(&args.app)),
        ("esbuild", "ESBUILD_BIN", tools::find_esbuild(&args.app)),
        ("workerd", "WORKERD_BIN", tools::find_workerd(&args.app)),
        ("wrangler", "WRANGLER_BIN", tools::find_wrangler(&args.app)),
    ] {
        report(
            name,
            variable(variable_name).unwrap_or_else(|| installed(found)),
        );
    }
    // Without a folder it is asked about the machine.
    if args.app != Path::new(".") || args.app.join("Cargo.toml").is_file() {
        report("app", app(&args.app));
    }
    if problems > 0 {
        bail!("{problems} of these must be put right first; each says how");
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks all of the native database: each page, each index, each reference.
fn database(app: &Path, folder: Option<&Path>) -> Result<ExitCode> {
    let file = match folder {
        Some(folder) => folder.to_owned(),
        None => App::find(app)?.state()?,
    }
    .join("data.sqlite");
    if !file.is_file() {
        bail!("there is no database at {}", file.display());
    }
    let mut problems = Vec::new();
    // First: SQLite forgets what is behind a damage when it opens the log.
    match wal::damage(&file) {
        Ok(None) => {}
        Ok(Some(damage)) => problems.push(format!("the write-ahead log: {damage}")),
        Err(error) => problems.push(format!("the write-ahead log cannot be read: {error}")),
    }
    if !problems.is_empty() {
        return damaged(&file, &problems);
    }
    let database = Connection::open_with_flags(
        &file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    for (check, good) in [
        ("PRAGMA integrity_check", "ok"),
        (
            "SELECT 'a row of ' || \"table\" || ' references one of ' || parent || ' that is not there' \
             FROM pragma_foreign_key_check",
            "",
        ),
    ] {
        let found = database.prepare(check).and_then(|mut statement| {
            statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<Result<Vec<_>, _>>()
        });
        match found {
            Ok(found) => problems.extend(found.into_iter().filter(|text| text != good)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if problems.is_empty() {
        term::fact("database", format_args!("{} is whole", file.display()));
        return Ok(ExitCode::SUCCESS);
    }
    damaged(&file, &problems)
}

fn damaged(file: &Path, problems: &[String]) -> Result<ExitCode> {
    for problem in problems {
        term::fact("DAMAGED", problem);
    }
    bail!(
        "{} is damaged: stop what serves it, keep a copy, and go back to a backup",
        file.display()
    );
}

enum Finding {
    Good(String),
    /// Nothing to do: it is installed when it is needed.
    Later(String),
    Bad(String),
}

fn rust(program: &str) -> Finding {
    version(program, "--version").map_or_else(
        || Finding::Bad("install Rust with https://rustup.rs".to_owned()),
        Finding::Good,
    )
}

fn wasm_target() -> Finding {
    let folder = version("rustc", &format!("--print=target-libdir --target={WASM}"));
    if folder.is_some_and(|folder| Path::new(&folder).is_dir()) {
        Finding::Good(WASM.to_owned())
    } else if which::which("rustup").is_ok() {
        Finding::Later(format!("`rustup target add {WASM}` runs when it is needed"))
    } else {
        Finding::Bad(format!(
            "install the target {WASM} as you installed Rust, or Rust with https://rustup.rs"
        ))
    }
}

fn node() -> Finding {
    let Some(version) = version("node", "--version") else {
        return Finding::Bad("install Node.js 20 or newer (https://nodejs.org)".to_owned());
    };
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_some_and(|major: u32| major < OLDEST_NODE) {
        return Finding::Bad(format!(
            "{version} is too old: install Node.js {OLDEST_NODE} or newer (https://nodejs.org)"
        ));
    }
    Finding::Good(version)
}

/// What a variable that names a program says, when it is set.
fn variable(name: &str) -> Option<Finding> {
    match tools::named_by(name) {
        Ok(path) => Some(Finding::Good(format!("{} ({name})", with_version(&path?)))),
        Err(error) => Some(Finding::Bad(error.to_string())),
    }
}

fn installed(found: Option<PathBuf>) -> Finding {
    match found {
        Some(path) => Finding::Good(with_version(&path)),
        None => Finding::Later("npm installs it when it is needed".to_owned()),
    }
}

fn app(folder: &Path) -> Finding {
    match App::find(folder) {
        Err(error) => Finding::Bad(format!("{error:#}")),
        Ok(app) => match app.wasm_bindgen.as_deref() {
            None => Finding::Bad(format!(
                "`{}` does not depend on edgepod: `cargo add edgepod`",
                app.name
            )),
            Some(version) if version != WASM_BINDGEN_VERSION => Finding::Bad(format!(
                "its wasm-bindgen is {version}: `cargo update -p wasm-bindgen --precise {WASM_BINDGEN_VERSION}`"
            )),
            Some(_) => Finding::Good(app.name),
        },
    }
}

/// A tool's version, where it says it, and its file.
fn with_version(path: &Path) -> String {
    let is_script = path.extension().is_some_and(|extension| extension == "js");
    let mut command = if is_script {
        let mut node = Command::new("node");
        node.arg(path);
        node
    } else {
        Command::new(path)
    };
    let version = command.arg("--version").output().ok().and_then(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // "workerd 2026-11-17", "wasm-opt version 132 (version_132)", "4.86.0"
        let line = text.lines().next()?;
        let number = &line[line.find(|c: char| c.is_ascii_digit())?..];
        output.status.success().then(|| {
            let end = number.find([' ', ')']).unwrap_or(number.len());
            number[..end].to_owned()
        })
    });
    match version {
        Some(version) => format!("{version}, {}", path.display()),
        None => path.display().to_string(),
    }
}

/// The first line that `program` prints; `None` when it cannot be run or fails.
fn version(program: &str, arguments: &str) -> Option<String> {
    let output = Command::new(which::which(program).ok()?)
        .args(arguments.split(' '))
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.lines().next()?.trim().to_owned())
}
