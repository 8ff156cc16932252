//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the checkout that this task was compiled from.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the workspace")
        .to_path_buf()
}
