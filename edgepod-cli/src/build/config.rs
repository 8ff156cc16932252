//! The user's configuration of cargo, which is meant for one target: what of it must not reach builds for the other.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use fs_err as fs;
use serde_json::{Map, Value};

use super::cargo::WASM;

/// Flags for the compiler in the environment: whoever sets them means this machine.
const FLAGS: [&str; 3] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
];

/// The flags of a Worker alone.
const WORKER_FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Changes nothing but that flags are given, so that cargo leaves those for all targets out.
const NO_FLAGS: &str = "--cfg=edgepod_worker";

/// What is looked at in cargo's files of configuration.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    /// Something else than this machine, or the same said, is built for unless it is said: `build.target`.
    has_target: bool,
    /// There are flags for every target: `build.rustflags`.
    has_flags: bool,
    /// There are flags for Workers: `target.wasm32-unknown-unknown.rustflags`.
    has_worker_flags: bool,
}

impl Configuration {
    /// That which counts for builds in `folder`: of it, of its parents, and of cargo's home.
    ///
    /// # Errors
    /// When a file cannot be read. Cargo says what is wrong in it.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        let home = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(dirs::home_dir()?.join(".cargo")));
        let folders = folder.ancestors().map(|parent| parent.join(".cargo"));
        let mut all = Self::default();
        for folder in folders.chain(home) {
            // The one without an ending is the older name, and goes first where both are there.
            let files = ["config", "config.toml"].map(|name| folder.join(name));
            if let Some(file) = files.iter().find(|file| file.is_file()) {
                let text = fs::read_to_string(file)?;
                let one = Self::parse(&text)
                    .with_context(|| format!("{} is not understood", file.display()))?;
                all.has_target |= one.has_target;
                all.has_flags |= one.has_flags;
                all.has_worker_flags |= one.has_worker_flags;
            }
        }
        Ok(all)
    }

    fn parse(text: &str) -> Result<Self> {
        let config: Map<String, Value> = toml_edit::de::from_str(text)?;
        let has = |path: &[&str]| {
            let mut value = config.get(path[0]);
            for name in &path[1..] {
                value = value.and_then(|value| value.get(name));
            }
            value.is_some()
        };
        Ok(Self {
            has_target: has(&["build", "target"]),
            has_flags: has(&["build", "rustflags"]),
            has_worker_flags: has(&["target", WASM, "rustflags"]),
        })
    }

    /// Makes `command` one that builds for this machine.
    pub fn for_this_machine(&self, command: &mut Command) {
        command.env_remove("CARGO_BUILD_TARGET");
        if self.has_target {
            command.args(["--target", "host-tuple"]);
        }
    }

    /// Makes `command` one that builds a Worker, with its own flags only.
    pub fn for_a_worker(&self, command: &mut Command) {
        command.args(["--target", WASM]);
        for name in FLAGS {
            command.env_remove(name);
        }
        if self.has_flags && !self.has_worker_flags && std::env::var_os(WORKER_FLAGS).is_none() {
            command.env(WORKER_FLAGS, NO_FLAGS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_for_one_target_is_found_in_files() {
        let parse = |text| Configuration::parse(text).unwrap();
        assert_eq!(parse("[net]\noffline = true\n"), Configuration::default());
        assert!(parse("build.target = [\"wasm32-unknown-unknown\"]\n").has_target);
        let flags = parse(
            "[build]\nrustflags = [\"-Ctarget-cpu=native\"]\n[target.wasm32-unknown-unknown]\nrustflags = \"--cfg a\"\n",
        );
        assert!(flags.has_flags && flags.has_worker_flags && !flags.has_target);
        assert!(Configuration::parse("[build").is_err());
    }

    #[test]
    fn the_nearest_and_the_farthest_file_count() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("a/b");
        for (place, text) in [
            ("a/b", "[build]\ntarget = \"x\"\n"),
            ("", "[build]\nrustflags = []\n"),
        ] {
            let config = folder.path().join(place).join(".cargo");
            std::fs::create_dir_all(&config).unwrap();
            std::fs::write(config.join("config.toml"), text).unwrap();
        }
        let found = Configuration::of_folder(&app).unwrap();
        assert!(found.has_target && found.has_flags);
    }

    #[test]
    fn a_worker_gets_none_of_this_machines_flags() {
        let mut command = Command::new("cargo");
        Configuration {
            has_flags: true,
            ..Configuration::default()
        }
        .for_a_worker(&mut command);
        let of = |name: &str| {
            command
                .get_envs()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.map(ToOwned::to_owned))
        };
        assert_eq!(of("RUSTFLAGS"), Some(None));
        assert_eq!(of(WORKER_FLAGS), Some(Some(NO_FLAGS.into())));
        let mut native = Command::new("cargo");
        Configuration::default().for_this_machine(&mut native);
        assert_eq!(native.get_args().count(), 0);
    }
}
