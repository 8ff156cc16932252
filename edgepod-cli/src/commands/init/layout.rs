//! What is there already, and so what goes where.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Framework;
use fs_err as fs;
use toml_edit::DocumentMut;

use crate::packages;

/// What the folder was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Empty, or nothing that concerns us.
    New,
    /// A crate.
    Crate,
    /// A front end: it gets its backend in a folder inside.
    FrontEnd,
}

/// Where things go.
#[derive(Debug)]
pub(super) struct Layout {
    pub kind: Kind,
    /// The folder that was named.
    pub folder: PathBuf,
    /// The crate's.
    pub krate: PathBuf,
    /// The front end's.
    pub web: PathBuf,
}

impl Layout {
    /// Looks at `folder`, which need not be there yet.
    pub fn of(folder: &Path) -> Result<Self> {
        if folder.is_file() {
            bail!("{} is a file: name a folder", folder.display());
        }
        let folder = resolved(folder)?;
        if folder.join("Cargo.toml").is_file() {
            let manifest = read(&folder.join("Cargo.toml"))?;
            if !manifest.contains_key("package") {
                bail!(
                    "{} is a workspace without a crate: name a new folder in it, as in `edgepod init {}`",
                    folder.join("Cargo.toml").display(),
                    folder.join("backend").display()
                );
            }
            return Ok(Self {
                kind: Kind::Crate,
                krate: folder.clone(),
                web: folder.join("web"),
                folder,
            });
        }
        if folder.join("package.json").is_file() {
            // One that nobody can read is refused before anything is written.
            packages::package_json(&folder)?;
            let krate = folder.join("edgepod");
            if krate.join("Cargo.toml").is_file() {
                bail!(
                    "{} has a backend already: `edgepod dev {}` serves it",
                    folder.display(),
                    krate.display()
                );
            }
            return Ok(Self {
                kind: Kind::FrontEnd,
                krate,
                web: folder.clone(),
                folder,
            });
        }
        Ok(Self {
            kind: Kind::New,
            krate: folder.clone(),
            web: folder.join("web"),
            folder,
        })
    }

    /// The front end and the client's folder, as seen from the crate.
    pub fn settings(&self) -> (&'static str, &'static str) {
        match self.kind {
            Kind::FrontEnd => ("..", "../src/edgepod"),
            Kind::New | Kind::Crate => ("web", "web/src/edgepod"),
        }
    }

    /// What the page that is there is written with; `None` without one.
    ///
    /// # Errors
    /// When its package.json is not understood.
    pub fn framework(&self) -> Result<Option<Framework>> {
        if !self.web.join("package.json").is_file() {
            return Ok(None);
        }
        let json = packages::package_json(&self.web)?;
        Ok(Some(packages::framework(&json)))
    }
}

/// `folder` without links, although its last parts may not be there: a mistake in an answer must leave no folder behind.
fn resolved(folder: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    for there in folder.ancestors() {
        if there.exists() {
            let mut folder_there = fs::canonicalize(there)?;
            // Joining nothing would add a slash.
            folder_there.extend(folder.strip_prefix(there)?);
            return Ok(folder_there);
        }
    }
    Ok(folder)
}

/// A Cargo.toml.
pub(super) fn read(path: &Path) -> Result<DocumentMut> {
    fs::read_to_string(path)?
        .parse()
        .with_context(|| format!("{} is not understood", path.display()))
}
