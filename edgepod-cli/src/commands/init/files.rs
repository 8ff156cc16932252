//! Writes files, and never overwrites one that it was not allowed to.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Result;
use fs_err as fs;
use inquire::Confirm;

use crate::{args::Init, term};

/// What may be done with a file that is there and differs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// It stays.
    #[default]
    Keep,
    /// The user decides.
    Ask,
    /// It goes.
    Overwrite,
}

/// What was written, and what was not.
#[derive(Debug, Default)]
pub(super) struct Files {
    policy: Policy,
    /// Files that were there and stay.
    pub kept: Vec<PathBuf>,
}

impl Files {
    pub fn new(args: &Init) -> Self {
        Self {
            policy: if args.overwrite {
                Policy::Overwrite
            } else if args.yes || !term::is_interactive() {
                Policy::Keep
            } else {
                Policy::Ask
            },
            kept: Vec::new(),
        }
    }

    /// Writes `text` to `path`, if that is allowed.
    pub fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        if let Ok(there) = fs::read(path) {
            if there == text.as_bytes() {
                return Ok(());
            }
            if !self.may_overwrite(path)? {
                self.kept.push(path.to_owned());
                return Ok(());
            }
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
        term::status("Wrote", short(path));
        Ok(())
    }

    /// Adds those of `lines` that `path` does not have yet. What is there stays, so nothing is asked.
    pub fn append<'a>(&mut self, path: &Path, lines: impl Iterator<Item = &'a str>) -> Result<()> {
        let mut text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        let is_new = text.is_empty();
        let has: BTreeSet<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        let missing: Vec<&str> = lines.filter(|line| !has.contains(*line)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        if !is_new {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push('\n');
        }
        for line in missing {
            text.push_str(line);
            text.push('\n');
        }
        fs::write(path, text)?;
        term::status(if is_new { "Wrote" } else { "Changed" }, short(path));
        Ok(())
    }

    fn may_overwrite(&self, path: &Path) -> Result<bool> {
        Ok(match self.policy {
            Policy::Keep => false,
            Policy::Overwrite => true,
            Policy::Ask => Confirm::new(&format!("{} is there already. Replace it?", short(path)))
                .with_default(false)
                .prompt()
                .map_err(|error| {
                    term::not_answered(
                        error,
                        "what is written stays, and `edgepod init` goes on from there",
                    )
                })?,
        })
    }
}

/// `path` as a person would write it.
pub(super) fn short(path: &Path) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let short = here
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    match short {
        Some(short) if short.as_os_str().is_empty() => ".".to_owned(),
        Some(short) => short.display().to_string(),
        None => path.display().to_string(),
    }
}
