//! The `edgepod` command.

use std::process::ExitCode;

use clap::Parser;
use edgepod_cli::{args::Args, commands, process, term};

fn main() -> ExitCode {
    let result = commands::run(Args::parse().command);
    if process::finish_stopping() {
        // It was asked to end, so this is success.
        return ExitCode::SUCCESS;
    }
    match result {
        Ok(code) => code,
        Err(error) => {
            term::error(&error);
            ExitCode::FAILURE
        }
    }
}
