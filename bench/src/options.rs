//! What may be typed.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use crate::{cold, durable, load, pods, rooms, save, size, stale, transfers, wave};

/// Measures examples/users on workerd beside the same Worker written by hand in JavaScript.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
pub(crate) struct Options {
    /// Rounds of each case; each contender runs once a round
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// How long a contender is under load in a round, in seconds
    #[arg(long, default_value = "0.7", value_parser = seconds)]
    pub(crate) seconds: Duration,

    /// Connections that send one request after another
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,

    /// Sockets that are told of a write, and screens that read again
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sockets: u32,

    /// Measure this only; may be given several times
    #[arg(long, value_name = "CASE", value_parser = cases())]
    pub(crate) only: Vec<String>,

    /// The EdgePod app to build and measure: one with the functions of examples/users
    #[arg(long, value_name = "FOLDER", default_value = "examples/users")]
    pub(crate) app: PathBuf,

    /// Measure another Worker too: a name, and the folder with its entry.mjs; may be given several times
    #[arg(long, value_name = "NAME=FOLDER", value_parser = named_folder)]
    pub(crate) worker: Vec<(String, PathBuf)>,

    /// Build and measure no app, only the Workers given with --worker
    #[arg(long, requires = "worker")]
    pub(crate) no_app: bool,

    /// Where the figures are kept, as JSON [default: target/bench/latest.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Fail when a budget of DESIGN.md is missed
    #[arg(long)]
    pub(crate) check: bool,

    /// Measure nothing, but show where the processor time goes under load, with perf: `cargo xtask profile`
    #[arg(long, conflicts_with_all = ["check", "json"])]
    pub(crate) profile: bool,
}

impl Options {
    /// Whether the case called `name` is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn cases() -> clap::builder::PossibleValuesParser {
    load::CASES
        .iter()
        .map(|case| case.name)
        .chain([
            stale::NAME,
            wave::NAME,
            rooms::NAME,
            pods::NAME,
            durable::NAME,
            transfers::NAME,
            cold::NAME,
            size::NAME,
            save::NAME,
        ])
        .collect::<Vec<_>>()
        .into()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "a number of seconds is expected".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| *time >= Duration::from_millis(100))
        .ok_or_else(|| "a time of at least 0.1 seconds is expected".to_owned())
}

fn named_folder(text: &str) -> Result<(String, PathBuf), String> {
    let (name, folder) = text.split_once('=').ok_or("NAME=FOLDER is expected")?;
    let folder = PathBuf::from(folder);
    if !folder.join("entry.mjs").is_file() {
        return Err(format!("there is no entry.mjs in {}", folder.display()));
    }
    Ok((name.to_owned(), folder))
}
