//! Where the app is served now: a file in `.edgepod`, so that other commands find it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::plan::{Plan, is_running};

const FILE: &str = "dev.json";

/// An `edgepod dev`.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Its process.
    process: u32,
    /// Where the API is.
    url: String,
    /// The key to its admin address, where it is of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admin_key: Option<String>,
}

/// The file, for as long as this is there.
pub(super) struct Running {
    file: PathBuf,
}

impl Running {
    /// Says where `plan` serves.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(plan: &Plan) -> Result<Self> {
        let file = plan.app.state()?.join(FILE);
        let record = Record {
            process: std::process::id(),
            url: format!("http://{}", plan.local()),
            admin_key: plan.admin_key().map(str::to_owned),
        };
        // Which its owner alone may read, for its key.
        let new = tempfile::NamedTempFile::new_in(plan.app.state()?)?;
        fs::write(new.path(), serde_json::to_string(&record)?)?;
        new.persist(&file)?;
        Ok(Self { file })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Another one may have been started since.
        if read(&self.file).is_some_and(|record| record.process == std::process::id()) {
            // If it stays, its process is not there any more, and nobody believes it.
            let _ = fs::remove_file(&self.file);
        }
    }
}

fn read(file: &Path) -> Option<Record> {
    serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
}

/// Where the app in `folder` is served by an `edgepod dev` that runs.
pub(in crate::commands) fn url(folder: &Path) -> Option<String> {
    Some(of(folder)?.url)
}

/// The key to its admin address, where the app has none of its own.
pub(crate) fn admin_key(folder: &Path) -> Option<String> {
    of(folder)?.admin_key
}

fn of(folder: &Path) -> Option<Record> {
    let record = read(&folder.join(".edgepod").join(FILE))?;
    is_running(i32::try_from(record.process).ok()?).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_that_runs_is_found() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(url(folder.path()), None);
        let state = folder.path().join(".edgepod");
        std::fs::create_dir(&state).unwrap();
        let write = |process: u32| {
            let text = format!(r#"{{"process": {process}, "url": "http://127.0.0.1:7"}}"#);
            std::fs::write(state.join(FILE), text).unwrap();
        };
        write(std::process::id());
        assert_eq!(url(folder.path()).as_deref(), Some("http://127.0.0.1:7"));
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        write(gone.id());
        assert_eq!(url(folder.path()), None);
    }
}
