//! `cargo xtask test`: every check of the project and one total.
//!
//! Suites run one after the other, but for those that ask a server: what the native host is asked and what workerd is asked, in a
//! browser too, run beside each other, each line with the name of its suite before it.
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
use suites::{Host, Suite};
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
    for suites in chosen.chunk_by(|one, next| one.host().is_some() && next.host().is_some()) {
        let of = |host| {
            suites
                .iter()
                .filter(move |suite| suite.host() == Some(host))
        };
        let (native, workerd) = (of(Host::Native), of(Host::Workerd));
        if native.clone().count() == 0 || workerd.clone().count() == 0 {
            report.extend(suites.iter().map(|suite| ran(*suite)));
            continue;
        }
        let named = |suite: &Suite| {
            run::name_lines(&suite.name());
            ran(*suite)
        };
        let (native, workerd) = thread::scope(|scope| {
            let native = scope.spawn(move || native.map(named).collect::<Vec<_>>());
            let workerd = scope.spawn(move || workerd.map(named).collect::<Vec<_>>());
            (native.join(), workerd.join())
        });
        for lane in [native, workerd] {
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
