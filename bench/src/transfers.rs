//! Money that goes from one of 100,000 accounts to another, natively: the load of SpacetimeDB's public benchmark. Both accounts are read, the
//! payer's is checked, one is debited, the other credited, in one transaction. The app of `bench/transfers` beside the same on Node with
//! better-sqlite3 and on axum with rusqlite.
//!
//! Accounts are chosen evenly, or by Zipf's law with exponent 1.5, by which a few have most of the traffic. Clients are twice the cores, and
//! wait for each reply or have several calls under way on their connection. With `synchronous = FULL` each reply says that its transfer
//! is on the disk.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use edgepod_cli::{
    app::App,
    build::{self, Profile},
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, Zipf};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::Connection,
    contender::{self, AXUM},
    load::in_turn,
    options::Options,
    pipeline::Pipeline,
    server::Server,
    stats,
};

/// The case's name.
pub(crate) const NAME: &str = "transfers";

const ACCOUNTS: u32 = 100_000;
const BALANCE: i64 = 1_000_000;

/// How many accounts are opened by one call: the most rows that one insert of EdgePod takes.
const OPENED_AT_ONCE: u32 = 1000;

/// Exponents of Zipf's law; 0 is an even choice.
const EXPONENTS: [f64; 2] = [0.0, 1.5];

/// How many calls a client has under way.
const DEPTHS: [usize; 2] = [1, 16];

/// What a contender does of Node's, at the least (DESIGN.md, section 6).
const BUDGET: f64 = 2.0;

/// What a round says.
struct Sample {
    per_second: f64,
    p99: Duration,
}

/// Measures and prints, and tells which budgets are missed.
///
/// # Errors
/// When a contender does not build or start, refuses a transfer, or loses money.
pub(crate) async fn measure(options: &Options) -> Result<Vec<String>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let clients = 2 * cores;
    println!(
        "{NAME}: {ACCOUNTS} accounts, {clients} clients, on {cores} cores of which the load has some"
    );
    let app = App::find(&contender::root().join("bench/transfers"))?;
    let edgepod = build::program(&app, Profile::Release).context("building bench/transfers")?;
    let programs: [(&str, Vec<PathBuf>); 3] = [
        ("node", node()?),
        ("axum", vec![contender::beside(AXUM)?]),
        ("edgepod", vec![edgepod]),
    ];
    let mut missed = Vec::new();
    for synchronous in ["normal", "full"] {
        let mut servers = Vec::new();
        for (_, command) in &programs {
            let server = Server::of_command(command, &[("EDGEPOD_SYNCHRONOUS", synchronous)])?;
            open_accounts(server.address()).await?;
            servers.push(server);
        }
        for exponent in EXPONENTS {
            for depth in DEPTHS {
                println!(
                    "  synchronous = {synchronous}, Zipf {exponent}, {depth} under way for each client"
                );
                let mut samples: Vec<Vec<Sample>> = servers.iter().map(|_| Vec::new()).collect();
                // One round more: the first only warms up.
                for round in 0..=options.rounds {
                    for index in in_turn(round, servers.len()) {
                        let load = Load {
                            exponent,
                            depth,
                            clients,
                            seed: u64::from(round),
                        };
                        let sample = load.run(servers[index].address(), options).await?;
                        if round > 0 {
                            samples[index].push(sample);
                        }
                    }
                }
                let names = programs.each_ref().map(|(name, _)| *name);
                let ratio = print(&names, &samples);
                if ratio < BUDGET {
                    missed.push(format!(
                        "transfers, synchronous = {synchronous}, Zipf {exponent}, {depth} under way: edgepod is at {ratio:.2} of node, and the \
                         budget is ≥ {BUDGET}"
                    ));
                }
            }
        }
        for (server, (name, _)) in servers.iter().zip(&programs) {
            let mut connection = Connection::open(server.address(), None).await?;
            let total = connection.call_json("getTotal", &json!({})).await?;
            let expected = i64::from(ACCOUNTS) * BALANCE;
            ensure!(
                total["data"] == json!(expected),
                "{name} had {expected} and has {} now: money was lost or made",
                total["data"]
            );
        }
    }
    Ok(missed)
}

/// Prints the figures of all contenders; returns the last one's transfers a second, of the first one's.
fn print(names: &[&str], samples: &[Vec<Sample>]) -> f64 {
    println!("   contender   transfers/s   of node's   p99");
    let mut last = 0.0;
    for (name, of) in names.iter().zip(samples) {
        let rates: Vec<f64> = of.iter().map(|sample| sample.per_second).collect();
        let p99: Vec<f64> = of
            .iter()
            .map(|sample| sample.p99.as_secs_f64() * 1e3)
            .collect();
        let ratios: Vec<f64> = samples[0]
            .iter()
            .zip(of)
            .map(|(first, sample)| sample.per_second / first.per_second)
            .collect();
        last = stats::median(&ratios);
        println!(
            "   {name:9} {:13.0} {last:11.2} {:8.2} ms",
            stats::median(&rates),
            stats::median(&p99)
        );
    }
    last
}

async fn open_accounts(address: SocketAddr) -> Result<()> {
    let mut connection = Connection::open(address, None).await?;
    for _ in 0..ACCOUNTS / OPENED_AT_ONCE {
        let arguments = json!({ "count": OPENED_AT_ONCE, "balance": BALANCE });
        connection.call_json("openAccounts", &arguments).await?;
    }
    Ok(())
}

/// What one round asks of a server.
struct Load {
    exponent: f64,
    depth: usize,
    clients: usize,
    seed: u64,
}

impl Load {
    async fn run(&self, address: SocketAddr, options: &Options) -> Result<Sample> {
        let mut clients = JoinSet::new();
        let mut open = Vec::new();
        for _ in 0..self.clients {
            open.push(Pipeline::open(address, "transfer").await?);
        }
        let began = Instant::now();
        let end = began + options.seconds;
        for (number, pipeline) in (0..).zip(open) {
            let choices = Choices::new(self.exponent, self.seed * 1000 + number)?;
            clients.spawn(client(pipeline, choices, self.depth, end));
        }
        let mut times = Vec::new();
        while let Some(client) = clients.join_next().await {
            times.extend(client??);
        }
        let took = began.elapsed();
        ensure!(!times.is_empty(), "no transfer came back");
        Ok(Sample {
            per_second: times.len() as f64 / took.as_secs_f64(),
            p99: stats::percentile(&times, 0.99),
        })
    }
}

/// Transfers until `end`, with so many under way; how long each took.
async fn client(
    mut pipeline: Pipeline,
    mut choices: Choices,
    depth: usize,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut under_way = VecDeque::new();
    loop {
        while under_way.len() < depth && Instant::now() < end {
            under_way.push_back(Instant::now());
            pipeline.send(&choices.next().to_string()).await?;
        }
        let Some(sent) = under_way.pop_front() else {
            return Ok(times);
        };
        pipeline.reply().await?;
        times.push(sent.elapsed());
    }
}

/// Which accounts take part.
struct Choices {
    random: SmallRng,
    accounts: Zipf<f64>,
}

impl Choices {
    fn new(exponent: f64, seed: u64) -> Result<Self> {
        Ok(Self {
            random: SmallRng::seed_from_u64(seed),
            accounts: Zipf::new(f64::from(ACCOUNTS), exponent)?,
        })
    }

    /// The arguments of the next transfer.
    fn next(&mut self) -> Value {
        let from = self.accounts.sample(&mut self.random) as i64;
        let mut to = from;
        while to == from {
            to = self.accounts.sample(&mut self.random) as i64;
        }
        json!({ "from": from, "to": to, "amount": self.random.random_range(1..=10) })
    }
}

/// Node with the server of `bench/node`, whose better-sqlite3 is installed once.
fn node() -> Result<Vec<PathBuf>> {
    let folder = contender::root().join("bench/node");
    let node = which::which("node").context("Node is not on PATH")?;
    let node = node.canonicalize()?;
    if !folder.join("node_modules/better-sqlite3/build").is_dir() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        // Where better-sqlite3 is compiled, with the headers that came with Node, where it came with them.
        let home = node.parent().and_then(Path::parent);
        if let Some(home) = home.filter(|home| home.join("include/node").is_dir()) {
            npm.env("npm_config_nodedir", home);
        }
        let installed = npm.status().context("`npm` cannot be started")?;
        ensure!(
            installed.success(),
            "`npm ci` failed in {}",
            folder.display()
        );
    }
    Ok(vec![node, folder.join("server.mjs")])
}
