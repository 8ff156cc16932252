//! An app in a folder of its own, for tests that build one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use edgepod_samples::apps::{self, PROFILES};

/// The app; its folder goes with it.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    /// An app of this name and these sources, on this checkout.
    pub(crate) fn new(name: &str, lib: &str) -> Self {
        let app = Self(tempfile::tempdir().unwrap());
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        app.write(
            "Cargo.toml",
            &format!(
                "[workspace]\n[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\nedgepod = {{ path = {:?} }}\n\
                 [package.metadata.edgepod]\n{PROFILES}",
                checkout.to_str().unwrap()
            ),
        );
        fs::copy(checkout.join("Cargo.lock"), app.path("Cargo.lock")).unwrap();
        // What it depends on is built for the other tests, too.
        app.write(
            ".cargo/config.toml",
            &format!(
                "[build]\ntarget-dir = {:?}\n",
                apps::target(env!("CARGO_TARGET_TMPDIR"))
            ),
        );
        app.write("src/lib.rs", lib);
        app
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Where a file of it is.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder().join(file)
    }

    /// Writes a file of it, and makes the folders on the way.
    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }
}
