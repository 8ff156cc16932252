//! What each command does.

mod assets;
mod build;
mod call;
mod data;
mod deploy;
pub(crate) mod dev;
mod doctor;
mod generate;
mod info;
mod init;
mod jobs;
mod migrations;
mod native;
mod pods;
mod run;
mod sql;
mod studio;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Command;

/// Does what was typed.
///
/// # Errors
/// What went wrong, in words for the user.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Deploy(args) => deploy::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Sql(args) => sql::run(&args),
        Command::Studio(args) => studio::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Migrations(args) => migrations::run(&args),
        Command::Pods(args) => pods::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Jobs(args) => jobs::run(&args),
        Command::Run(args) => run::run(&args),
    }
}
