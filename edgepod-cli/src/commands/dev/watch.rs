//! Says when a source file has changed.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context, Result};
use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};

use super::Event;
use crate::app::App;
use crate::term;
use crate::wrangler::CONFIGURATIONS;

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
        let (sender, reported) = (sender.clone(), app.clone());
        let report = move |result: DebounceEventResult| match result {
            Ok(events) => {
                let kinds = events
                    .iter()
                    .filter(|event| !matches!(event.kind, EventKind::Access(_) | EventKind::Other))
                    .flat_map(|event| &event.paths)
                    .filter_map(|path| Kind::of(&reported, path));
                let event = match kinds.max() {
                    Some(Kind::Settings) => Event::SettingsChanged,
                    Some(Kind::Source) => Event::SourceChanged,
                    None => return,
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
        for folder in &app.sources {
            watch(&mut debouncer, folder, RecursiveMode::NonRecursive)?;
            for entry in fs_err::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() && holds_sources(app, folder, &path) {
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

/// Whether `path`, a folder in that of a crate, may hold what a build of the app reads.
fn holds_sources(app: &App, crate_folder: &Path, path: &Path) -> bool {
    // Of other crates only the code, of the app whatever it may include.
    if *crate_folder != app.folder {
        return path.ends_with("src");
    }
    let name = path.file_name().unwrap_or_default();
    let is_front_end = [&app.web, &app.client]
        .into_iter()
        .flatten()
        .any(|front_end| front_end.starts_with(path));
    !is_front_end
        && !name.as_encoded_bytes().starts_with(b".")
        && !NO_SOURCES.iter().any(|other| name == *other)
}

/// What a changed file is to the command. The greater includes the less.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Source,
    Settings,
}

impl Kind {
    /// `None` for what no build reads: editors' own files, and the lock file, which builds write themselves.
    fn of(app: &App, path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        if path.is_dir() {
            let is_new =
                path.parent() == Some(&app.folder) && holds_sources(app, &app.folder, path);
            return is_new.then_some(Self::Settings);
        }
        let is_settings =
            name == "Cargo.toml" || name == ".dev.vars" || CONFIGURATIONS.contains(&name);
        if name == "Cargo.toml" || (is_settings && path.parent() == Some(&app.folder)) {
            return Some(Self::Settings);
        }
        let is_editors = name.starts_with(['.', '#'])
            || name.ends_with('~')
            || name.ends_with(".swp")
            || name.ends_with(".tmp");
        let is_source = !is_editors && name != "Cargo.lock" && path.extension().is_some();
        is_source.then_some(Self::Source)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::app::Target;

    fn app(folder: &Path) -> App {
        App {
            name: "app".into(),
            package: "app".into(),
            folder: folder.to_owned(),
            native: Target::Library("app".into()),
            cdylib: Some("app".into()),
            client: Some(folder.join("web/src/edgepod")),
            framework: edgepod_codegen::Framework::React,
            web: None,
            residency: Default::default(),
            signs: false,
            wasm_bindgen: None,
            runtime: None,
            sources: vec![folder.to_owned()],
            workspace: folder.to_owned(),
        }
    }

    #[test]
    fn editors_files_and_what_builds_write_are_no_changes() {
        let app = app(Path::new("/nowhere"));
        let kind = |path: &str| Kind::of(&app, &app.folder.join(path));
        for path in ["src/lib.rs", "migrations/0001_users.sql", "src/gone.rs"] {
            assert_eq!(kind(path), Some(Kind::Source), "{path}");
        }
        for path in [
            "Cargo.toml",
            "../other/Cargo.toml",
            ".dev.vars",
            "wrangler.jsonc",
        ] {
            assert_eq!(kind(path), Some(Kind::Settings), "{path}");
        }
        for path in [
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "src/4913",
            "src/#lib.rs#",
            "Cargo.lock",
            ".env",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
    }

    #[test]
    fn a_new_folder_is_watched_unless_it_is_the_front_end_or_a_build() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path());
        let kind = |name: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Kind::of(&app, &path)
        };
        assert_eq!(kind("migrations"), Some(Kind::Settings));
        for name in ["web", "target", "node_modules", ".git", "migrations/old"] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
