//! Which version of the database a reply shows, and what has changed since one.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    thin::push_number,
    tracking::{TableName, TableSet},
};

/// Counts committed writes, for as long as the engine lives. What happened in an earlier life is unknown in this one, so a
/// version names the life, too.
pub(super) struct Versions {
    epoch: String,
    /// Read without the lock, changed under it.
    count: AtomicU64,
    changed: Mutex<Changed>,
}

/// The count at which each table last changed.
#[derive(Default)]
pub(super) struct Changed(HashMap<TableName, u64>);

impl Versions {
    /// Versions of a life with this name, which no other life of the database has.
    pub(super) fn new(epoch: String) -> Self {
        Self {
            epoch,
            count: AtomicU64::new(0),
            changed: Mutex::default(),
        }
    }

    /// The count of writes that were announced. Read before the data that it is to describe, it may be too low, which costs a
    /// client a needless read; never too high, which would cost it a change.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// A count as clients see it.
    pub(super) fn name(&self, count: u64) -> String {
        let mut name = String::with_capacity(self.epoch.len() + 21);
        name.push_str(&self.epoch);
        name.push('.');
        push_number(&mut name, count);
        name
    }

    /// While this is held nobody else announces or opens a socket, so that signals leave in the order of their versions.
    pub(super) fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a committed write of these tables; the new count.
    pub(super) fn wrote(&self, changed: &mut Changed, tables: &TableSet) -> u64 {
        let count = self.count() + 1;
        for table in tables.iter() {
            changed.0.insert(table.clone(), count);
        }
        self.count.store(count, Ordering::Release);
        count
    }

    /// The tables that have changed since a version: every one where that is not known.
    pub(super) fn since(&self, changed: &Changed, version: &str) -> TableSet {
        match self.known(version) {
            None => TableSet::every(),
            Some(since) => changed
                .0
                .iter()
                .filter(|(_, count)| **count > since)
                .map(|(table, _)| table.clone())
                .collect(),
        }
    }

    /// The version at which each table last changed.
    #[cfg(feature = "native")]
    pub(super) fn changes(&self, changed: &Changed) -> HashMap<String, String> {
        let change =
            |(table, count): (&TableName, &u64)| (table.as_str().to_owned(), self.name(*count));
        changed.0.iter().map(change).collect()
    }

    /// Whether data of a table that is of this version may be old.
    fn is_stale(&self, changed: &Changed, table: &TableName, version: &str) -> bool {
        let Some(since) = self.known(version) else {
            return true;
        };
        let after = |name: &TableName| changed.0.get(name).is_some_and(|count| *count > since);
        if table.as_str() == TableName::EVERY {
            self.count() > since
        } else {
            after(table) || after(&TableName::new(TableName::EVERY))
        }
    }

    /// The count of a version of this life.
    fn known(&self, version: &str) -> Option<u64> {
        version
            .rsplit_once('.')
            .filter(|(epoch, _)| *epoch == self.epoch)
            .and_then(|(_, count)| count.parse().ok())
            .filter(|count| *count <= self.count())
    }

    /// What is stale for a client that was here before: of the tables that it names, and of those that its session reads
    /// beside them, as replies to the client may be on their way.
    pub(super) fn missed(&self, changed: &Changed, resume: &Resume, reads: &TableSet) -> TableSet {
        let Some(since) = resume.since.as_deref() else {
            return TableSet::default();
        };
        if resume.tables.is_empty() && reads.is_empty() && !since.is_empty() {
            return self.since(changed, since);
        }
        let mut missed = TableSet::default();
        for held in &resume.tables {
            let version = held.version.as_deref().unwrap_or(since);
            if self.is_stale(changed, &held.table, version) {
                missed.insert(held.table.clone());
            }
        }
        // Who was nowhere before has nothing from before.
        if !since.is_empty() {
            for table in reads.iter() {
                let named = resume.tables.iter().any(|held| held.table == *table);
                if !named && self.is_stale(changed, table, since) {
                    missed.insert(table.clone());
                }
            }
        }
        missed
    }
}

/// What a client that was here before knows, given with its new socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The last version that it heard of; empty on its first socket. Absent: it is not to be greeted.
    pub since: Option<String>,
    /// The tables of which it holds data.
    pub tables: Vec<Held>,
}

/// A table of which a client holds data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    table: TableName,
    /// The version of the data, where it says.
    version: Option<String>,
}

impl Held {
    /// Reads `<table>@<version>`, or `<table>`.
    pub fn parse(text: &str) -> Self {
        match text.rsplit_once('@') {
            Some((table, version)) => Self {
                table: TableName::new(table),
                version: Some(version.to_owned()),
            },
            None => Self {
                table: TableName::new(text),
                version: None,
            },
        }
    }

    pub(super) fn table(&self) -> &TableName {
        &self.table
    }
}

/// The name of a life that begins at this time. Names sort as the lives did; the random part keeps apart two that begin at
/// one time.
pub(super) fn epoch(began: i64, random: &str) -> String {
    format!("{began:013x}{random}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_since_a_version_is_known_exactly() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        let start = versions.name(versions.count());
        versions.wrote(&mut changed, &TableSet::from_iter(["users"]));
        let middle = versions.name(versions.count());
        versions.wrote(&mut changed, &TableSet::from_iter(["posts"]));
        let end = versions.name(versions.count());
        let since = |version: &str| versions.since(&changed, version);
        assert_eq!(since(&start), TableSet::from_iter(["posts", "users"]));
        assert_eq!(since(&middle), TableSet::from_iter(["posts"]));
        assert!(since(&end).is_empty());
    }

    #[test]
    fn since_a_version_of_another_life_everything_may_have_changed() {
        let versions = Versions::new("life".to_owned());
        for unknown in ["other.0", "life.1", "life.x", "life", "", "0"] {
            let since = versions.since(&versions.lock(), unknown);
            assert!(since.is_every(), "{unknown:?}");
        }
    }

    #[test]
    fn a_client_hears_what_changed_after_the_data_that_it_holds() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        for table in ["users", "posts", "tags"] {
            versions.wrote(&mut changed, &TableSet::from_iter([table]));
        }
        let missed = |since: &str, tables: &[&str], reads: &[&str]| {
            let resume = Resume {
                since: Some(since.to_owned()),
                tables: tables.iter().map(|held| Held::parse(held)).collect(),
            };
            let missed = versions.missed(&changed, &resume, &reads.iter().copied().collect());
            let missed: Vec<String> = missed.iter().map(|t| t.as_str().to_owned()).collect();
            missed.join(" ")
        };
        // Each table by the version of its own data, whatever the client has heard of since.
        assert_eq!(
            missed("life.3", &["users@life.0", "posts@life.2"], &[]),
            "users"
        );
        assert_eq!(
            missed("life.1", &["users", "posts", "tags@life.3"], &[]),
            "posts"
        );
        // A read whose reply the client does not have yet.
        assert_eq!(
            missed("life.1", &["users@life.3"], &["users", "tags"]),
            "tags"
        );
        assert_eq!(
            missed("other.7", &["users@life.3"], &["users", "tags"]),
            "tags"
        );
        // A first socket.
        assert_eq!(missed("", &[], &["users"]), "");
        assert_eq!(missed("", &["users@life.0", "posts@life.3"], &[]), "users");
        assert_eq!(missed("life.3", &["*@life.2"], &[]), "*");
        assert_eq!(missed("life.3", &["*@life.3"], &[]), "");
    }

    #[test]
    fn a_write_of_every_table_makes_each_stale() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        versions.wrote(&mut changed, &TableSet::every());
        assert!(versions.is_stale(&changed, &"users".into(), "life.0"));
        assert!(!versions.is_stale(&changed, &"users".into(), "life.1"));
    }

    #[test]
    fn lives_sort_by_their_beginnings() {
        let (first, second) = (1_795_000_000_000_000, 1_795_000_000_000_001);
        assert!(epoch(first, "ffff") < epoch(second, "0000"));
        assert_eq!(epoch(first, "ffff").len(), epoch(0, "0000").len());
    }
}
