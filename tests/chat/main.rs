//! Whom a message concerns, and who is there: `examples/chat` on the host that `EDGEPOD_TEST_HOST` names.

mod client;
mod presence;
mod rooms;
mod time;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    // What has rung stays for five seconds, and not for a day.
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("EDGEPOD_CHAT_REMINDERS_SHOWN", "5") };
    suite::run(
        App::CHAT,
        &[
            ("rooms", rooms::CASES),
            ("presence", presence::CASES),
            ("time", time::CASES),
        ],
    )
}
