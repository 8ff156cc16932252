//! `cargo xtask test`: every check of the project, one after the other, and one total.
//!
//! Each suite is a program of its own kind (cargo, vitest, a build). What they print is shown as it comes and
//! counted from their own summaries; the sum is the last line. A suite that ran nothing has failed: a missing
//! tool must not look like success.

pub(crate) mod setup;
mod suites;
mod totals;

use std::{process::ExitCode, time::Instant};

use anyhow::Result;
pub(crate) use suites::AS_FOR_TESTS;
use suites::Suite;
use totals::Totals;

/// The options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run these suites only
    #[arg(value_enum)]
    suites: Vec<Suite>,
}

/// Runs what was asked for, to the end even where something fails, and prints the total last.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let chosen = if options.suites.is_empty() {
        Suite::ALL
    } else {
        &options.suites
    };
    let mut report = Vec::new();
    for suite in chosen {
        let started = Instant::now();
        println!("\n==> {}: {}", suite.name(), suite.about());
        let totals = suite.run().unwrap_or_else(|error| {
            println!("error: {error:#}");
            Totals::one_failure()
        });
        report.push((
            suite.name(),
            totals.or_failure_if_empty(),
            started.elapsed(),
        ));
    }

    println!();
    for (name, totals, took) in &report {
        let verdict = if totals.failed == 0 { "ok  " } else { "FAIL" };
        println!(
            "{verdict} {name:<16} {totals} in {:.1} s",
            took.as_secs_f64()
        );
        // A suite that passed may have shown errors that it wanted.
        for failure in totals.failures.iter().filter(|_| totals.failed > 0) {
            println!("     {failure}");
        }
    }
    let sum: Totals = report.into_iter().map(|(_, totals, _)| totals).sum();
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
