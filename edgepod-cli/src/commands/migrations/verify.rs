//! What the migrations lead to, found by applying them: a snapshot that two branches have merged may say anything.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use edgepod_runtime::schema::Snapshot;
use tempfile::TempDir;

use super::{Mode, live, migrate};
use crate::{app::App, native::Program};

/// A database that was empty, and has all migrations. It goes when this is dropped.
pub(super) struct Rehearsal {
    database: PathBuf,
    _folder: TempDir,
}

impl Rehearsal {
    /// Applies the migrations of `program`, those in Rust among them.
    ///
    /// # Errors
    /// When one fails.
    pub fn new(app: &App, program: &Program) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("rehearsal.sqlite");
        migrate(app, program, Mode::Rehearse, &database)?;
        Ok(Self {
            database,
            _folder: folder,
        })
    }

    /// The database's file.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// Refuses where it is not what `schema` says.
    pub fn ensure_leads_to(&self, schema: &Snapshot) -> Result<()> {
        ensure_is(&self.database, schema)
    }
}

/// Refuses where the migrations of `program` do not lead to `schema`.
pub(super) fn ensure(app: &App, program: &Program, schema: &Snapshot) -> Result<()> {
    if *schema == Snapshot::default() {
        // Nothing leads to nothing.
        return Ok(());
    }
    Rehearsal::new(app, program)?.ensure_leads_to(schema)
}

/// Refuses where the database in `file`, which has all migrations, is not what `schema` says.
pub(super) fn ensure_is(file: &Path, schema: &Snapshot) -> Result<()> {
    if let Some(name) = live::table_that_hides_a_function(file)? {
        bail!(
            "the migrations make a table or a view named `{name}`, which hides SQLite's function of that name from every statement, \
             EdgePod's own among them: give it another name"
        );
    }
    let differences = live::differences(file, schema)?;
    if !differences.is_empty() {
        bail!(
            "the migrations do not lead to the schema: {}. Where two branches were merged, one's migration does not know the \
             other's change: `edgepod migrations rebase NAME` writes the migration NAME anew, as the last. Otherwise write the \
             statements into a migration of your own, `edgepod migrations new --empty NAME`, or into the last one where no \
             database has applied it",
            differences.join("; ")
        );
    }
    Ok(())
}
