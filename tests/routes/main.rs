//! Routes, on every host: `cargo test -p edgepod-tests --test routes`, and `EDGEPOD_TEST_HOST=workerd`.
//!
//! `tests/apps/routes` is the app.

mod gateway;
mod outgoing;
mod signed;
mod streams;
mod wire;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    // SAFETY: nothing else runs yet.
    unsafe {
        std::env::set_var(
            "EDGEPOD_JWT_PRIVATE_KEY",
            edgepod_samples::keys::private_key(),
        );
    }
    suite::run(
        App::ROUTES,
        &[
            ("wire", wire::CASES),
            ("signed", signed::CASES),
            ("outgoing", outgoing::CASES),
            ("gateway", gateway::CASES),
            ("streams", streams::CASES),
        ],
    )
}
