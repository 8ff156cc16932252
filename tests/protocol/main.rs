//! The wire, as DESIGN.md section 3 fixes it: one suite, unchanged, for every host.
//!
//! `cargo test -p edgepod-tests` runs it on the native host, `EDGEPOD_TEST_HOST=workerd` on a Durable Object, and
//! `EDGEPOD_TEST_URL=http://… EDGEPOD_TEST_KEY=…` against any server that runs the users example.

mod arguments;
mod batch;
mod cors;
mod errors;
mod idempotency;
mod keys;
mod reactivity;
mod replies;
mod routes;
mod sockets;
mod topics;
mod versions;

use std::process::ExitCode;

fn main() -> ExitCode {
    edgepod_tests::suite::run(
        edgepod_tests::server::App::USERS,
        &[
            ("routes", routes::CASES),
            ("keys", keys::CASES),
            ("cors", cors::CASES),
            ("arguments", arguments::CASES),
            ("replies", replies::CASES),
            ("errors", errors::CASES),
            ("sockets", sockets::CASES),
            ("reactivity", reactivity::CASES),
            ("topics", topics::CASES),
            ("versions", versions::CASES),
            ("batch", batch::CASES),
            ("idempotency", idempotency::CASES),
        ],
    )
}
