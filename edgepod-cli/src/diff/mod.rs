//! From one schema to the next: the statements that change a database and keep its data.
//!
//! The order is always the same: views and triggers go; renames; new tables, columns and indexes; tables that SQLite
//! cannot alter are rebuilt; old tables, indexes and columns go; views and triggers come back.
//!
//! A rebuild takes every table along that references a rebuilt one. `DROP TABLE` deletes the rows first, the actions of
//! foreign keys included, and inside a transaction that cannot be turned off: a child that stayed would lose its rows. So
//! the new copies reference each other, the old ones go children first, and the new ones take their names.

mod error;
mod names;
mod places;
mod plan;
mod rows;

use std::collections::BTreeMap;

use edgepod_runtime::schema::Snapshot;

pub use error::ChangeError;
use names::{match_tables, renamed};
use plan::Plan;

/// What leads from one schema to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The statements, in order, to be run in one transaction. None: the schemas are one.
    pub statements: Vec<String>,
    /// What is lost of the data, each a phrase: "the table `users` with all its rows".
    pub losses: Vec<String>,
    /// What the data may not fit, each a sentence.
    pub warnings: Vec<String>,
    /// The tables, by the names that they had, of which no more than the schema says is there afterwards: they are dropped, or
    /// get a new copy.
    pub replaced: Vec<String>,
}

impl Change {
    /// Whether a table gets a new copy.
    pub(crate) fn replaces(&self, table: &str) -> bool {
        let mut replaced = self.replaced.iter();
        replaced.any(|replaced| replaced.eq_ignore_ascii_case(table))
    }
}

/// What leads from `before` to `after`.
///
/// # Errors
/// Every change that keeps no data and is not asked for by dropping: see [`ChangeError`].
pub fn diff(before: &Snapshot, after: &Snapshot) -> Result<Change, Vec<ChangeError>> {
    let mut errors = Vec::new();
    let pairs = match_tables(before, after, &mut errors);
    let renamed = renamed(before, after, &pairs, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    Plan {
        before,
        after,
        renamed,
        pairs,
        change: Change::default(),
        errors,
    }
    .run()
}

/// Names in `after` to names in `before`.
type Pairs = BTreeMap<String, String>;
