//! Fuzzing with libFuzzer, on stable Rust: the code is instrumented by flags that the compiler takes without nightly.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::{run, workspace};

/// What cargo-fuzz turns on, too: counters of edges and comparisons.
const FLAGS: &str = "--cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// Forged tokens are never accepted
    Token,
    /// Every request has a well-formed reply
    Request,
    /// What a column takes reads again as it was written
    Columns,
    /// A condition finds the rows for which it holds
    Predicate,
    /// Pages follow each other, whatever their cursors are
    Cursor,
    /// A socket's address keeps no invented names
    Socket,
    /// A migration's statements do what its text does
    Migration,
    /// `.dev.vars` is read as it was written
    Vars,
    /// What crosses between JavaScript and the core arrives
    Crossing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to fuzz
    target: Target,
    /// For how long
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Keep what was found beside the corpus in git: the fewest inputs that reach as much
    #[arg(long)]
    keep: bool,
}

/// Fuzzes. Inputs that are found go to `target/fuzz`, one that fails to `fuzz/corpus`, where the next test run meets it.
///
/// # Errors
/// When cargo cannot be started, or a folder cannot be made.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let name = match options.target {
        Target::Token => "token",
        Target::Request => "request",
        Target::Columns => "columns",
        Target::Predicate => "predicate",
        Target::Cursor => "cursor",
        Target::Socket => "socket",
        Target::Migration => "migration",
        Target::Vars => "vars",
        Target::Crossing => "crossing",
    };
    let kept = workspace::root().join("fuzz/corpus").join(name);
    let found = workspace::root().join("target/fuzz/found").join(name);
    std::fs::create_dir_all(&found)
        .with_context(|| format!("{} cannot be made", found.display()))?;
    let host = host_triple()?;
    let features = match options.target {
        Target::Vars => "libfuzzer,command",
        _ => "libfuzzer",
    };
    let fuzzer = |arguments: &[String]| {
        let mut command = run::cargo();
        command
            .env("RUSTFLAGS", FLAGS)
            .args(["run", "--quiet", "--release", "--package", "edgepod-fuzz"])
            // A target of its own, so that build scripts and macros are not instrumented.
            .args(["--no-default-features", "--features", features])
            .args(["--target", &host])
            .args([
                "--target-dir",
                "target/fuzz",
                "--bin",
                &format!("fuzz_{name}"),
                "--",
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .status()
            .context("`cargo` cannot be started")
    };
    let (kept, found) = (kept.display().to_string(), found.display().to_string());
    let status = fuzzer(&[
        format!("-max_total_time={}", options.seconds),
        "-max_len=4096".to_owned(),
        "-timeout=10".to_owned(),
        "-print_final_stats=1".to_owned(),
        format!("-artifact_prefix={kept}/"),
        found.clone(),
        kept.clone(),
    ])?;
    if status.success() && options.keep {
        fuzzer(&["-merge=1".to_owned(), kept, found])?;
    }
    Ok(crate::run::exit_code(status))
}

/// The machine that this program was compiled for.
fn host_triple() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = run::program(rustc, workspace::root().as_ref())
        .arg("-vV")
        .output()
        .context("`rustc` cannot be started")?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .context("`rustc -vV` names no host")
}
