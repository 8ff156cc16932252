//! Apps that tests write into folders of their own, and build.
//!
//! They are built into the workspace's target folder with the workspace's profiles: what they depend on is then the very build that
//! other tests use. A folder of their own would have everything compiled once more, SQLite among it.

use std::path::{Path, PathBuf};

/// The workspace's profiles, for the end of an app's Cargo.toml, as far as they concern what an app depends on.
pub const PROFILES: &str = "\n[profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package]\nlibsqlite3-sys = { opt-level = 2 }\n";

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

#[test]
fn the_profiles_are_the_workspaces() {
    let manifest = include_str!("../../../Cargo.toml");
    for line in PROFILES.lines() {
        assert!(manifest.lines().any(|own| own == line), "{line}");
    }
}
