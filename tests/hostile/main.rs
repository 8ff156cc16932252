//! An unfriendly client against a server: bytes that are no request, connections that do not end, more than there is room for.
//!
//! `tests/apps/hostile` is the app; `EDGEPOD_TEST_HOST` names the host. What is about connections is the native host's to
//! withstand: before a Worker stands the platform.

mod connections;
mod crowd;
mod files;
mod headers;
mod native;
mod overload;
mod pages;
mod passwords;
mod raw;
mod sessions;
mod siege;
mod sockets;
mod tables;

use std::process::ExitCode;

use edgepod_tests::{
    server::App,
    suite::{self, Case},
};

fn main() -> ExitCode {
    let both: &[(&str, &[Case])] = &[
        ("headers", headers::CASES),
        ("sessions", sessions::CASES),
        ("tables", tables::CASES),
    ];
    let native: &[(&str, &[Case])] = &[
        ("connections", connections::CASES),
        ("sockets", sockets::CASES),
        ("overload", overload::CASES),
        ("files", files::CASES),
        ("pages", pages::CASES),
        ("passwords", passwords::CASES),
        ("siege", siege::CASES),
    ];
    let is_native = std::env::var("EDGEPOD_TEST_HOST").map_or(true, |host| host == "native");
    let modules = match is_native {
        true => [both, native].concat(),
        // Natively `overload` has this, where it can be told how much is too much.
        false => [both, &[("crowd", crowd::CASES)]].concat(),
    };
    suite::run(App::HOSTILE, &modules)
}
