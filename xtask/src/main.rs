//! Development tasks: `cargo xtask --help` lists them.
//!
//! A task is one module here. What a task needs beyond Rust (npm packages, a compile target, a browser)
//! it fetches itself, once.

mod bench;
mod fuzz;
mod hostile;
mod house;
mod run;
mod simulate;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Development tasks of EdgePod.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Check and test everything, or one suite; the last line is the total
    Test(test::Options),
    /// Measure examples/users on workerd beside the same Worker written by hand in JavaScript
    Bench(bench::Options),
    /// Show where the processor time goes under load, of the app and of the hand-written Worker, with perf
    Profile(bench::Options),
    /// Fuzz tokens or requests, guided by coverage
    Fuzz(fuzz::Options),
    /// Draw the house in docs/architecture.md, and say which arrows between its rooms may not be
    House(house::Options),
    /// Run clients and an engine through accidents of the network, the clock and the machine, by seeds
    Simulate(simulate::Options),
    /// Attack the native host in every way at once, beside a friendly client
    Hostile(hostile::Options),
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Profile(options) => bench::profile(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::House(options) => house::run(&options),
        Task::Simulate(options) => simulate::run(&options),
        Task::Hostile(options) => hostile::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
