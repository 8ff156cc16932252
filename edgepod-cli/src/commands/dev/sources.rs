//! Which files a build reads: those that cargo names, and those that it would.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use crate::{app::App, env::DEV_VARS, wrangler::CONFIGURATIONS};

/// Folders that hold no sources of the backend. Those that begin with a dot hold none either.
const NO_SOURCES: [&str; 3] = ["target", "node_modules", "dist"];

/// Folders of the app whose SQL files a build reads.
const OF_SQL: [&str; 2] = ["migrations", "schema"];

/// Whether a file of this name has variables for development: those of an environment of wrangler's have its name at the end.
fn is_dev_vars(name: &str) -> bool {
    name.strip_prefix(DEV_VARS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What a changed file is to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A build reads it.
    Source,
    /// It says what is built, or with which variables it is served.
    Settings,
}

/// What is known of the files that builds of an app read.
#[derive(Debug)]
pub(super) struct Sources {
    app: App,
    /// What cargo said that the last builds have read.
    read: HashSet<PathBuf>,
    /// Whether the last build failed: then it may lack a file, and any new one may be it.
    is_broken: bool,
}

impl Sources {
    /// Those of an app that was not built yet.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            read: HashSet::new(),
            is_broken: true,
        }
    }

    /// The app is another, by its Cargo.toml.
    pub fn set_app(&mut self, app: &App) {
        self.app = app.clone();
    }

    /// A build failed.
    pub fn failed(&mut self) {
        self.is_broken = true;
    }

    /// A build made these files; cargo has written beside each what it read for it.
    pub fn built(&mut self, made: &[PathBuf]) {
        self.is_broken = false;
        for file in made {
            let Ok(rule) = std::fs::read_to_string(file.with_extension("d")) else {
                continue;
            };
            let target = self.app.target.clone();
            self.read.extend(
                dependencies(&rule)
                    .into_iter()
                    // What a build writes itself is no reason to build.
                    .filter(|path| !path.starts_with(&target)),
            );
        }
    }

    /// The folders of the files that cargo named.
    pub fn folders(&self) -> HashSet<&Path> {
        self.read.iter().filter_map(|file| file.parent()).collect()
    }

    /// What the file is, which `is_new`: created, or moved there. `None` for what no build reads.
    pub fn kind(&self, path: &Path, is_new: bool) -> Option<Kind> {
        let name = path.file_name()?.to_str()?;
        if path.starts_with(&self.app.target) {
            return None;
        }
        let folder = path.parent()?;
        let is_in_app = folder == self.app.folder;
        if name == "Cargo.toml"
            || (is_in_app && (is_dev_vars(name) || CONFIGURATIONS.contains(&name)))
        {
            return Some(Kind::Settings);
        }
        if self.read.contains(path) {
            return Some(Kind::Source);
        }
        // Editors' own files are named like this, and no module is.
        if name.starts_with(['.', '#']) || name.ends_with('~') || name == "Cargo.lock" {
            return None;
        }
        let ends_in = |extension: &str| path.extension().is_some_and(|other| other == extension);
        let is_sql = ends_in("sql") && OF_SQL.iter().any(|of| folder == self.app.folder.join(of));
        let is_missing = self.is_broken && is_new && path.extension().is_some();
        (ends_in("rs") || is_sql || is_missing).then_some(Kind::Source)
    }

    /// Whether `path`, a folder in that of a crate, may hold what a build of the app reads.
    pub fn may_be_in(&self, crate_folder: &Path, path: &Path) -> bool {
        let app = &self.app;
        // Of other crates only the code, of the app whatever it may include.
        if crate_folder != app.folder {
            return path.ends_with("src");
        }
        let name = path.file_name().unwrap_or_default();
        let is_front_end = [&app.web, &app.client]
            .into_iter()
            .flatten()
            .any(|front_end| front_end.starts_with(path));
        !is_front_end
            && path != app.target
            && !name.as_encoded_bytes().starts_with(b".")
            && !NO_SOURCES.iter().any(|other| name == *other)
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.app
    }
}

/// The files in a rule of make, `made: one two\ with\ spaces`, as cargo writes it.
fn dependencies(rule: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in rule.lines() {
        let Some((_, list)) = line.split_once(": ") else {
            continue;
        };
        let mut file = String::new();
        let mut characters = list.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' if characters.peek() == Some(&' ') => file.extend(characters.next()),
                ' ' => files.push(std::mem::take(&mut file)),
                c => file.push(c),
            }
        }
        files.push(file);
    }
    files
        .into_iter()
        .filter(|file| !file.is_empty())
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(folder: &Path) -> Sources {
        let mut app = App::of_folder(folder);
        app.client = Some(folder.join("web/src/edgepod"));
        Sources::new(&app)
    }

    #[test]
    fn what_builds_read_is_a_change_and_nothing_else() {
        let folder = Path::new("/nowhere");
        let mut sources = sources(folder);
        sources.is_broken = false;
        sources.read.insert(folder.join("texts/answer.txt"));
        let kind = |path: &str| sources.kind(&folder.join(path), false);
        for path in [
            "src/lib.rs",
            "src/gone.rs",
            "build.rs",
            "migrations/0001_users.sql",
            "schema/names.sql",
            "texts/answer.txt",
        ] {
            assert_eq!(kind(path), Some(Kind::Source), "{path}");
        }
        for path in [
            "Cargo.toml",
            "../other/Cargo.toml",
            ".dev.vars",
            ".dev.vars.staging",
            "wrangler.jsonc",
        ] {
            assert_eq!(kind(path), Some(Kind::Settings), "{path}");
        }
        for path in [
            "dev.log",
            "data/data.sqlite",
            "data/data.sqlite-wal",
            "texts/other.txt",
            "src/.lib.rs.swp",
            "src/.#lib.rs",
            "src/lib.rs~",
            "src/4913",
            "src/#lib.rs#",
            "Cargo.lock",
            ".env",
            "target/debug/build/a/out/made.rs",
            "other/wrangler.jsonc",
            "data/x.sql",
        ] {
            assert_eq!(kind(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_new_may_be_what_a_build_lacks() {
        let folder = Path::new("/nowhere");
        let mut sources = sources(folder);
        let path = folder.join("texts/answer.txt");
        let log = folder.join("dev.log");
        sources.failed();
        assert_eq!(sources.kind(&path, true), Some(Kind::Source));
        assert_eq!(sources.kind(&log, false), None);
        sources.built(&[]);
        assert_eq!(sources.kind(&path, true), None);
    }

    #[test]
    fn cargos_list_of_what_it_read_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("liba.so");
        let target = folder.path().join("target/debug/out.rs");
        std::fs::write(
            folder.path().join("liba.d"),
            format!(
                "{}: /a/src/lib.rs /a/my\\ texts/b.txt {}\n",
                made.display(),
                target.display()
            ),
        )
        .unwrap();
        let mut sources = sources(folder.path());
        sources.built(&[made]);
        let mut read: Vec<_> = sources.read.iter().collect();
        read.sort();
        assert_eq!(
            read,
            [Path::new("/a/my texts/b.txt"), Path::new("/a/src/lib.rs")]
        );
    }

    #[test]
    fn the_front_end_and_builds_are_not_looked_into() {
        let folder = Path::new("/nowhere");
        let sources = sources(folder);
        let may_be_in = |name: &str| sources.may_be_in(folder, &folder.join(name));
        assert!(may_be_in("src") && may_be_in("migrations") && may_be_in("texts"));
        for name in ["web", "target", "node_modules", ".git", "dist"] {
            assert!(!may_be_in(name), "{name}");
        }
        let other = Path::new("/other");
        assert!(sources.may_be_in(other, &other.join("src")));
        assert!(!sources.may_be_in(other, &other.join("tests")));
    }
}
