//! `edgepod data pull`.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use edgepod_manifest::{DataCopy, DataFormat};
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{
    super::pods::admin,
    check, format,
    object::{self, Built, Object},
    partial::{Part, Partial},
};
use crate::{admin::Admin, args::PullData, term};

/// How often it begins anew, where the tables of the pod change meanwhile or others pull it, too.
const TRIES: usize = 5;

pub(super) fn pull(args: &PullData) -> Result<ExitCode> {
    let file = &args.file;
    if file.exists() {
        bail!(
            "{} is there already: remove it, or choose another name",
            file.display()
        );
    }
    let admin = admin(&args.address)?;
    let pod = Pod {
        admin: &admin,
        name: args.pod.as_deref(),
    };
    let mut partial = match Partial::left(file, admin.base(), pod.name)? {
        Some(partial) => {
            let here = format!("{} bytes of it are here", partial.bytes());
            term::status(
                "Resuming",
                format!("the pull of {}: {here}", file.display()),
            );
            partial
        }
        None => pod.begin(file, Vec::new())?,
    };
    let mut tries = 0;
    let built = loop {
        let mut copying = partial.copying().clone();
        let last = match copying.next(pod)? {
            Part::Bytes(bytes) => {
                partial.add(&bytes, copying)?;
                continue;
            }
            Part::Whole => {
                let whole = partial.whole()?;
                let Copying::Object(copying) = &copying else {
                    break whole;
                };
                let built = object::build(&whole, file, &copying.rows());
                if built.is_err() {
                    // The next command is not to go on with it.
                    partial.forget()?;
                }
                match built.context(
                    "what was pulled is no database: run the command again, which begins anew",
                )? {
                    Built::File(built) => break built,
                    Built::Replaced(mut tables) => {
                        tables.extend(copying.last().iter().cloned());
                        tables
                    }
                }
            }
            Part::Gone => copying.last(),
        };
        tries += 1;
        if tries == TRIES {
            bail!(
                "the tables of the pod change all the time, or other pulls of it take the place of this one: try again later"
            );
        }
        let why = match last.is_empty() {
            true => "anew: the copy that was pulled is gone, or the tables are others by now",
            false => "anew: rows took the place of others, and their tables are taken at once",
        };
        term::status("Beginning", why);
        partial = pod.begin(file, last)?;
    };
    let rows = partial.copying().rows();
    let checked = check::check(&built, &rows);
    if checked.is_err() {
        // The next command is not to go on with it.
        partial.forget()?;
    }
    let found = checked.with_context(|| {
        format!(
            "what was pulled is in {}, and is not the database: run the command again, which begins anew",
            built.display()
        )
    })?;
    fs::rename(&built, file)?;
    partial.remove()?;
    // It is forgotten in a day otherwise.
    let _ = partial.copying().done(pod);
    term::status(
        "Pulled",
        format!(
            "{}: {found} rows in {} tables, of one version, checked",
            file.display(),
            rows.len()
        ),
    );
    Ok(ExitCode::SUCCESS)
}

/// A pod at an address.
#[derive(Clone, Copy)]
struct Pod<'a> {
    admin: &'a Admin,
    name: Option<&'a str>,
}

impl<'a> Pod<'a> {
    fn object(self) -> Object<'a> {
        Object {
            admin: self.admin,
            pod: self.name,
        }
    }

    /// Begins a copy. Of an object the tables of these names are taken at once, in its last turn.
    fn begin(self, file: &Path, last: Vec<String>) -> Result<Partial<Copying>> {
        let copying = match format(self.admin)? {
            DataFormat::Sqlite => Copying::File(self.admin.post("/data/copy", &self.query())?, 0),
            DataFormat::Lines => {
                let begin = || object::Copying::begin(self.object(), last.clone()).transpose();
                let begun = std::iter::repeat_with(begin).take(TRIES).flatten().next();
                Copying::Object(begun.context("the tables of the pod change all the time")??)
            }
        };
        Partial::begin(file, self.admin.base(), self.name, copying)
    }

    fn query(self) -> Vec<(&'static str, &'a str)> {
        self.name.map(|pod| ("pod", pod)).into_iter().collect()
    }
}

/// How far a copy has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Copying {
    /// A file that the server keeps, and how many of its pieces are here.
    File(DataCopy, u64),
    Object(object::Copying),
}

impl Copying {
    /// Takes what comes next.
    fn next(&mut self, pod: Pod<'_>) -> Result<Part> {
        let (copy, taken) = match self {
            Self::File(copy, taken) => (copy, taken),
            Self::Object(copying) => return copying.next(pod.object()),
        };
        if *taken == copy.pieces {
            return Ok(Part::Whole);
        }
        let at = taken.to_string();
        let query = [&parameters(pod.name, &copy.id)[..], &[("at", &*at)]].concat();
        *taken += 1;
        let piece = pod.admin.bytes("/data/piece", &query)?;
        Ok(piece.map_or(Part::Gone, Part::Bytes))
    }

    /// The rows that each table is to have.
    fn rows(&self) -> BTreeMap<String, u64> {
        match self {
            Self::File(copy, _) => copy.rows.clone(),
            Self::Object(copying) => copying.rows(),
        }
    }

    /// The tables that are taken in the last turn, by choice.
    fn last(&self) -> Vec<String> {
        match self {
            Self::File(..) => Vec::new(),
            Self::Object(copying) => copying.last().to_vec(),
        }
    }

    /// Has the server forget it.
    fn done(&self, pod: Pod<'_>) -> Result<()> {
        match self {
            Self::File(copy, _) => pod
                .admin
                .post("/data/done", &parameters(pod.name, &copy.id)),
            Self::Object(copying) => copying.done(pod.object()),
        }
    }
}

/// Those of a request that is about something of a pod.
pub(super) fn parameters<'a>(pod: Option<&'a str>, id: &'a str) -> Vec<(&'static str, &'a str)> {
    let pod = pod.map(|pod| ("pod", pod));
    pod.into_iter().chain([("id", id)]).collect()
}
