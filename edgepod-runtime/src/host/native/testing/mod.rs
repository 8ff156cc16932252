//! Tests of an app's own functions: the real engine on a SQLite in memory, with the test in place of the world around it.

mod app;
mod caller;
mod clients;
mod clock;
mod failure;
mod host;
mod request;
mod served;
mod watch;

use std::{fmt::Display, future::Future};

pub use app::TestApp;
pub use caller::Caller;
pub use failure::CallError;
#[doc(hidden)]
pub use host::TestHost;
pub use served::{Served, serve};
pub use watch::Watch;

use crate::engine::{Callable, Returns};

/// What a function of the app returns when all is well.
pub type Answer<F> = <<F as Callable>::Returned as Returns>::Ok;

/// What a test may end with: nothing, or a `Result` whose error says why it failed.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a test cannot end with `{Self}`",
    label = "neither nothing nor a `Result<()>`",
    note = "leave the return type out: `?` works all the same"
)]
pub trait Ending {
    /// Why the test failed, if it did.
    fn failure(self) -> Option<String>;
}

impl Ending for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Ending for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// Runs a test on an app of its own. For what `#[edgepod::test]` generates.
///
/// # Panics
/// Where the app does not start, or the test ends with an error.
#[doc(hidden)]
pub fn run<F, R>(test: impl FnOnce(TestApp) -> F)
where
    F: Future<Output = R>,
    R: Ending,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("the test has no runtime: {error}"));
    let app = TestApp::start();
    let local = tokio::task::LocalSet::new();
    let ended = local.block_on(&runtime, test(app.clone()));
    if let Some(failure) = ended.failure() {
        panic!("the test ended with an error: {failure}");
    }
    app.end();
}
