//! `edgepod data`: a pod's data as a SQLite file.

mod check;
mod lines;
mod partial;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use edgepod_manifest::{DataCopy, DataFormat};
use fs_err as fs;

use super::pods::admin;
use crate::admin::Admin;
use crate::args::{Data, DataCommand, PullData};
use crate::term;
use partial::Partial;

pub(super) fn run(args: &Data) -> Result<ExitCode> {
    match &args.command {
        DataCommand::Pull(args) => pull(args),
    }
}

fn pull(args: &PullData) -> Result<ExitCode> {
    let file = &args.file;
    if file.exists() {
        bail!(
            "{} is there already: remove it, or choose another name",
            file.display()
        );
    }
    let admin = admin(&args.address)?;
    let pod = args.pod.as_deref();
    let mut partial = match Partial::left(file, admin.base(), pod)? {
        Some(partial) => {
            let whole = format!("{} of {} pieces", partial.taken(), partial.copy().pieces);
            term::status(
                "Resuming",
                format!("the pull of {}: {whole} are here", file.display()),
            );
            partial
        }
        None => begin(&admin, file, pod)?,
    };
    let mut began_anew = false;
    while partial.taken() < partial.copy().pieces {
        let at = partial.taken().to_string();
        let query = [&parameters(pod, partial.copy())[..], &[("at", &*at)]].concat();
        match admin.bytes("/data/piece", &query)? {
            Some(bytes) => partial.add(&bytes)?,
            // It was made anew by another, or a day has passed.
            None if began_anew => {
                bail!("another pull of this pod took this one's place: run one at a time")
            }
            None => {
                term::status("Beginning", "anew: the copy that was pulled is gone");
                began_anew = true;
                partial = begin(&admin, file, pod)?;
            }
        }
    }
    let whole = partial.whole()?;
    let built = match partial.copy().format {
        DataFormat::Sqlite => whole,
        DataFormat::Lines => lines::build(&whole, file)?,
    };
    let rows = check::check(&built, Some(&partial.copy().rows)).with_context(|| {
        format!(
            "what was pulled is in {}, and is not the database",
            built.display()
        )
    })?;
    fs::rename(&built, file)?;
    partial.remove()?;
    // It is forgotten in a day otherwise.
    let _ = admin.post::<serde_json::Value>("/data/done", &parameters(pod, partial.copy()));
    term::status(
        "Pulled",
        format!(
            "{}: {rows} rows in {} tables, of one version, checked",
            file.display(),
            partial.copy().rows.len()
        ),
    );
    Ok(ExitCode::SUCCESS)
}

fn begin(admin: &Admin, file: &std::path::Path, pod: Option<&str>) -> Result<Partial> {
    let query: Vec<_> = pod.map(|pod| ("pod", pod)).into_iter().collect();
    let copy: DataCopy = admin.post("/data/copy", &query)?;
    Partial::begin(file, admin.base(), pod, copy)
}

fn parameters<'a>(pod: Option<&'a str>, copy: &'a DataCopy) -> Vec<(&'static str, &'a str)> {
    let pod = pod.map(|pod| ("pod", pod));
    pod.into_iter().chain([("id", &*copy.id)]).collect()
}
