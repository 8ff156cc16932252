//! What keeps migrations from being applied.

use std::fmt;

/// Why the migrations of a build are not applied to a database. But for [`Failed`](Self::Failed) and
/// [`ForeignKey`](Self::ForeignKey), nothing was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationError {
    /// Two migrations have one number.
    DuplicateNumber {
        /// The number.
        number: u32,
        /// Both names.
        names: [&'static str; 2],
    },
    /// A migration that this database has applied is not in the build.
    Missing {
        /// Its name.
        name: String,
    },
    /// A migration was edited after this database had applied it.
    Edited {
        /// Its name.
        name: &'static str,
    },
    /// A migration has another name than when this database applied it.
    Renamed {
        /// What it is called now.
        name: &'static str,
        /// What it was called.
        applied: String,
    },
    /// A migration is not applied, and one after it is.
    OutOfOrder {
        /// Its name.
        name: &'static str,
        /// The last one that is applied.
        applied: String,
    },
    /// A migration fails: it was rolled back, those before it stay.
    Failed {
        /// Its name.
        name: &'static str,
        /// The statement that fails, where it is one.
        statement: Option<&'static str>,
        /// What SQLite, or the function, says.
        message: String,
    },
    /// After a migration a row would reference nothing: it was rolled back, those before it stay.
    ForeignKey {
        /// Its name.
        name: &'static str,
        /// The table whose row references nothing.
        table: String,
        /// The table that it references.
        parent: String,
    },
    /// The journal cannot be read.
    Journal {
        /// What SQLite says.
        message: String,
    },
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateNumber { number, names } => write!(
                f,
                "Two migrations have the number {number}: {} and {}. Give the one that no database has applied the next free \
                 number. Nothing was changed.",
                names[0], names[1]
            ),
            Self::Missing { name } => write!(
                f,
                "The database has applied the migration {name}, which is not in this build. Bring its file back to \
                 `migrations/` (version control has it), or deploy a build that has it. Nothing was changed."
            ),
            Self::Edited { name } => write!(
                f,
                "The migration {name} was edited after this database had applied it. Put the file back as it was, and write \
                 what is new into a migration of its own (`edgepod migrations new`). Nothing was changed."
            ),
            Self::Renamed { name, applied } => write!(
                f,
                "The migration {name} was called {applied} when this database applied it. Give it its name back. Nothing was \
                 changed."
            ),
            Self::OutOfOrder { name, applied } => write!(
                f,
                "The migration {name} is not applied, and {applied}, which comes after it, is. Give {name} the next free \
                 number. Nothing was changed."
            ),
            Self::Failed {
                name,
                statement: Some(statement),
                message,
            } => write!(
                f,
                "The migration {name} fails and was rolled back: {message}. The statement is: {statement}. Try it on a copy of \
                 the data: `edgepod migrations check --against FILE.sqlite`."
            ),
            Self::Failed {
                name,
                statement: None,
                message,
            } => write!(
                f,
                "The migration {name} fails and was rolled back: {message}. Try it on a copy of the data: `edgepod migrations \
                 check --against FILE.sqlite`."
            ),
            Self::ForeignKey {
                name,
                table,
                parent,
            } => write!(
                f,
                "After the migration {name} a row of `{table}` would reference a row of `{parent}` that does not exist, so it \
                 was rolled back. Correct the rows in a migration before it."
            ),
            Self::Journal { message } => write!(
                f,
                "The journal of migrations (`_edgepod_migrations`) cannot be read: {message}. Nothing was changed."
            ),
        }
    }
}

impl std::error::Error for MigrationError {}
