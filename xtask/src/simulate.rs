//! The simulation: the client's core and the engine, with a network, a clock and accidents by a seed.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{
    run::{self, Finished},
    test::setup,
    workspace,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// How many seeds, one after the other
    #[arg(long, default_value_t = 1000)]
    runs: u32,
    /// Plant each known mistake afterwards: it has to be found
    #[arg(long)]
    planted: bool,
    /// Build the engine with optimisation: six times as many runs a second, after a build of minutes
    #[arg(long)]
    optimized: bool,
    /// Print all that happens, to look for the cause of a failure
    #[arg(long)]
    trace: bool,
}

/// Simulates.
///
/// # Errors
/// When a program cannot be built or started.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    Ok(if simulate(options)?.success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// As much of it as the test command runs.
///
/// # Errors
/// As [`run`].
pub(crate) fn short() -> Result<Finished> {
    simulate(&Options {
        seed: 1,
        runs: 300,
        planted: true,
        optimized: false,
        trace: false,
    })
}

fn simulate(options: &Options) -> Result<Finished> {
    let client = workspace::root().join("edgepod-codegen/client");
    setup::npm_packages(&client)?;
    // The folder that this program was built into, where most of it is built for the tests, too.
    let mut target = std::env::current_exe()?
        .ancestors()
        .nth(2)
        .context("this program is not in a target folder")?
        .to_owned();
    let mut build = run::cargo();
    build.args(["build-as-for-tests", "--quiet", "--bin", "simulation"]);
    if options.optimized {
        target = target.join("simulation-optimized");
        // What is asserted while developing is asserted here, too.
        build.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    }
    build.arg("--target-dir").arg(&target);
    let built = run::tee(&mut build)?;
    if !built.success {
        bail!("the engine's program does not build");
    }
    let bundle = target.join("simulation.mjs");
    let bundled = run::tee(
        Command::new("node")
            .current_dir(&client)
            .arg("simulation/build.mjs")
            .arg(&bundle),
    )?;
    if !bundled.success {
        bail!("the client cannot be bundled");
    }
    let mut node = Command::new("node");
    node.current_dir(workspace::root())
        .arg(&bundle)
        .arg(target.join("debug/simulation"))
        .arg(options.seed.to_string())
        .arg(options.runs.to_string());
    if options.planted {
        node.arg("--planted");
    }
    if options.trace {
        node.arg("--trace");
    }
    run::tee(&mut node)
}
