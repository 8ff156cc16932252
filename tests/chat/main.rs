//! Whom a message concerns, and who is there: `examples/chat` on the host that `EDGEPOD_TEST_HOST` names.

mod client;
mod presence;
mod rooms;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    suite::run(
        App::CHAT,
        &[("rooms", rooms::CASES), ("presence", presence::CASES)],
    )
}
