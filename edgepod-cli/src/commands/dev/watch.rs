//! Says which files have changed. What that means is for the loop to say, which knows what was built last.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::mpsc::Sender,
};

use anyhow::{Context, Result};
use notify::{Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use walkdir::WalkDir;

use super::{Happened, sources::Sources};
use crate::term;

/// What was seen of files.
#[derive(Debug)]
pub(super) enum Seen {
    /// A file or a folder was written, made, moved or removed.
    Changed {
        path: PathBuf,
        /// It was made, or moved there.
        is_new: bool,
    },
    /// So much happened that the system lost count: anything may have changed.
    Anything,
}

/// Sends what it sees, until it is dropped. There is one for as long as the command runs: another one would not have seen
/// what happened while it was put in the first one's place.
pub(super) struct Watcher {
    inner: RecommendedWatcher,
    watched: HashMap<PathBuf, RecursiveMode>,
}

impl Watcher {
    /// Watches all folders of `sources`.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn new(sources: &Sources, sender: &Sender<Happened>) -> Result<Self> {
        let sender = sender.clone();
        let report = move |result: notify::Result<notify::Event>| match result {
            // When nobody listens any more, the command is ending.
            Ok(event) if event.need_rescan() => drop(sender.send(Happened::Seen(Seen::Anything))),
            Ok(event) => {
                let is_new = match event.kind {
                    EventKind::Access(_) | EventKind::Other => return,
                    EventKind::Create(_)
                    | EventKind::Modify(notify::event::ModifyKind::Name(_)) => true,
                    _ => false,
                };
                for path in event.paths {
                    drop(sender.send(Happened::Seen(Seen::Changed { path, is_new })));
                }
            }
            Err(error) => term::warning(format_args!("watching for changes: {error}")),
        };
        let mut watcher = Self {
            inner: RecommendedWatcher::new(report, Config::default())
                .context("changes cannot be watched for")?,
            watched: HashMap::new(),
        };
        watcher.follow(sources)?;
        Ok(watcher)
    }

    /// Watches what `sources` has more than before.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn follow(&mut self, sources: &Sources) -> Result<()> {
        let app = sources.app();
        for folder in app.sources.iter().chain([&app.workspace]) {
            self.watch(folder, RecursiveMode::NonRecursive)?;
        }
        for folder in &app.sources {
            for entry in fs_err::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() && sources.may_be_in(folder, &path) {
                    self.watch(&path, RecursiveMode::Recursive)?;
                }
            }
        }
        // What the code includes from elsewhere.
        for folder in sources.folders() {
            if folder.is_dir() && !self.is_watched(folder) {
                self.watch(folder, RecursiveMode::NonRecursive)?;
            }
        }
        Ok(())
    }

    /// A folder was made or moved there: watches it, if it may hold sources, and says which files it has by now.
    pub fn look_into(&mut self, sources: &Sources, folder: &Path) -> Vec<PathBuf> {
        let parent = folder.parent().unwrap_or(folder);
        let is_in_crate = sources.app().sources.iter().any(|other| other == parent);
        if is_in_crate {
            if !sources.may_be_in(parent, folder) {
                return Vec::new();
            }
            // One that was removed is not watched any more, though it has the same name.
            self.watched.remove(folder);
            if let Err(error) = self.watch(folder, RecursiveMode::Recursive) {
                term::warning(format_args!("{error:#}"));
            }
        }
        let files = WalkDir::new(folder).into_iter().flatten();
        files
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .collect()
    }

    fn is_watched(&self, folder: &Path) -> bool {
        self.watched.contains_key(folder)
            || folder
                .ancestors()
                .any(|parent| self.watched.get(parent) == Some(&RecursiveMode::Recursive))
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> Result<()> {
        if self.watched.contains_key(path) {
            return Ok(());
        }
        self.inner
            .watch(path, mode)
            .with_context(|| format!("{} cannot be watched for changes", path.display()))?;
        self.watched.insert(path.to_owned(), mode);
        Ok(())
    }
}
