//! Inserts of the native host with `EDGEPOD_SYNCHRONOUS=full` and without: what it costs that nobody is told of a write before the
//! disk has it. The app of `tests/apps/pods`.
//!
//! With one connection each insert waits for the disk by itself, as it would with SQLite's `synchronous = FULL`.

use anyhow::{Context, Result};
use edgepod_cli::{
    app::App,
    build::{self, Profile},
};

use crate::{
    contender,
    options::Options,
    pods::{INSERT, load},
    server::Server,
    stats,
};

/// The case's name.
pub(crate) const NAME: &str = "durable";

/// How many connections insert at one time.
const CONNECTIONS: [usize; 4] = [1, 4, 16, 64];

/// Measures and prints. There is no budget: it depends on the disk.
///
/// # Errors
/// When the app does not build or start, or refuses a call.
pub(crate) async fn measure(options: &Options) -> Result<()> {
    println!("{NAME}: inserts a second, natively, where no reply is lost to a power cut");
    let app = App::find(&contender::root().join("tests/apps/pods"))?;
    let program = build::program(&app, Profile::Release).context("building tests/apps/pods")?;
    let normal = Server::of_program(&program, &[])?;
    let full = Server::of_program(&program, &[("EDGEPOD_SYNCHRONOUS", "full")])?;
    let mut samples: [Vec<[f64; 2]>; CONNECTIONS.len()] = Default::default();
    // One round more: the first only warms up.
    for round in 0..=options.rounds {
        for (samples, connections) in samples.iter_mut().zip(CONNECTIONS) {
            let mut pair = [0.0; 2];
            for (calls, server) in pair.iter_mut().zip([&normal, &full]) {
                let (address, process) = (server.address(), server.process());
                let sample = load(&INSERT, 1, connections, address, process, options).await?;
                *calls = sample.calls_per_second;
            }
            if round > 0 {
                samples.push(pair);
            }
        }
    }
    println!("   connections   normal     full   full / normal   full / full of one connection");
    let median = |of: Vec<f64>| stats::median(&of);
    let ones = &samples[0];
    for (connections, of) in CONNECTIONS.iter().zip(&samples) {
        println!(
            "{connections:14} {:8.0} {:8.0} {:15.2} {:31.2}",
            median(of.iter().map(|[normal, _]| *normal).collect()),
            median(of.iter().map(|[_, full]| *full).collect()),
            median(of.iter().map(|[normal, full]| full / normal).collect()),
            median(
                of.iter()
                    .zip(ones)
                    .map(|([_, full], [_, one])| full / one)
                    .collect()
            ),
        );
    }
    Ok(())
}
