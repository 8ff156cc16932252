//! `cargo xtask bench`: `examples/users` on workerd beside the same Worker written by hand in JavaScript, and natively beside the same
//! server written by hand on axum.
//!
//! | module | what it does |
//! |---|---|
//! | [`options`] | what may be typed |
//! | [`contender`] | who runs: a folder of Worker modules each, or a program |
//! | [`server`] | one contender, running: its address, and what it costs this machine |
//! | [`client`] | keep-alive connections and sockets, and the fixture |
//! | [`load`] | requests for a while over several connections: how many, and at what cost |
//! | [`stale`] | one write, many sockets: when the last one knew |
//! | [`wave`] | one write, many screens that read again: what that costs, and how often the query ran |
//! | [`rooms`] | one message, and windows of other rooms, few and many: whom that makes read again |
//! | [`pods`] | functions in one pod and in several, natively: how many a second |
//! | [`durable`] | inserts of the native host whose replies wait for the disk |
//! | [`transfers`] | money between accounts, natively, beside Node and axum |
//! | [`pipeline`] | a connection on which requests need not wait for replies |
//! | [`cold`] | from starting the process to the first reply |
//! | [`save`] | from a saved function to the backend that has it |
//! | [`size`] | what is uploaded, compressed |
//! | [`profile`] | where the processor time of a contender goes under load |
//! | [`machine`] | processor time and memory, as the operating system tells them |
//! | [`stats`] | medians and percentiles |
//! | [`report`] | what is printed and kept, and what the budgets say |
//!
//! Contenders take turns in short rounds, in alternating order, and are compared round by round: what the
//! machine does meanwhile (other work, heat, a busy disk) meets all of them alike. `docs/benchmarks.md`
//! tells how to read the result.

mod client;
mod cold;
mod contender;
mod durable;
mod load;
mod machine;
mod options;
mod pipeline;
mod pods;
mod profile;
mod report;
mod rooms;
mod save;
mod server;
mod size;
mod stale;
mod stats;
mod transfers;
mod wave;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::{
    contender::{Contender, Runs},
    load::Host,
    options::Options,
    report::{Direction, Measure, Report},
};

/// What the first contender is to the others: ratios are taken against it.
const BASE: &str = "handwritten";

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the budgets are kept, or nobody asked.
fn run(options: &Options) -> Result<bool> {
    // One thread: the other core belongs to the server that is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the load generator's event loop")?;
    if options.profile {
        runtime.block_on(profile::show(options))?;
        return Ok(true);
    }
    let mut missed = Vec::new();
    if options.wants(save::NAME) {
        missed.extend(save::measure(options.rounds)?);
    }
    if options.wants(rooms::NAME) {
        missed.extend(runtime.block_on(rooms::measure())?);
    }
    if options.wants(pods::NAME) {
        runtime.block_on(pods::measure(options))?;
    }
    if options.wants(durable::NAME) {
        runtime.block_on(durable::measure(options))?;
    }
    if options.wants(transfers::NAME) {
        missed.extend(runtime.block_on(transfers::measure(options))?);
    }
    let native: Vec<_> = wanted(options, Host::Native).collect();
    if !native.is_empty() {
        let contenders = contender::native(options)?;
        let mut report = Report::new(options, &contenders)?;
        for case in &native {
            runtime.block_on(measure_load(case, options, &contenders, &mut report))?;
        }
        report.print();
        println!("\nSaved as {}", report.save(options, "native")?.display());
        missed.extend(report.missed_budgets());
    }
    let alone = [
        save::NAME,
        rooms::NAME,
        pods::NAME,
        durable::NAME,
        transfers::NAME,
    ];
    let is_native = |name: &String| native.iter().any(|case| case.name == name);
    let is_alone = |name: &String| alone.contains(&name.as_str()) || is_native(name);
    if !options.only.is_empty() && options.only.iter().all(is_alone) {
        return Ok(told(options, &missed));
    }
    let contenders = contender::all(options)?;
    let mut report = Report::new(options, &contenders)?;
    for case in wanted(options, Host::Workerd) {
        runtime.block_on(measure_load(case, options, &contenders, &mut report))?;
    }
    if options.wants(stale::NAME) {
        runtime.block_on(measure_stale(options, &contenders, &mut report))?;
    }
    if options.wants(wave::NAME) {
        for users in wave::LISTS {
            runtime.block_on(measure_wave(options, &contenders, users, &mut report))?;
        }
    }
    if options.wants(cold::NAME) {
        runtime.block_on(measure_cold_start(options, &contenders, &mut report))?;
    }
    if options.wants(size::NAME) {
        measure_size(&contenders, &mut report)?;
    }
    report.print();
    println!("\nSaved as {}", report.save(options, "latest")?.display());
    missed.extend(report.missed_budgets());
    Ok(told(options, &missed))
}

/// The cases under load that are to be measured there.
fn wanted(options: &Options, host: Host) -> impl Iterator<Item = &'static load::Case> {
    let cases = load::CASES.iter().filter(move |case| case.host == host);
    cases.filter(|case| options.wants(case.name))
}

/// Tells which budgets are missed. Whether that is fine.
fn told(options: &Options, missed: &[String]) -> bool {
    for miss in missed {
        println!("Over budget: {miss}");
    }
    !options.check || missed.is_empty()
}

async fn measure_load(
    case: &'static load::Case,
    options: &Options,
    contenders: &[Contender],
    report: &mut Report,
) -> Result<()> {
    println!("{}: {}", case.name, case.about);
    let mut arena = load::Arena::open(case, options, contenders).await?;
    let samples = arena.rounds(options).await?;
    let memory = arena.peak_memory();
    drop(arena);
    report.disturbed_by(
        samples
            .iter()
            .flatten()
            .filter_map(load::Sample::disturbance),
    );
    let column = |value: &dyn Fn(&load::Sample) -> Option<f64>| -> Vec<Vec<Option<f64>>> {
        samples
            .iter()
            .map(|rounds| rounds.iter().map(value).collect())
            .collect()
    };
    report.add(Measure {
        name: format!("{}, requests/s", case.name),
        unit: "",
        direction: Direction::MoreIsBetter,
        budget: case.budget.requests(),
        rounds: column(&|sample| Some(sample.requests_per_second())),
    });
    report.add(Measure {
        name: format!("{}, CPU per request", case.name),
        unit: "µs",
        direction: Direction::LessIsBetter,
        budget: case.budget.cpu(),
        rounds: column(&|sample| {
            sample
                .cpu_per_request()
                .map(|time| time.as_secs_f64() * 1e6)
        }),
    });
    report.add(Measure {
        name: format!("{}, p99", case.name),
        unit: "ms",
        direction: Direction::LessIsBetter,
        budget: None,
        rounds: column(&|sample| Some(sample.latency(0.99).as_secs_f64() * 1e3)),
    });
    report.add(Measure {
        name: format!("{}, peak memory", case.name),
        unit: "MB",
        direction: Direction::LessIsBetter,
        budget: None,
        rounds: memory
            .iter()
            .map(|bytes| vec![bytes.map(|bytes| bytes as f64 / 1e6)])
            .collect(),
    });
    Ok(())
}

async fn measure_stale(
    options: &Options,
    contenders: &[Contender],
    report: &mut Report,
) -> Result<()> {
    println!(
        "{}: one write, {} sockets of sessions that read the table",
        stale::NAME,
        options.sockets
    );
    let latencies = stale::measure(options, contenders).await?;
    for (share, name, budget) in [(0.5, "median", None), (0.99, "p99", Some(1.0))] {
        report.add(Measure {
            name: format!("stale to {} sockets, {name}", options.sockets),
            unit: "ms",
            direction: Direction::LessIsBetter,
            budget,
            rounds: latencies
                .iter()
                .map(|rounds| {
                    rounds
                        .iter()
                        .map(|times| Some(stats::percentile(times, share).as_secs_f64() * 1e3))
                        .collect()
                })
                .collect(),
        });
    }
    Ok(())
}

async fn measure_wave(
    options: &Options,
    contenders: &[Contender],
    users: usize,
    report: &mut Report,
) -> Result<()> {
    let screens = options.sockets;
    println!(
        "{}: one write, and {screens} screens read the list of {users} again",
        wave::NAME
    );
    let waves = wave::measure(options, contenders, users).await?;
    let column = |value: &dyn Fn(&[wave::Wave; 2]) -> Option<f64>| -> Vec<Vec<Option<f64>>> {
        waves
            .iter()
            .map(|rounds| rounds.iter().map(value).collect())
            .collect()
    };
    let cpu = |wave: &wave::Wave| wave.cpu.map(|time| time.as_secs_f64() * 1e3);
    let mut add = |name: &str, unit, budget, rounds| {
        report.add(Measure {
            name: format!("wave of {screens} screens of {users} rows, {name}"),
            unit,
            direction: Direction::LessIsBetter,
            budget,
            rounds,
        });
    };
    add(
        "queries run",
        "",
        None,
        column(&|[kept, _]| Some(kept.queries as f64)),
    );
    add("CPU", "ms", Some(0.3), column(&|[kept, _]| cpu(kept)));
    add(
        "CPU without kept answers",
        "ms",
        None,
        column(&|[_, computed]| cpu(computed)),
    );
    add(
        "CPU, of that without kept answers",
        "",
        None,
        column(&|[kept, computed]| Some(cpu(kept)? / cpu(computed)?)),
    );
    Ok(())
}

async fn measure_cold_start(
    options: &Options,
    contenders: &[Contender],
    report: &mut Report,
) -> Result<()> {
    println!("{}: from starting workerd to the first reply", cold::NAME);
    let times = cold::measure(options, contenders).await?;
    report.add(Measure {
        name: "cold start to first reply".into(),
        unit: "ms",
        direction: Direction::LessIsBetter,
        budget: Some(1.3),
        rounds: times
            .iter()
            .map(|rounds| {
                rounds
                    .iter()
                    .map(|time| Some(time.as_secs_f64() * 1e3))
                    .collect()
            })
            .collect(),
    });
    Ok(())
}

fn measure_size(contenders: &[Contender], report: &mut Report) -> Result<()> {
    let sizes: Vec<f64> = contenders
        .iter()
        .filter_map(|contender| match &contender.runs {
            Runs::Worker(folder) => Some(folder),
            Runs::Program(_) => None,
        })
        .map(|folder| Ok(size::gzipped(folder.path())? as f64 / 1024.0))
        .collect::<Result<_>>()?;
    report.add(Measure {
        name: "wasm and JS, gzipped".into(),
        unit: "KB",
        direction: Direction::LessIsBetter,
        // A limit of its own, which a test of the command holds; not a ratio.
        budget: None,
        rounds: sizes.iter().map(|size| vec![Some(*size)]).collect(),
    });
    Ok(())
}
