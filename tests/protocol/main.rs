//! The wire, as DESIGN.md section 3 fixes it: one suite, unchanged, for every host.
//!
//! `cargo test -p edgepod-tests` runs it on the native host, `EDGEPOD_TEST_HOST=workerd` on a Durable Object, and
//! `EDGEPOD_TEST_URL=http://… EDGEPOD_TEST_KEY=…` against any server that runs the users example.
//! `EDGEPOD_TEST_POD=acme` runs it in the pod of that name, of an app with the same functions and a pod for each name.

mod arguments;
mod batch;
mod cors;
mod errors;
mod idempotency;
mod keys;
mod many_pods;
mod one_pod;
mod reactivity;
mod replies;
mod routes;
mod sockets;
mod topics;
mod versions;

use std::process::ExitCode;

use edgepod_tests::server::App;

fn main() -> ExitCode {
    let (app, pods) = match std::env::var("EDGEPOD_TEST_POD") {
        Ok(pod) => (
            App::users_in_pod(pod.leak()),
            ("many_pods", many_pods::CASES),
        ),
        Err(_) => (App::USERS, ("one_pod", one_pod::CASES)),
    };
    edgepod_tests::suite::run(
        app,
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
            pods,
        ],
    )
}
