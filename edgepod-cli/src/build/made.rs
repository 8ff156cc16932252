//! Whose library a file is. Cargo names a `cdylib` by its crate alone, so in a target folder that several projects share, two
//! crates of one name have one file; and cargo takes the file for fresh whoever made it last.

use std::{
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};
use fs_err as fs;

/// What is known of a library that cargo named.
pub(super) struct Made<'a> {
    /// Where cargo has put it.
    file: &'a Path,
    /// What cargo calls the crate where a name alone may mean several.
    package: &'a str,
}

impl<'a> Made<'a> {
    pub fn new(file: &'a Path, package: &'a str) -> Self {
        Self { file, package }
    }

    /// The compiler's own file, of which cargo's is another name.
    fn original(&self) -> Option<PathBuf> {
        let original = self
            .file
            .parent()?
            .join("deps")
            .join(self.file.file_name()?);
        original.is_file().then_some(original)
    }

    /// Who made which file last, as far as this command knows.
    fn record(&self) -> PathBuf {
        self.file.with_extension("edgepod")
    }

    fn text(&self, original: &Path) -> Result<String> {
        let time = fs::metadata(original)?.modified()?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(format!("{} {}\n", since.as_nanos(), self.package))
    }

    /// Whether the file is this package's: `is_fresh` says that cargo has just left it as it was.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn is_own(&self, is_fresh: bool) -> Result<bool> {
        let Some(original) = self.original() else {
            // Nothing is shared, by the layout of another cargo.
            return Ok(true);
        };
        let text = self.text(&original)?;
        if !is_fresh {
            fs::write(self.record(), text)?;
            return Ok(true);
        }
        Ok(std::fs::read_to_string(self.record()).is_ok_and(|record| record == text))
    }

    /// Makes cargo compile it once more.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget(&self) -> Result<()> {
        let original = self.original().context("the library is gone")?;
        Ok(fs::remove_file(original)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_whose_that_made_it_last() {
        let target = tempfile::tempdir().unwrap();
        let deps = target.path().join("deps");
        std::fs::create_dir(&deps).unwrap();
        let file = target.path().join("libapp.so");
        let build = |text: &str| {
            std::fs::write(&file, text).unwrap();
            std::fs::write(deps.join("libapp.so"), text).unwrap();
            // The clock of files may be coarse.
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        let (one, other) = (Made::new(&file, "one"), Made::new(&file, "other"));
        build("1");
        assert!(one.is_own(false).unwrap());
        assert!(one.is_own(true).unwrap());
        assert!(
            !other.is_own(true).unwrap(),
            "fresh for cargo, and another's"
        );
        build("2");
        assert!(
            !one.is_own(true).unwrap(),
            "somebody has made it anew since"
        );
        assert!(other.is_own(false).unwrap() && !one.is_own(true).unwrap());
        other.forget().unwrap();
        assert!(!deps.join("libapp.so").exists());
    }
}
