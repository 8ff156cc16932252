//! What is asked for is done later, once, whatever happens in between.
//!
//! `tests/apps/jobs` is the app; `EDGEPOD_TEST_HOST` names the host, as for the protocol suite.

mod kills;
mod life;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    suite::run(App::JOBS, &[("life", life::CASES), ("kills", kills::CASES)])
}
