//! Traces, on every host: `cargo test -p edgepod-tests --test traces`, and `EDGEPOD_TEST_HOST=workerd`.
//!
//! `tests/apps/traces` is the app; the collector and the server that it asks are this process.

mod collector;
mod other;
mod passing;
mod spans;
mod trouble;

use std::process::ExitCode;

use edgepod_tests::{server::App, suite};

fn main() -> ExitCode {
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector::ALL.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=traces%20tests"),
        ("OTEL_SERVICE_NAME", "notes"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("EDGEPOD_LOG", "info"),
    ];
    for (name, value) in vars {
        // SAFETY: nothing of this process reads its environment yet.
        unsafe { std::env::set_var(name, value) };
    }
    suite::run(
        App::TRACES,
        &[
            ("passing", passing::CASES),
            ("spans", spans::CASES),
            // They start the server again.
            ("trouble", trouble::CASES),
        ],
    )
}
