//! What is asked for is done later, once, whatever happens in between.
//!
//! `tests/apps/jobs` is the app; `EDGEPOD_TEST_HOST` names the host, as for the protocol suite.

mod admin;
mod kills;
mod life;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("EDGEPOD_ADMIN_KEY", admin::KEY) };
    let modules = [
        ("life", life::CASES),
        ("admin", admin::CASES),
        ("kills", kills::CASES),
    ];
    suite::run(App::JOBS, &modules)
}
