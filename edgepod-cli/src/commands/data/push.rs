//! `edgepod data push`.

use std::{fs::File, io::Read as _, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use edgepod_manifest::{DATA_PIECE, DataFormat, DataPush, JOBS_TABLE};
use rusqlite::{Connection, OpenFlags};

use super::{
    super::pods::admin,
    check, format,
    object::{self, Object},
    pull::parameters,
};
use crate::{admin::Admin, args::PushData, term};

pub(super) fn push(args: &PushData) -> Result<ExitCode> {
    let file = &args.file;
    let folder = tempfile::tempdir().context("a folder for a copy of the file")?;
    let copy = folder.path().join("data.sqlite");
    let rows = copied(file, &copy, args.without_jobs);
    let rows = rows.with_context(|| format!("{} is not taken", file.display()))?;
    let admin = admin(&args.address)?;
    let pod = args.pod.as_deref();
    let is_done = match format(&admin)? {
        DataFormat::Lines => object::push(Object { admin: &admin, pod }, &copy, args.replace)?,
        DataFormat::Sqlite => send(&admin, pod, &copy, args.replace)?,
    };
    let name = term::word(pod.unwrap_or("global"));
    if !is_done {
        bail!(
            "the pod {name} has data, which stays as it is. `--replace` puts this file in its place: pull it before, if it is to be kept"
        );
    }
    term::status(
        "Pushed",
        format!("{} to {name}: {rows} rows", file.display()),
    );
    Ok(ExitCode::SUCCESS)
}

/// Copies what the file has now, with what is in a log beside it, and checks it. How many rows it has.
fn copied(file: &Path, copy: &Path, without_jobs: bool) -> Result<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    check::whole(&connection)?;
    connection.execute("VACUUM INTO ?", [copy.to_string_lossy()])?;
    let copy = Connection::open(copy)?;
    if without_jobs && check::tables(&copy)?.contains_key(JOBS_TABLE) {
        copy.execute(&format!("DELETE FROM {JOBS_TABLE}"), ())?;
    }
    Ok(check::tables(&copy)?.values().sum())
}

/// Sends it to a server that has files. Whether it may: the pod has data otherwise.
fn send(admin: &Admin, pod: Option<&str>, copy: &Path, replace: bool) -> Result<bool> {
    let replace = if replace { "1" } else { "" };
    let query: Vec<_> = pod.map(|pod| ("pod", pod)).into_iter().collect();
    let begin = [&query[..], &[("replace", replace)]].concat();
    let Some(DataPush { id }) = admin.post::<Option<DataPush>>("/data/push", &begin)? else {
        return Ok(false);
    };
    let own = parameters(pod, &id);
    let mut data = File::open(copy)?;
    let bytes = data.metadata()?.len();
    for at in 0..bytes.div_ceil(DATA_PIECE) {
        let mut piece = Vec::new();
        (&mut data).take(DATA_PIECE).read_to_end(&mut piece)?;
        let at = at.to_string();
        admin.send::<()>("/data/put", &[&own[..], &[("at", &*at)]].concat(), &piece)?;
    }
    let bytes = bytes.to_string();
    let commit = [&own[..], &[("bytes", &*bytes), ("replace", replace)]].concat();
    admin.post("/data/commit", &commit)
}
