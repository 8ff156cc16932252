//! Says when a source file has changed.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context, Result};
use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};

use super::Event;
use crate::app::App;
use crate::term;

/// Editors write a file in several steps; they are over after this time.
const QUIET: Duration = Duration::from_millis(50);

/// Folders that hold no sources of the backend. Those that begin with a dot hold none either.
const NO_SOURCES: [&str; 3] = ["target", "node_modules", "dist"];

/// Sends an [`Event`] for each change, until it is dropped.
pub(super) struct Watcher {
    _debouncer: Debouncer<RecommendedWatcher, NoCache>,
}

impl Watcher {
    pub fn new(app: &App, sender: &Sender<Event>) -> Result<Self> {
        let sender = sender.clone();
        let report = move |result: DebounceEventResult| match result {
            Ok(events) => {
                let paths = || {
                    events
                        .iter()
                        .filter(|event| {
                            !matches!(event.kind, EventKind::Access(_) | EventKind::Other)
                        })
                        .flat_map(|event| &event.paths)
                        .filter(|path| is_source(path))
                };
                let event = if paths().any(|path| is_manifest(path)) {
                    Event::ManifestChanged
                } else if paths().next().is_some() {
                    Event::SourceChanged
                } else {
                    return;
                };
                // When nobody listens any more, the command is ending.
                let _ = sender.send(event);
            }
            Err(errors) => errors
                .iter()
                .for_each(|error| term::warning(format_args!("watching for changes: {error}"))),
        };
        let mut debouncer = new_debouncer_opt::<_, RecommendedWatcher, _>(
            QUIET,
            None,
            report,
            NoCache,
            Default::default(),
        )
        .context("changes cannot be watched for")?;
        for (number, folder) in app.sources.iter().enumerate() {
            watch(&mut debouncer, folder, RecursiveMode::NonRecursive)?;
            // Of other crates only the code, of the app whatever it may include.
            let is_app = number == 0;
            for entry in fs_err::read_dir(folder)? {
                let entry = entry?;
                let path = entry.path();
                let is_front_end = app.web.as_deref().is_some_and(|web| web.starts_with(&path));
                if path.is_dir()
                    && !is_front_end
                    && may_hold_sources(&entry.file_name())
                    && (is_app || path.ends_with("src"))
                {
                    watch(&mut debouncer, &path, RecursiveMode::Recursive)?;
                }
            }
        }
        if !app.sources.contains(&app.workspace) {
            watch(&mut debouncer, &app.workspace, RecursiveMode::NonRecursive)?;
        }
        Ok(Self {
            _debouncer: debouncer,
        })
    }
}

fn watch(
    debouncer: &mut Debouncer<RecommendedWatcher, NoCache>,
    path: &Path,
    mode: RecursiveMode,
) -> Result<()> {
    debouncer
        .watch(path, mode)
        .with_context(|| format!("{} cannot be watched for changes", path.display()))
}

fn may_hold_sources(folder: &OsStr) -> bool {
    !folder.as_encoded_bytes().starts_with(b".") && !NO_SOURCES.iter().any(|name| folder == *name)
}

/// Whether a build may read the file. Editors' own files, and cargo's lock file, which builds write themselves, do not count.
fn is_source(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else {
        return false;
    };
    let is_editors = name.starts_with('.')
        || name.starts_with('#')
        || name.ends_with('~')
        || name.ends_with(".swp")
        || name.ends_with(".tmp");
    !is_editors && name != "Cargo.lock" && path.extension().is_some() && !path.is_dir()
}

fn is_manifest(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new("Cargo.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_files_and_builds_are_no_changes() {
        for path in [
            "src/lib.rs",
            "Cargo.toml",
            "migrations/0001_users.sql",
            "src/gone.rs",
        ] {
            assert!(is_source(Path::new(path)), "{path}");
        }
        for path in [
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "src/4913",
            "Cargo.lock",
            ".git/index",
            "src/#lib.rs#",
        ] {
            assert!(
                !is_source(Path::new(path)) || path.starts_with(".git"),
                "{path}"
            );
        }
        assert!(
            !may_hold_sources(OsStr::new("target")) && !may_hold_sources(OsStr::new(".edgepod"))
        );
        assert!(may_hold_sources(OsStr::new("migrations")));
    }
}
