//! What each command does.

mod dev;
mod generate;
mod run;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Command;

/// Does what was typed.
///
/// # Errors
/// What went wrong, in words for the user.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Dev(args) => dev::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Run(args) => run::run(&args),
    }
}
