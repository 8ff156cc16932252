//! What statements touch, and what is left of functions that stop anywhere: on the host that `EDGEPOD_TEST_HOST` names.
//!
//! `tests/apps/tracking` is the app.

mod explained;
mod generated;
mod kept;
mod model;
mod plans;
mod selects;
mod triples;
mod world;

use std::process::ExitCode;

use edgepod_samples::{generator, sqlite};
use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    suite::run(
        App::TRACKING,
        &[
            ("plans", plans::CASES),
            ("explained", explained::CASES),
            ("generated", generated::CASES),
            ("kept", kept::CASES),
            ("model", model::CASES),
            ("selects", selects::CASES),
            ("triples", triples::CASES),
            ("world", world::CASES),
        ],
    )
}
