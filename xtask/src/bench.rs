//! Builds and runs the benchmark, which is a program of its own: it must be compiled for speed, and tasks must not.

use std::{
    ffi::OsString,
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result};

use crate::run;

/// What the benchmark is given: it explains its options itself, with `--help`.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTIONS"
    )]
    options: Vec<OsString>,
}

/// Runs the benchmark with these options.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&[], options)
}

/// Runs it to show where the processor time goes, in place of measuring.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn profile(options: &Options) -> Result<ExitCode> {
    run_with(&["--profile"], options)
}

fn run_with(first: &[&str], options: &Options) -> Result<ExitCode> {
    // Its opponents, too, which `cargo run` does not build.
    let built = run::cargo()
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "edgepod-bench",
        ])
        .status()
        .context("`cargo` cannot be started")?;
    if !built.success() {
        return Ok(crate::run::exit_code(built));
    }
    let status = run::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "edgepod-bench",
            "--",
        ])
        .args(first)
        .args(&options.options)
        .stdin(Stdio::null())
        .status()
        .context("`cargo` cannot be started")?;
    Ok(crate::run::exit_code(status))
}
