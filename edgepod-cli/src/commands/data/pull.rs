//! `edgepod data pull`.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use edgepod_manifest::{DataCopy, DataFormat};
use fs_err as fs;

use super::{
    super::pods::admin,
    check, format,
    object::{self, Object},
    partial::{Copy, Part, Partial},
};
use crate::{admin::Admin, args::PullData, term};

pub(super) fn pull(args: &PullData) -> Result<ExitCode> {
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
            let whole = format!(
                "{} of {} pieces",
                partial.taken(),
                partial.copy().parts.len()
            );
            term::status(
                "Resuming",
                format!("the pull of {}: {whole} are here", file.display()),
            );
            partial
        }
        None => begin(&admin, file, pod)?,
    };
    let mut began_anew = false;
    while let Some(part) = partial.next() {
        let bytes = match part {
            Part::Known(text) => Some(text.clone().into_bytes()),
            Part::Piece(at) => piece(&admin, pod, partial.copy(), *at)?,
        };
        match bytes {
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
        DataFormat::Lines => object::build(&whole, file)?,
    };
    let checked = check::check(&built, &partial.copy().rows);
    if checked.is_err() {
        // The next command is not to go on with it.
        partial.forget()?;
    }
    let rows = checked.with_context(|| {
        format!(
            "what was pulled is in {}, and is not the database: run the command again, which begins anew",
            built.display()
        )
    })?;
    fs::rename(&built, file)?;
    partial.remove()?;
    // It is forgotten in a day otherwise.
    let _ = done(&admin, pod, partial.copy());
    let tables = partial.copy().rows.len();
    term::status(
        "Pulled",
        format!(
            "{}: {rows} rows in {tables} tables, of one version, checked",
            file.display()
        ),
    );
    Ok(ExitCode::SUCCESS)
}

fn begin(admin: &Admin, file: &Path, pod: Option<&str>) -> Result<Partial> {
    let copy = match format(admin)? {
        DataFormat::Lines => object::copy(Object { admin, pod })?,
        DataFormat::Sqlite => {
            let query: Vec<_> = pod.map(|pod| ("pod", pod)).into_iter().collect();
            let DataCopy { id, pieces, rows } = admin.post("/data/copy", &query)?;
            Copy {
                id,
                format: DataFormat::Sqlite,
                parts: (0..pieces).map(Part::Piece).collect(),
                rows,
            }
        }
    };
    Partial::begin(file, admin.base(), pod, copy)
}

fn piece(admin: &Admin, pod: Option<&str>, copy: &Copy, at: u64) -> Result<Option<Vec<u8>>> {
    match copy.format {
        DataFormat::Lines => object::piece(Object { admin, pod }, &copy.id, at),
        DataFormat::Sqlite => {
            let at = at.to_string();
            let query = [&parameters(pod, &copy.id)[..], &[("at", &*at)]].concat();
            admin.bytes("/data/piece", &query)
        }
    }
}

fn done(admin: &Admin, pod: Option<&str>, copy: &Copy) -> Result<()> {
    match copy.format {
        DataFormat::Lines => object::done(Object { admin, pod }, &copy.id),
        DataFormat::Sqlite => admin.post("/data/done", &parameters(pod, &copy.id)),
    }
}

/// Those of a request that is about something of a pod.
pub(super) fn parameters<'a>(pod: Option<&'a str>, id: &'a str) -> Vec<(&'static str, &'a str)> {
    let pod = pod.map(|pod| ("pod", pod));
    pod.into_iter().chain([("id", id)]).collect()
}
