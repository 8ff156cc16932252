//! Functions in one pod and in several, natively and on workerd: how many a second, and how many cores that keeps busy. The app
//! of `tests/pods`.
//!
//! What is compared is one pod with several, on the same host. A pod's functions run one after another, as in one object; those
//! of different pods do not wait for each other. On workerd all objects of a process have one thread.

use std::{net::SocketAddr, time::Instant};

use anyhow::{Context, Result, ensure};
use edgepod_cli::{
    app::App,
    build::{self, Profile, Worker},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::Connection,
    contender::{self, Contender},
    machine,
    options::Options,
    server::{Answers, Server},
    stats,
};

/// The case's name.
pub(crate) const NAME: &str = "pods";

/// How many pods share the connections, each time.
const PODS: [usize; 4] = [1, 2, 4, 8];

/// What is asked for, each in every number of pods.
static CASES: [Case; 2] = [
    INSERT,
    Case {
        name: "a statement of some milliseconds",
        function: "ask",
        argument: (
            "sql",
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) SELECT count(*) FROM c",
        ),
    },
];

/// One row.
pub(crate) const INSERT: Case = Case {
    name: "insert",
    function: "addNote",
    argument: ("text", "Is anybody there?"),
};

pub(crate) struct Case {
    name: &'static str,
    function: &'static str,
    argument: (&'static str, &'static str),
}

/// What a round says.
pub(crate) struct Sample {
    pub(crate) calls_per_second: f64,
    /// Cores that the server kept busy.
    cores: Option<f64>,
}

/// Measures and prints. There is no budget: it depends on the cores.
///
/// # Errors
/// When the app does not build or start, or refuses a call.
pub(crate) async fn measure(options: &Options) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{NAME}: functions in one pod and in several, on {cores} cores of which the load has some"
    );
    let app = App::find(&contender::root().join("tests/apps/pods"))?;
    let program = build::program(&app, Profile::Release).context("building tests/apps/pods")?;
    let worker = Worker::build(&app, Profile::Release).context("building tests/apps/pods")?;
    let native = Server::of_program(&program, &[])?;
    measure_host("natively", native.address(), native.process(), options).await?;
    drop(native);
    let contender = Contender::new("edgepod", &worker.folder)?.signing();
    let server = Server::start(&contender, Answers::Kept)?;
    measure_host("on workerd", server.address(), server.process(), options).await
}

/// One host, which listens there.
async fn measure_host(
    host: &str,
    address: SocketAddr,
    process: u32,
    options: &Options,
) -> Result<()> {
    for case in &CASES {
        println!("  {}, {host}", case.name);
        println!("   pods   calls/s   of one pod's   cores busy");
        let mut samples: [Vec<Sample>; PODS.len()] = Default::default();
        // One round more: the first only warms up.
        for round in 0..=options.rounds {
            for (index, pods) in PODS.into_iter().enumerate() {
                let connections = options.connections as usize;
                let sample = load(case, pods, connections, address, process, options).await?;
                if round > 0 {
                    samples[index].push(sample);
                }
            }
        }
        let ratios = |of: &[Sample]| -> Vec<f64> {
            let ones = samples[0].iter();
            ones.zip(of)
                .map(|(one, sample)| sample.calls_per_second / one.calls_per_second)
                .collect()
        };
        for (pods, of) in PODS.iter().zip(&samples) {
            let calls: Vec<f64> = of.iter().map(|sample| sample.calls_per_second).collect();
            let cores: Vec<f64> = of.iter().filter_map(|sample| sample.cores).collect();
            let cores = match cores[..] {
                [] => "–".to_owned(),
                _ => format!("{:.2}", stats::median(&cores)),
            };
            println!(
                "{pods:7} {:9.0} {:14.2} {cores:>12}",
                stats::median(&calls),
                stats::median(&ratios(of))
            );
        }
    }
    Ok(())
}

/// Calls for a while over so many connections, each to one of so many pods.
pub(crate) async fn load(
    case: &'static Case,
    pods: usize,
    connections: usize,
    address: SocketAddr,
    process: u32,
    options: &Options,
) -> Result<Sample> {
    let body = json!({ case.argument.0: case.argument.1 }).to_string();
    let mut open = Vec::new();
    for number in 0..connections {
        let mut connection = Connection::open(address, None).await?;
        connection.go_to(&format!("open-{}", number % pods));
        // The pod is open when the time begins.
        connection.call(case.function, body.clone()).await?;
        open.push(connection);
    }
    let before = machine::cpu(process);
    let began = Instant::now();
    let end = began + options.seconds;
    let mut callers = JoinSet::new();
    for mut connection in open {
        let body = body.clone();
        callers.spawn(async move {
            let mut calls = 0_u32;
            while Instant::now() < end {
                connection.call(case.function, body.clone()).await?;
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    let took = began.elapsed().as_secs_f64();
    let cpu = before.and_then(|before| machine::cpu(process)?.checked_sub(before));
    ensure!(calls > 0, "no call came back");
    Ok(Sample {
        calls_per_second: f64::from(calls) / took,
        cores: cpu.map(|cpu| cpu.as_secs_f64() / took),
    })
}
