//! Running cases against the one server of this process.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::server::{self, App};

/// A case: its name, and what it does.
pub type Case = (&'static str, fn());

/// The cases of a module. A function that is not in a list is dead code, which the compiler tells.
#[macro_export]
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(crate) const CASES: &[$crate::suite::Case] = &[$((stringify!($case), $case)),*];
    };
}

/// Runs the cases of some modules on an app as `cargo test` would, then stops the server. Where one failed, the server's
/// log follows.
///
/// One case runs at a time: they share a database, and what another case writes would be heard on this one's
/// socket. (`--test-threads` says otherwise.)
///
/// `EDGEPOD_TEST_HOST=none` runs none, for who runs every other test of the workspace at once.
pub fn run(app: App, modules: &[(&str, &[Case])]) -> ExitCode {
    if server::has_no_host() {
        return libtest_mimic::run(&Arguments::from_args(), Vec::new()).exit_code();
    }
    server::choose(app);
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    let trials = modules
        .iter()
        .flat_map(|(module, cases)| {
            cases.iter().map(move |&(name, case)| {
                Trial::test(format!("{module}::{name}"), move || {
                    case();
                    Ok(())
                })
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(server) = server::started() {
        server.stop();
        if conclusion.has_failed() {
            eprintln!("--- what the server printed ---\n{}", server.log());
        }
    }
    conclusion.exit_code()
}
