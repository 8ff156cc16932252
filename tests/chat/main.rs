//! Whom a message concerns, who is there, and who may look: `examples/chat` on the host that `EDGEPOD_TEST_HOST` names.

mod client;
mod orgs;
mod presence;
mod rooms;
mod time;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

/// With what the server under test is asked how it is.
const ADMIN_KEY: &str = "admin-key-of-the-chat-0123456789abcdef";

fn main() -> ExitCode {
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("EDGEPOD_ADMIN_KEY", ADMIN_KEY) };
    suite::run(
        App::CHAT,
        &[
            ("orgs", orgs::CASES),
            ("rooms", rooms::CASES),
            ("presence", presence::CASES),
            ("time", time::CASES),
        ],
    )
}
