//! Migrations: how one is told from another, where a database keeps which it has applied, and what the app's program tells the
//! command of them.

use sha2::{Digest, Sha256};

/// Whether a database has a journal of migrations: a row, or none.
pub const JOURNAL_EXISTS: &str =
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_edgepod_migrations'";

/// Makes the journal.
pub const CREATE_JOURNAL: &str = "CREATE TABLE IF NOT EXISTS \"_edgepod_migrations\" (number INTEGER PRIMARY KEY NOT NULL, \
    name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";

/// Reads the journal, by number: number, name, checksum.
pub const READ_JOURNAL: &str =
    "SELECT number, name, checksum FROM \"_edgepod_migrations\" ORDER BY number";

/// What tells a migration in SQL from one that was edited since: SHA-256 of its text, in hexadecimal. Version control may write lines
/// as Windows does; that edits nothing.
///
/// ```
/// use edgepod_manifest::sql_checksum;
///
/// assert_eq!(sql_checksum("SELECT 1;\r\n"), sql_checksum("SELECT 1;\n"));
/// ```
pub fn sql_checksum(text: &str) -> String {
    checksum(&text.replace("\r\n", "\n"))
}

/// The same of a migration in Rust. Its text is not known, so that it never changes.
///
/// ```
/// use edgepod_manifest::rust_checksum;
///
/// assert_ne!(rust_checksum("0002_fill"), rust_checksum("0003_fill"));
/// ```
pub fn rust_checksum(name: &str) -> String {
    checksum(&format!("rust {name}"))
}

fn checksum(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()))
}

/// What became of a migration in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
pub enum MigrationState {
    /// It is applied.
    Applied,
    /// It is applied at the next start.
    Pending,
}

impl MigrationState {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
        }
    }
}

/// A migration of a build, and what became of it in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MigrationStatus {
    /// The migration's name.
    pub name: String,
    /// What became of it.
    pub state: MigrationState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_what_databases_have_of_it() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sql_checksum("abc"), abc);
        assert_eq!(sql_checksum("a\r\nb"), sql_checksum("a\nb"));
        assert_eq!(rust_checksum("0002_fill"), sql_checksum("rust 0002_fill"));
    }
}
