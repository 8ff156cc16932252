//! Table names, and sets of them.

use std::{collections::BTreeSet, fmt, sync::Arc};

/// The name of a table as the schema spells it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(Arc<str>);

impl TableName {
    /// The name that stands for every table: of a statement that cannot be explained.
    pub const EVERY: &'static str = "*";

    /// A name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for TableName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TableName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// A set of tables, sorted by name, or every table.
///
/// A type of its own, not a list of strings: later it may know rows, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSet {
    names: BTreeSet<TableName>,
}

impl TableSet {
    /// The set of every table.
    pub fn every() -> Self {
        Self::from_iter([TableName::EVERY])
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &TableName) {
        self.names.remove(name);
    }

    /// Whether it stands for every table.
    pub fn is_every(&self) -> bool {
        self.names.contains(TableName::EVERY)
    }

    /// Whether it holds no table.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Adds a table; whether it is new.
    pub fn insert(&mut self, name: TableName) -> bool {
        self.names.insert(name)
    }

    /// Adds all tables of `other`.
    pub fn extend(&mut self, other: &TableSet) {
        self.names.extend(other.names.iter().cloned());
    }

    /// Takes out the tables of `other`.
    pub fn remove_all(&mut self, other: &TableSet) {
        self.names.retain(|name| !other.names.contains(name));
    }

    /// Whether it holds this name (every table is a name of its own here).
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &TableName> {
        self.names.iter()
    }

    /// The tables of `self` that a change of `written` makes stale.
    pub fn stale_after(&self, written: &TableSet) -> TableSet {
        if written.is_every() {
            self.clone()
        } else if self.is_every() {
            written.clone()
        } else {
            let both = self.iter().filter(|name| written.names.contains(*name));
            both.cloned().collect()
        }
    }
}

impl<T: Into<TableName>> FromIterator<T> for TableSet {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        // One by one: to collect them would sort them first, by kilobytes of code.
        let mut set = Self::default();
        for name in names {
            set.insert(name.into());
        }
        set
    }
}

impl serde::Serialize for TableSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names.iter().map(TableName::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> TableSet {
        names.iter().copied().collect()
    }

    #[test]
    fn a_read_set_goes_stale_by_what_it_shares_with_the_written_one() {
        let read = set(&["posts", "users"]);
        assert_eq!(read.stale_after(&set(&["tags", "users"])), set(&["users"]));
        assert!(read.stale_after(&set(&["tags"])).is_empty());
    }

    #[test]
    fn every_table_meets_any_table() {
        let read = set(&["users"]);
        assert_eq!(read.stale_after(&TableSet::every()), read);
        assert_eq!(TableSet::every().stale_after(&read), read);
        assert!(
            TableSet::every()
                .stale_after(&TableSet::default())
                .is_empty()
        );
    }
}
