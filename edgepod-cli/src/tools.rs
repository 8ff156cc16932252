//! External programs: found where the user has them, or installed once into a cache.
//!
//! The order is always the same: the variable that names the program, the `PATH`, the project's own
//! `node_modules`, then the cache (`edgepod/tools` in the user's cache folder), which npm fills on first use.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;

use crate::{process::Process, progress::Progress, term};

/// The workerd that is installed when there is none.
const WORKERD_VERSION: &str = "1.20261117.1";
/// The binaryen (`wasm-opt`) that is installed when there is none.
const BINARYEN_VERSION: &str = "132.0.0";
/// The first binaryen that has all the passes that builds name: `--reorder-functions-by-name` came last.
pub(crate) const OLDEST_WASM_OPT: u32 = 115;
/// The esbuild that is installed when there is none.
const ESBUILD_VERSION: &str = "0.28.2";
/// The wrangler that is installed when there is none: the last that Node.js 20 runs.
const WRANGLER_VERSION: &str = "4.86.0";

const WASM_OPT: &str = "binaryen/bin/wasm-opt";
const WRANGLER: &str = "wrangler/bin/wrangler.js";

/// The program workerd, for the project in `project` (its `node_modules`, or one of a parent folder, is looked at).
///
/// # Errors
/// When there is none and npm cannot install it.
pub fn workerd(project: &Path) -> Result<PathBuf> {
    if let Some(path) = named_by("WORKERD_BIN")? {
        return Ok(path);
    }
    if let Some(path) = on_path_or_in_project("workerd", project, &workerd_program()?) {
        return Ok(path);
    }
    npm_tool("workerd", WORKERD_VERSION, &workerd_program()?)
}

/// Where workerd is now, unless a variable says otherwise.
pub(crate) fn find_workerd(project: &Path) -> Option<PathBuf> {
    find(
        "workerd",
        project,
        WORKERD_VERSION,
        &workerd_program().ok()?,
    )
}

/// A command that runs `wasm-opt`.
///
/// # Errors
/// When there is none and npm cannot install it.
pub fn wasm_opt(project: &Path) -> Result<Command> {
    if let Some(path) = named_by("WASM_OPT_BIN")? {
        return Ok(Command::new(path));
    }
    if let Some(path) = wasm_opt_on_path() {
        return Ok(Command::new(path));
    }
    npm_script(project, "binaryen", BINARYEN_VERSION, Path::new(WASM_OPT))
}

/// Where `wasm-opt` is now, unless a variable says otherwise.
pub(crate) fn find_wasm_opt(project: &Path) -> Option<PathBuf> {
    wasm_opt_on_path().or_else(|| find("binaryen", project, BINARYEN_VERSION, Path::new(WASM_OPT)))
}

/// That of the `PATH`, where it has the passes that builds name. Debian 12's is version 108, and has not.
fn wasm_opt_on_path() -> Option<PathBuf> {
    let path = which::which("wasm-opt").ok()?;
    let said = Command::new(&path).arg("--version").output().ok()?;
    let version = wasm_opt_version(&String::from_utf8_lossy(&said.stdout));
    (version? >= OLDEST_WASM_OPT).then_some(path)
}

/// The number in `wasm-opt version 132 (version_132)`.
fn wasm_opt_version(said: &str) -> Option<u32> {
    said.strip_prefix("wasm-opt version ")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// A command that runs `esbuild`.
///
/// # Errors
/// When there is none and npm cannot install it.
pub fn esbuild(project: &Path) -> Result<Command> {
    if let Some(path) = named_by("ESBUILD_BIN")? {
        return Ok(Command::new(path));
    }
    let program = esbuild_program()?;
    let path = match on_path_or_in_project("esbuild", project, &program) {
        Some(path) => path,
        None => npm_tool("esbuild", ESBUILD_VERSION, &program)?,
    };
    Ok(Command::new(path))
}

/// Where esbuild is now, unless a variable says otherwise.
pub(crate) fn find_esbuild(project: &Path) -> Option<PathBuf> {
    find(
        "esbuild",
        project,
        ESBUILD_VERSION,
        &esbuild_program().ok()?,
    )
}

/// A command that runs `wrangler`.
///
/// # Errors
/// When there is none and npm cannot install it.
pub fn wrangler(project: &Path) -> Result<Command> {
    if let Some(path) = named_by("WRANGLER_BIN")? {
        return Ok(Command::new(path));
    }
    let mut command = match in_node_modules(project, Path::new(WRANGLER)) {
        Some(_) => npm_script(project, "wrangler", WRANGLER_VERSION, Path::new(WRANGLER))?,
        // The project's own goes before one that happens to be installed.
        None => match which::which("wrangler") {
            Ok(path) => Command::new(path),
            Err(_) => npm_script(project, "wrangler", WRANGLER_VERSION, Path::new(WRANGLER))?,
        },
    };
    command.env("WRANGLER_SEND_METRICS", "false");
    Ok(command)
}

/// Where `wrangler` is now, unless a variable says otherwise.
pub(crate) fn find_wrangler(project: &Path) -> Option<PathBuf> {
    find("wrangler", project, WRANGLER_VERSION, Path::new(WRANGLER))
}

/// A command that runs `script` of the npm package `name`: the project's, else the one in the cache.
fn npm_script(project: &Path, name: &str, version: &str, script: &Path) -> Result<Command> {
    let script = match in_node_modules(project, script) {
        Some(script) => script,
        None => npm_tool(name, version, script)?,
    };
    let mut command = Command::new(node()?);
    command.arg(script);
    Ok(command)
}

/// `program` on the PATH or in the project, else the file of the npm package `name` in the cache; nothing is installed.
fn find(name: &str, project: &Path, version: &str, program: &Path) -> Option<PathBuf> {
    on_path_or_in_project(name, project, program).or_else(|| {
        let cached = cache().ok()?.join(format!("{name}-{version}/node_modules"));
        Some(cached.join(program)).filter(|path| path.is_file())
    })
}

fn on_path_or_in_project(name: &str, project: &Path, program: &Path) -> Option<PathBuf> {
    which::which(name)
        .ok()
        .or_else(|| in_node_modules(project, program))
}

/// Where tools are kept.
fn cache() -> Result<PathBuf> {
    Ok(dirs::cache_dir()
        .context("this system names no cache folder: set HOME, or XDG_CACHE_HOME")?
        .join("edgepod/tools"))
}

fn workerd_program() -> Result<PathBuf> {
    Ok(Path::new("@cloudflare")
        .join(workerd_package()?)
        .join(if cfg!(windows) {
            "bin/workerd.exe"
        } else {
            "bin/workerd"
        }))
}

fn esbuild_program() -> Result<PathBuf> {
    let (package, program) = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => ("linux-x64", "bin/esbuild"),
        ("linux", "aarch64") => ("linux-arm64", "bin/esbuild"),
        ("macos", "x86_64") => ("darwin-x64", "bin/esbuild"),
        ("macos", "aarch64") => ("darwin-arm64", "bin/esbuild"),
        ("windows", "x86_64") => ("win32-x64", "esbuild.exe"),
        (os, arch) => {
            bail!("this command knows no esbuild for {os} on {arch}: name one with ESBUILD_BIN")
        }
    };
    Ok(Path::new("@esbuild").join(package).join(program))
}

/// The program Node.
///
/// # Errors
/// When it is not installed.
pub fn node() -> Result<PathBuf> {
    which::which("node").context(
        "`node` was not found on the PATH: install Node.js 20 or newer (https://nodejs.org)",
    )
}

/// The program npm.
///
/// # Errors
/// When it is not installed.
pub fn npm() -> Result<PathBuf> {
    which::which("npm").map_err(|_| {
        anyhow!("`npm` was not found on the PATH: install Node.js 20 or newer (https://nodejs.org)")
    })
}

/// The program that the variable `name` names, if it is set.
///
/// # Errors
/// When it names no file: a typing mistake must not silently choose another program.
pub fn named_by(name: &str) -> Result<Option<PathBuf>> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(value);
    if !path.is_file() {
        bail!(
            "{name} names `{}`, where there is no file: correct it, or unset it",
            path.display()
        );
    }
    Ok(Some(path))
}

/// `relative` inside the `node_modules` of `folder` or the nearest parent folder that has it.
pub fn in_node_modules(folder: &Path, relative: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|parent| parent.join("node_modules").join(relative))
        .find(|path| path.is_file())
}

fn workerd_package() -> Result<&'static str> {
    Ok(match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "workerd-linux-64",
        ("linux", "aarch64") => "workerd-linux-arm64",
        ("macos", "x86_64") => "workerd-darwin-64",
        ("macos", "aarch64") => "workerd-darwin-arm64",
        ("windows", "x86_64") => "workerd-windows-64",
        (os, arch) => bail!(
            "npm has no workerd for {os} on {arch}: name one with WORKERD_BIN, or use `--host native`"
        ),
    })
}

/// About how many bytes the npm package `name` and what it needs are once they are installed.
fn installed_bytes(name: &str) -> u64 {
    match name {
        "workerd" => 167_000_000,
        "wrangler" => 204_000_000,
        "esbuild" => 11_000_000,
        _ => 108_000_000,
    }
}

/// The file `program` of the npm package `name` in the cache, which is installed there first if need be.
fn npm_tool(name: &str, version: &str, program: &Path) -> Result<PathBuf> {
    let tools = cache()?;
    let home = tools.join(format!("{name}-{version}"));
    let installed = home.join("node_modules").join(program);
    if installed.is_file() {
        return Ok(installed);
    }

    fs::create_dir_all(&tools)?;
    // Whoever comes second waits, and finds it done.
    let lock = fs::File::create(tools.join(".lock"))?;
    lock.lock()?;
    if installed.is_file() {
        return Ok(installed);
    }
    let npm = npm().with_context(|| format!("{name} is needed, and is installed with npm"))?;
    term::status(
        "Installing",
        format_args!("{name} {version} into {}, once", tools.display()),
    );
    // Installed beside its place and moved there: an interrupted installation is never taken for a whole one.
    let workshop = tempfile::Builder::new()
        .prefix(".installing-")
        .tempdir_in(&tools)?;
    fs::write(workshop.path().join("package.json"), r#"{"private":true}"#)?;
    let mut command = Command::new(npm);
    command
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .arg(format!("{name}@{version}"))
        .current_dir(workshop.path())
        .stdout(Stdio::null());
    let progress = Progress::of_folder(name, workshop.path(), installed_bytes(name));
    let status = Process::spawn("npm install", command)?.wait()?;
    drop(progress);
    if !status.success() {
        bail!(
            "`npm install {name}@{version}` failed ({status}); npm's message is above. \
             Try again with a network, or name the program with {}",
            match name {
                "workerd" => "WORKERD_BIN",
                "wrangler" => "WRANGLER_BIN",
                "esbuild" => "ESBUILD_BIN",
                _ => "WASM_OPT_BIN",
            }
        );
    }
    if !workshop.path().join("node_modules").join(program).is_file() {
        bail!(
            "npm's {name} {version} has no `{}`: does npm's configuration omit optional packages?",
            program.display()
        );
    }
    if home.exists() {
        // What is there has not got the program, so it is a ruin.
        fs::remove_dir_all(&home)?;
    }
    fs::rename(workshop.keep(), &home)?;
    Ok(installed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_wasm_opt_is_told_from_a_new_one() {
        assert_eq!(wasm_opt_version("wasm-opt version 108\n"), Some(108));
        let new = "wasm-opt version 132 (version_132)\n";
        assert_eq!(wasm_opt_version(new), Some(132));
        assert_eq!(wasm_opt_version("something else"), None);
    }
}
