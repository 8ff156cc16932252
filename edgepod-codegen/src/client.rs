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
    source::{MANIFEST, SOURCE_FILES, TANSTACK_SEAM},
    specifiers, typescript,
};

/// A generated TypeScript client: paths and what they contain. A front end imports `client.ts`.
///
/// The same manifest gives the same bytes, whatever order it lists its functions and types in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    files: BTreeMap<PathBuf, String>,
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
        files.insert("mock.ts".into(), entry::mock(framework));
        files.insert("client.ts".into(), entry::entry(manifest, framework));
        Self { files }
    }

    /// The files, sorted by path: paths relative to the client's folder, and contents.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&Path, &str)> {
        self.files
            .iter()
            .map(|(path, contents)| (path.as_path(), contents.as_str()))
    }

    /// Brings a folder up to date, creating it if need be. Files that are right already are not touched,
    /// so that a watching bundler sees only changes; files that an earlier version generated and this one
    /// does not are removed; whatever else is in the folder stays. Where the TypeScript project around the folder wants
    /// imports with extensions (`"module": "nodenext"`), the files have them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, written or removed, or when a file that EdgePod did not generate is in
    /// the way; in the latter case nothing is written.
    pub fn write_to(&self, folder: &Path) -> Result<Report, Error> {
        folder::write(folder, &self.files_in(folder))
    }

    /// What [`write_to`](Self::write_to) would change, sorted by path. Empty means up to date.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or when a file that EdgePod did not generate is in the way.
    pub fn diff(&self, folder: &Path) -> Result<Vec<Difference>, Error> {
        folder::diff(folder, &self.files_in(folder))
    }

    /// The files as the TypeScript project around a folder wants them.
    fn files_in(&self, folder: &Path) -> Cow<'_, BTreeMap<PathBuf, String>> {
        if specifiers::are_wanted(folder) {
            Cow::Owned(specifiers::with_extensions(&self.files))
        } else {
            Cow::Borrowed(&self.files)
        }
    }
}
