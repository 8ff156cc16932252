//! A folder of generated files, kept up to date among files that are not ours.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::Builder;

use crate::{Error, map, typescript};

/// Names the files that were generated, so that a later run can remove those that it does not generate.
const LIST: &str = ".edgepod-generated.json";

/// What writing a client did. Paths are relative to its folder and sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that were created or changed.
    pub written: Vec<PathBuf>,
    /// Files that an earlier run generated and this one does not.
    pub removed: Vec<PathBuf>,
    /// How many files were right already.
    pub unchanged: usize,
}

impl Report {
    /// Whether anything was written or removed.
    pub fn is_changed(&self) -> bool {
        !self.written.is_empty() || !self.removed.is_empty()
    }
}

/// One way in which a folder is not up to date. The path is relative to the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// A file is missing.
    Missing(PathBuf),
    /// A file has other contents.
    Changed(PathBuf),
    /// A file was generated once, and is not any more.
    Obsolete(PathBuf),
}

impl Difference {
    /// The file, relative to the folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing(path) | Self::Changed(path) | Self::Obsolete(path) => path,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{} is missing", path.display()),
            Self::Changed(path) => write!(f, "{} is out of date", path.display()),
            Self::Obsolete(path) => write!(f, "{} is no longer generated", path.display()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct List {
    files: Vec<String>,
}

pub(crate) fn diff(
    folder: &Path,
    files: &BTreeMap<PathBuf, String>,
) -> Result<Vec<Difference>, Error> {
    let listed = read_list(folder)?;
    let mut differences = Vec::new();
    for (path, contents) in files {
        match read(&folder.join(path))? {
            None => differences.push(Difference::Missing(path.clone())),
            Some(found) if is_same(&found, contents) => {}
            Some(found) if listed.contains(path) || is_generated(&found) => {
                differences.push(Difference::Changed(path.clone()));
            }
            Some(_) => {
                return Err(Error::ForeignFile {
                    path: folder.join(path),
                });
            }
        }
    }
    for path in listed {
        if !files.contains_key(&path) && folder.join(&path).is_file() {
            differences.push(Difference::Obsolete(path));
        }
    }
    differences.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(differences)
}

pub(crate) fn write(folder: &Path, files: &BTreeMap<PathBuf, String>) -> Result<Report, Error> {
    let mut report = Report::default();
    for difference in diff(folder, files)? {
        match difference {
            Difference::Missing(path) | Difference::Changed(path) => {
                replace(&folder.join(&path), &files[&path])?;
                report.written.push(path);
            }
            Difference::Obsolete(path) => {
                remove(folder, &path)?;
                report.removed.push(path);
            }
        }
    }
    report.unchanged = files.len() - report.written.len();

    let list = List {
        files: files.keys().map(|path| slashed(path)).collect(),
    };
    let list = serde_json::to_string_pretty(&list).expect("a list of strings is JSON") + "\n";
    let path = folder.join(LIST);
    if read(&path)?.as_deref() != Some(list.as_bytes()) {
        replace(&path, &list)?;
    }
    Ok(report)
}

/// The files that the last run generated. A list that cannot be understood counts as none: then the
/// mark in each file still tells ours from others, and at worst an obsolete file stays.
fn read_list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let list = read(&folder.join(LIST))?
        .and_then(|bytes| serde_json::from_slice::<List>(&bytes).ok())
        .map(|list| list.files)
        .unwrap_or_default();
    Ok(list
        .into_iter()
        .map(PathBuf::from)
        // The list is a file that anyone may edit: it must not lead outside of the folder.
        .filter(|path| {
            path.components()
                .all(|part| matches!(part, Component::Normal(_)))
        })
        .collect())
}

/// Whether a file has these contents. Version control may have written its lines as Windows does, which changes nothing.
fn is_same(found: &[u8], contents: &str) -> bool {
    found == contents.as_bytes()
        || std::str::from_utf8(found).is_ok_and(|text| text.replace("\r\n", "\n") == contents)
}

fn is_generated(contents: &[u8]) -> bool {
    [typescript::GENERATED_MARK, map::GENERATED_MARK]
        .iter()
        .any(|mark| contents.starts_with(mark.as_bytes()))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

/// Writes beside the file and renames, so that a watching bundler never reads half of one. The name beside it is of this run alone:
/// `edgepod dev` may generate the same client at the same moment.
fn replace(path: &Path, contents: &str) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| failed("create", parent, source))?;
    let mut new = Builder::new();
    // What a run leaves that is killed says whose it is.
    new.prefix(".edgepod-");
    // As any file that a program makes: a temporary one is for its owner alone.
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = new
        .tempfile_in(parent)
        .map_err(|source| failed("write", path, source))?;
    new.write_all(contents.as_bytes())
        .map_err(|source| failed("write", path, source))?;
    new.persist(path)
        .map_err(|source| failed("write", path, source.error))?;
    Ok(())
}

/// Removes a file, and the folders that it leaves empty.
fn remove(folder: &Path, path: &Path) -> Result<(), Error> {
    let file = folder.join(path);
    match fs::remove_file(&file) {
        Ok(()) => {}
        // By another run, at the same moment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(failed("remove", &file, source)),
    }
    for parent in path
        .ancestors()
        .skip(1)
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        // It fails when something is left inside, which is what ends the climb.
        if fs::remove_dir(folder.join(parent)).is_err() {
            break;
        }
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
