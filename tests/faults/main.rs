//! What is left when a function goes wrong: nothing half-done, nobody told, and the next call served.
//!
//! `tests/apps/faults` is the app that goes wrong; `EDGEPOD_TEST_HOST` names the host, as for the protocol suite.

mod actions;
mod columns;
mod conditions;
mod dialect;
mod guards;
mod internal;
mod kinds;
mod lines;
mod numbers;
mod pairs;
mod panics;
mod rollback;
mod traps;
mod values;

use std::process::ExitCode;

use edgepod_tests::{
    server::{self, App},
    suite,
};

fn main() -> ExitCode {
    // What is no panic ends the process of the native host.
    let traps = match server::is_native() {
        true => [].as_slice(),
        false => traps::CASES,
    };
    suite::run(
        App::FAULTS,
        &[
            ("rollback", rollback::CASES),
            ("panics", panics::CASES),
            ("lines", lines::CASES),
            ("traps", traps),
            ("actions", actions::CASES),
            ("guards", guards::CASES),
            ("columns", columns::CASES),
            ("conditions", conditions::CASES),
            ("internal", internal::CASES),
            ("numbers", numbers::CASES),
            ("kinds", kinds::CASES),
            ("pairs", pairs::CASES),
            ("values", values::CASES),
            ("dialect", dialect::CASES),
        ],
    )
}

/// How many notes have these words.
fn notes(text: &str) -> usize {
    let notes = edgepod_tests::server().call("getNotes").ok();
    let all = notes.as_array().map_or(0, Vec::len);
    assert!(all < 1000, "some notes may be missing from what was read");
    notes
        .as_array()
        .into_iter()
        .flatten()
        .filter(|note| note["text"] == text)
        .count()
}

/// An open socket of a session that has read the notes.
fn reader() -> edgepod_tests::Socket {
    let session = edgepod_tests::server::unique("reader");
    let socket = edgepod_tests::server().socket(&session);
    edgepod_tests::server()
        .call("getNotes")
        .session(&session)
        .ok();
    socket
}
