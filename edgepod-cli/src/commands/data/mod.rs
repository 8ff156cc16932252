//! `edgepod data`: a pod's data as a SQLite file.

mod check;
mod object;
mod partial;
mod pull;
mod push;
mod rewind;

use std::process::ExitCode;

use anyhow::Result;
use edgepod_manifest::{DataFormat, DataWay};

use crate::{
    admin::Admin,
    args::{Data, DataCommand},
};

pub(super) fn run(args: &Data) -> Result<ExitCode> {
    match &args.command {
        DataCommand::Pull(args) => pull::pull(args),
        DataCommand::Push(args) => push::push(args),
        DataCommand::Copies(args) => rewind::copies(args),
        DataCommand::Rewind(args) => rewind::rewind(args),
    }
}

/// How data goes and comes at this address.
fn format(admin: &Admin) -> Result<DataFormat> {
    admin.get::<DataWay>("/data", &[]).map(|way| way.format)
}
