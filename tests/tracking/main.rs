//! What statements touch, and what is left of functions that stop anywhere: on the host that `EDGEPOD_TEST_HOST` names.
//!
//! `tests/apps/tracking` is the app.

mod generated;
#[path = "../../edgepod-runtime/tests/tracking/generator.rs"]
#[allow(dead_code, reason = "rows are for the tests that run the statements")]
mod generator;
mod model;
mod plans;
mod selects;
#[path = "../../edgepod-runtime/tests/tracking/sqlite.rs"]
#[allow(
    dead_code,
    reason = "the authorizer's half is for the tests of the tracker"
)]
mod sqlite;
mod world;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    suite::run(
        App::TRACKING,
        &[
            ("plans", plans::CASES),
            ("generated", generated::CASES),
            ("model", model::CASES),
            ("selects", selects::CASES),
            ("world", world::CASES),
        ],
    )
}
