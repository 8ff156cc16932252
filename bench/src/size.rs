//! What is uploaded, compressed.

use std::{io::Write, path::Path};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use fs_err as fs;
use walkdir::WalkDir;

/// The case's name.
pub(crate) const NAME: &str = "size";

/// The bytes of all modules in `folder`, each compressed by gzip on its highest level.
///
/// # Errors
/// When a module cannot be read.
pub(crate) fn gzipped(folder: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in WalkDir::new(folder) {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        if entry.file_type().is_file() {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&fs::read(entry.path())?)?;
            total += encoder.finish()?.len() as u64;
        }
    }
    Ok(total)
}
