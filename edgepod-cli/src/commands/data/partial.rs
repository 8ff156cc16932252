//! What has come of a copy so far, beside the file that it becomes: a command that was ended goes on with it.

use std::{
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fs_err as fs;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What comes of asking for more of a copy.
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// The server has no such copy any more, or its tables are others by now.
    Gone,
    /// All of it is here.
    Whole,
}

/// What is known of it: written anew after each part, and after the part itself.
#[derive(Debug, Serialize, Deserialize)]
struct Known<T> {
    url: String,
    pod: Option<String>,
    /// How far the copy has come.
    copying: T,
    /// The bytes that are here: what stands behind them came half.
    bytes: u64,
}

/// A copy of which some parts are here.
pub(super) struct Partial<T> {
    known: Known<T>,
    data: PathBuf,
    note: PathBuf,
}

/// The path of a file with something behind its name.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

impl<T: Serialize + DeserializeOwned> Partial<T> {
    fn at(file: &Path, known: Known<T>) -> Self {
        Self {
            known,
            data: beside(file, ".partial"),
            note: beside(file, ".partial.json"),
        }
    }

    /// What an earlier command has left of the same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn left(file: &Path, url: &str, pod: Option<&str>) -> Result<Option<Self>> {
        let note = beside(file, ".partial.json");
        if !note.is_file() {
            return Ok(None);
        }
        let known: Result<Known<T>, _> = serde_json::from_str(&fs::read_to_string(&note)?);
        Ok(known
            .ok()
            .filter(|known| known.url == url && known.pod.as_deref() == pod)
            .map(|known| Self::at(file, known))
            .filter(|partial| {
                fs::metadata(&partial.data).is_ok_and(|data| data.len() >= partial.known.bytes)
            }))
    }

    /// Nothing yet.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn begin(file: &Path, url: &str, pod: Option<&str>, copying: T) -> Result<Self> {
        let known = Known {
            url: url.to_owned(),
            pod: pod.map(str::to_owned),
            copying,
            bytes: 0,
        };
        let partial = Self::at(file, known);
        private(&partial.data)?;
        partial.note()?;
        Ok(partial)
    }

    /// How far it has come.
    pub fn copying(&self) -> &T {
        &self.known.copying
    }

    /// The bytes that are here.
    pub fn bytes(&self) -> u64 {
        self.known.bytes
    }

    /// Adds a part, with which it has come so far.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, part: &[u8], copying: T) -> Result<()> {
        let mut data = fs::OpenOptions::new().write(true).open(&self.data)?;
        data.set_len(self.known.bytes)?;
        data.seek(SeekFrom::End(0))?;
        data.write_all(part)?;
        data.sync_data()?;
        self.known.copying = copying;
        self.known.bytes += part.len() as u64;
        self.note()
    }

    /// All of it is here: the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn whole(&self) -> Result<PathBuf> {
        let data = fs::OpenOptions::new().write(true).open(&self.data)?;
        data.set_len(self.known.bytes)?;
        data.sync_all()?;
        Ok(self.data.clone())
    }

    /// Removes what is left of it.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn remove(&self) -> Result<()> {
        if self.data.exists() {
            fs::remove_file(&self.data)?;
        }
        self.forget()
    }

    /// Leaves its file alone, and no command goes on with it.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn forget(&self) -> Result<()> {
        fs::remove_file(&self.note)?;
        Ok(())
    }

    fn note(&self) -> Result<()> {
        let new = beside(&self.note, ".new");
        fs::write(&new, serde_json::to_string(&self.known)?)?;
        fs::rename(&new, &self.note)?;
        Ok(())
    }
}

/// Makes an empty file that only its owner may read.
///
/// # Errors
/// When it cannot be made.
pub(super) fn private(file: &Path) -> Result<()> {
    if file.exists() {
        fs::remove_file(file)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .map(drop)
        .with_context(|| format!("{} cannot be written", file.display()))
}
