//! Apps that tests write into folders of their own, and build.
//!
//! They are built into the workspace's target folder with the workspace's profiles: what they depend on is then the very build that
//! other tests use. A folder of their own would have everything compiled once more, SQLite among it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspace's profiles, for the end of an app's Cargo.toml, as far as they concern what an app depends on.
pub const PROFILES: &str = "\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.build-override]\ndebug = \"line-tables-only\"\n\n[profile.dev.package]\nlibsqlite3-sys = { opt-level = 2 }\n";

/// The target folder, where `tmp` is the `CARGO_TARGET_TMPDIR` of a test.
///
/// # Panics
/// When that is no folder in it.
pub fn target(tmp: &str) -> PathBuf {
    Path::new(tmp)
        .parent()
        .expect("a folder in the target folder")
        .to_owned()
}

/// A program that builds, and is told nothing of the package that runs it.
///
/// `cargo test` tells a test of its own package, and the build scripts that read their own under the same names (ring's is one) would
/// run again whenever another package starts a build, and all that depends on them be compiled again.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let mut of_a_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"].iter();
        if of_a_package.any(|begin| text.starts_with(begin)) {
            command.env_remove(name);
        }
    }
    command
}

/// The cargo that runs the tests, as such a program.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[test]
fn the_profiles_are_the_workspaces() {
    let manifest = include_str!("../../../Cargo.toml");
    for line in PROFILES.lines() {
        assert!(manifest.lines().any(|own| own == line), "{line}");
    }
}
