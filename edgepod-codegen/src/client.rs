//! The client as a set of files.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    Error, entry,
    folder::{self, Difference, Report},
    framework::Framework,
    manifest::Manifest,
    map,
    project::{self, Project},
    source::{MANIFEST, SOURCE_FILES, TANSTACK_SEAM},
    typescript::{self, Place},
};

/// A generated TypeScript client: paths and what they contain. A front end imports `client.ts`.
///
/// The same manifest gives the same bytes, whatever order it lists its functions and types in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    files: BTreeMap<PathBuf, String>,
    places: Vec<Place>,
    sources: Option<PathBuf>,
}

impl Client {
    /// Generates the client of an app, for a framework.
    pub fn new(manifest: &Manifest, framework: Framework) -> Self {
        let mut files = BTreeMap::new();
        let others = Framework::ALL.map(Framework::folder);
        for source in SOURCE_FILES {
            let (folder, _) = source.path.split_once('/').unwrap_or_default();
            if folder != framework.folder() && others.contains(&folder) {
                continue;
            }
            // A framework's adapter has the query core inside: one package to install, one copy.
            let contents = if source.path == TANSTACK_SEAM {
                source
                    .contents
                    .replace("@tanstack/query-core", framework.tanstack())
            } else {
                source.contents.to_owned()
            };
            files.insert(
                PathBuf::from(source.path),
                typescript::with_header(&contents),
            );
        }
        files.insert(MANIFEST.into(), typescript::runtime_manifest(manifest));
        files.insert("types.ts".into(), typescript::types(manifest));
        let (functions, places) = typescript::functions(manifest);
        files.insert(map::DECLARATIONS.into(), functions + map::REFERENCE);
        files.insert("mock.ts".into(), entry::mock(framework));
        files.insert("client.ts".into(), entry::entry(manifest, framework));
        Self {
            files,
            places,
            sources: None,
        }
    }

    /// Says which folder the manifest's Rust files are relative to: the workspace's, for an app in one. Then
    /// [`write_to`](Self::write_to) also writes `functions.d.ts.map`, by which an editor jumps from a function's name in TypeScript
    /// to the function in Rust.
    #[must_use]
    pub fn with_sources(mut self, root: &Path) -> Self {
        self.sources = Some(absolute(root));
        self
    }

    /// The files, sorted by path: paths relative to the client's folder, and contents. The map of
    /// [`with_sources`](Self::with_sources) is none of them: it changes with the lines of Rust, and the client does not.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&Path, &str)> {
        self.files
            .iter()
            .map(|(path, contents)| (path.as_path(), contents.as_str()))
    }

    /// Brings a folder up to date, creating it if need be. Files that are right already are not touched,
    /// so that a watching bundler sees only changes; files that an earlier version generated and this one
    /// does not are removed; whatever else is in the folder stays. The files are as the TypeScript project around the folder wants
    /// them: with extensions in imports where it follows Node.js (`"module": "nodenext"`), and with the functions in `functions.ts`
    /// where it emits declarations, which has TypeScript emit theirs, and no map.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, written or removed, or when a file that EdgePod did not generate is in
    /// the way; in the latter case nothing is written.
    pub fn write_to(&self, folder: &Path) -> Result<Report, Error> {
        let project = Project::around(folder);
        let mut files = self.files_in(project);
        if let Some(root) = self.sources.as_deref().filter(|_| !project.declarations) {
            let map = map::text(&self.places, root, &absolute(folder));
            files.to_mut().insert(map::MAP.into(), map);
        }
        let mut report = folder::write(folder, &files)?;
        // It is not of the client's files.
        report.written.retain(|path| !is_map(path));
        report.removed.retain(|path| !is_map(path));
        Ok(report)
    }

    /// What [`write_to`](Self::write_to) would change of the [`files`](Self::files), sorted by path. Empty means up to date.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or when a file that EdgePod did not generate is in the way.
    pub fn diff(&self, folder: &Path) -> Result<Vec<Difference>, Error> {
        let mut differences = folder::diff(folder, &self.files_in(Project::around(folder)))?;
        differences.retain(|difference| !is_map(difference.path()));
        Ok(differences)
    }

    /// One of the files as [`write_to`](Self::write_to) would write it into a folder.
    pub fn file_in(&self, folder: &Path, path: &Path) -> Option<String> {
        let mut files = self.files_in(Project::around(folder)).into_owned();
        files.remove(path)
    }

    /// The files as a TypeScript project wants them.
    fn files_in(&self, project: Project) -> Cow<'_, BTreeMap<PathBuf, String>> {
        let mut files = Cow::Borrowed(&self.files);
        if project.extensions {
            files = Cow::Owned(project::with_extensions(&files));
        }
        if project.declarations {
            let files = files.to_mut();
            let text = files.remove(Path::new(map::DECLARATIONS));
            let text = text.map(|text| text.replace(map::REFERENCE, ""));
            files.extend(text.map(|text| ("functions.ts".into(), text)));
        }
        files
    }
}

fn is_map(path: &Path) -> bool {
    path == Path::new(map::MAP)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
