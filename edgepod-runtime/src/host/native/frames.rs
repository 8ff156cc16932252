//! Where a panic came from: those frames of a backtrace that are of the app, and not of what runs it.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    path::Path,
};

/// The most that are named.
const MOST: usize = 6;

/// What is said of where a panic at `place` (`file:line:column`) was called from, behind its words: nothing where no frame is the app's. In
/// a release build, which has no lines of its code, frames are looked for where `RUST_BACKTRACE` asks for them. With `RUST_BACKTRACE=full` the whole
/// backtrace goes to standard error as well.
pub(super) fn called_from(place: &str) -> String {
    let backtrace = if cfg!(debug_assertions) {
        Backtrace::force_capture()
    } else {
        Backtrace::capture()
    };
    if backtrace.status() != BacktraceStatus::Captured {
        return String::new();
    }
    let text = backtrace.to_string();
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|asked| asked == "full") {
        eprintln!("{text}");
    }
    let frames = own(&text, place, |file| Path::new(file).is_file());
    if frames.is_empty() {
        return String::new();
    }
    format!(" (called from {})", frames.join(", "))
}

/// The frames of a printed backtrace whose files are below the folder in which the server runs, which is the app's: std prints those
/// with a `./` before them, and the C library was built in such a one as well. Without that of the panic itself.
fn own(backtrace: &str, place: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut frames = Vec::new();
    let mut function = "";
    for line in backtrace.lines().map(str::trim) {
        let Some(at) = line.strip_prefix("at ") else {
            function = line.split_once(": ").map_or(line, |(_, function)| function);
            continue;
        };
        let Some(at) = at.strip_prefix("./") else {
            continue;
        };
        let file = at.split(':').next().unwrap_or(at);
        // Compiled in a workspace the place has more of the path.
        if file.starts_with("target/") || place.ends_with(at) || !is_there(file) {
            continue;
        }
        // Each await is a frame of its own function.
        let function = function.split("::{{closure}}").next().unwrap_or(function);
        let frame = format!("{at} in {function}");
        if frames.last() != Some(&frame) {
            frames.push(frame);
        }
        if frames.len() == MOST {
            break;
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKTRACE: &str = "   0: std::panicking::panic_handler::{closure#0}
             at /rustc/5980/library/std/src/panicking.rs:691:13
   1: notes::title::{{closure}}
             at ./src/lib.rs:9:5
   2: <core::pin::Pin<P> as core::future::future::Future>::poll
             at /rustc/5980/library/core/src/future/future.rs:133:9
   3: notes::add_note::{{closure}}::{{closure}}
             at ./src/lib.rs:21:18
   4: notes::add_note::{{closure}}::{{closure}}
             at ./src/lib.rs:21:18
   5: made::by_a_build_script
             at ./target/debug/build/made/out/made.rs:1:1
   6: edgepod_runtime::engine::engine::caught
             at /home/ada/.cargo/registry/src/edgepod-runtime-0.1.0/src/engine/engine.rs:719:5
   7: start_thread
             at ./nptl/pthread_create.c:442:8
   8: __libc_start_main_impl
";

    fn is_there(file: &str) -> bool {
        file == "src/lib.rs"
    }

    #[test]
    fn a_frame_of_the_app_is_named_once_and_the_panics_own_is_not() {
        assert_eq!(
            own(BACKTRACE, "apps/notes/src/lib.rs:9:5", is_there),
            ["src/lib.rs:21:18 in notes::add_note"]
        );
        assert_eq!(
            own("disabled backtrace", "src/lib.rs:9:5", is_there),
            [""; 0]
        );
    }

    #[test]
    fn the_outermost_of_many_are_left_out() {
        let deep: String = (1..20)
            .map(|line| {
                format!("   {line}: notes::f{line}\n             at ./src/lib.rs:{line}:1\n")
            })
            .collect();
        assert_eq!(own(&deep, "", is_there).len(), MOST);
    }
}
