//! `edgepod __run`: a built app is a library, and this program lends it a process.

use std::process::ExitCode;

use anyhow::{Context, Result};
use libloading::{Library, Symbol};

use crate::args::Run;

pub(super) fn run(args: &Run) -> Result<ExitCode> {
    let path = &args.library;
    // SAFETY: the library was built from the user's own crate, which this command exists to run.
    let library = unsafe { Library::new(path) }
        .with_context(|| format!("{} could not be loaded", path.display()))?;
    // SAFETY: `edgepod::app!` exports the symbol with this signature.
    let main: Symbol<unsafe extern "C" fn() -> i32> = unsafe { library.get(b"edgepod_main") }.with_context(|| {
        format!("{} does not export `edgepod_main`: write `edgepod::app!();` in the crate's src/lib.rs", path.display())
    })?;
    // SAFETY: as above; it is called once, from the main thread.
    let status = unsafe { main() };
    // Unloading would pull the code from under threads that the app may have left running.
    std::mem::forget(library);
    Ok(u8::try_from(status).map_or(ExitCode::FAILURE, ExitCode::from))
}
