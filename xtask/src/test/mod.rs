//! `cargo xtask test`: every check of the project and one total.
//!
//! Suites run one after the other, but where some would leave half of the machine idle ([`Suite::lane`]): what the native host is asked
//! and what workerd is asked, in a browser too, run beside each other and beside the builds of pages, and npm's tests beside clippy. Each
//! line then has the name of its suite before it.
//!
//! Each suite is a program of its own kind (cargo, vitest, a build). What they print is shown as it comes and
//! counted from their own summaries; the sum is the last line. A suite that ran nothing has failed: a missing
//! tool must not look like success.

pub(crate) mod setup;
mod suites;
mod totals;

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use suites::{Lane, Suite};
use totals::Totals;

use crate::run;

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
    let mut report: Vec<Ran> = Vec::new();
    let stage = |suite: &Suite| suite.lane().map(|lane| lane.stage);
    for suites in chosen.chunk_by(|one, next| stage(one).is_some() && stage(one) == stage(next)) {
        let mut lanes: Vec<(Option<Lane>, Vec<Suite>)> = Vec::new();
        for suite in suites {
            match lanes.iter_mut().find(|(lane, _)| *lane == suite.lane()) {
                Some((_, suites)) => suites.push(*suite),
                None => lanes.push((suite.lane(), vec![*suite])),
            }
        }
        if lanes.len() == 1 {
            report.extend(suites.iter().map(|suite| ran(*suite)));
            continue;
        }
        let named = |suite: Suite| {
            run::name_lines(&suite.name());
            ran(suite)
        };
        let lanes: Vec<_> = thread::scope(|scope| {
            let lanes = lanes.into_iter();
            let begun: Vec<_> = lanes
                .map(|(_, suites)| {
                    scope.spawn(move || suites.into_iter().map(named).collect::<Vec<_>>())
                })
                .collect();
            begun
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect()
        });
        for lane in lanes {
            report.extend(lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    }

    println!();
    for Ran { name, totals, took } in &report {
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
    let sum: Totals = report.into_iter().map(|ran| ran.totals).sum();
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A suite that ran.
struct Ran {
    name: String,
    totals: Totals,
    took: Duration,
}

fn ran(suite: Suite) -> Ran {
    let started = Instant::now();
    run::show("\n");
    run::show(&format!("==> {}: {}\n", suite.name(), suite.about()));
    let totals = suite.run().unwrap_or_else(|error| {
        run::show(&format!("error: {error:#}\n"));
        Totals::one_failure()
    });
    Ran {
        name: suite.name(),
        totals: totals.or_failure_if_empty(),
        took: started.elapsed(),
    }
}
