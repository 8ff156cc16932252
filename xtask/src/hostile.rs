//! The siege of the hostile suite, for as long as it is asked for.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::run;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// For how long
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
}

/// Attacks the native host in every way of the suite at once, beside a friendly client.
///
/// # Errors
/// When cargo cannot be started, or the time is none.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if !(options.minutes > 0.0 && options.minutes < 1e6) {
        bail!("--minutes is a number above 0");
    }
    let status = run::cargo()
        .args(["test", "--workspace", "--test", "hostile"])
        .args(["--", "siege"])
        .env("EDGEPOD_TEST_HOST", "native")
        .env("EDGEPOD_HOSTILE_MINUTES", options.minutes.to_string())
        .stdin(Stdio::null())
        .status()
        .context("cargo could not be started")?;
    Ok(crate::run::exit_code(status))
}
