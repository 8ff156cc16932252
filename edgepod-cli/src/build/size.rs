//! How large a Worker is.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use fs_err as fs;
use walkdir::WalkDir;

use super::Worker;

/// The sizes of a Worker, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Each module by its name, as it is.
    pub files: Vec<(String, u64)>,
    /// All modules together, each gzipped: what Cloudflare counts.
    pub gzipped: u64,
}

impl Size {
    /// What the Worker of an app should not exceed, gzipped, in bytes.
    pub const BUDGET: u64 = 350_000;

    /// Whether it is more than that.
    pub fn is_over_budget(&self) -> bool {
        self.gzipped > Self::BUDGET
    }
}

impl Worker {
    /// How large it is.
    ///
    /// # Errors
    /// When a file of it cannot be read.
    ///
    /// # Example
    /// ```no_run
    /// use edgepod_cli::{app::App, build::{Profile, Worker}};
    ///
    /// let app = App::find("examples/users".as_ref())?;
    /// assert!(!Worker::build(&app, Profile::Release)?.size()?.is_over_budget());
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn size(&self) -> Result<Size> {
        let mut size = Size {
            files: Vec::new(),
            gzipped: 0,
        };
        for entry in WalkDir::new(&self.folder).sort_by_file_name() {
            let entry = entry?;
            if !entry.file_type().is_file() {
                continue;
            }
            let bytes = fs::read(entry.path())?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes)?;
            size.gzipped += gzip.finish()?.len() as u64;
            let name = entry.path().strip_prefix(&self.folder)?;
            size.files
                .push((name.to_string_lossy().into_owned(), bytes.len() as u64));
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_with_those_in_folders_and_gzipped_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("snippets")).unwrap();
        std::fs::write(folder.path().join("entry.mjs"), "a".repeat(10_000)).unwrap();
        std::fs::write(folder.path().join("snippets/b.js"), "b").unwrap();
        let worker = Worker {
            folder: folder.path().to_owned(),
        };
        let size = worker.size().unwrap();
        assert_eq!(
            size.files,
            [
                ("entry.mjs".to_owned(), 10_000),
                ("snippets/b.js".to_owned(), 1)
            ]
        );
        assert!((20..200).contains(&size.gzipped), "{}", size.gzipped);
        assert!(!size.is_over_budget());
    }
}
