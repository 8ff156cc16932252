//! The `edgepod` command as its user meets it: real builds, real processes, on a small app that compiles in a
//! moment. The users example is served in the tests that cross crates.
#![cfg(unix)]

mod app;
mod dev;
mod errors;
mod examples;
mod generate;
mod init;
