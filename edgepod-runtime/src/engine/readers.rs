//! Which sessions depend on which topics.

use std::collections::{HashMap, HashSet};

use super::sessions::SessionId;
use crate::tracking::{ColumnId, Extent, Footprint, TableName, ValueDigest};

/// Writes of a table that still say what they touch of a column, once nobody depends on its values: whoever lost its connection
/// and comes back is told what has changed, and not that it may be anything.
const LINGERS: u16 = 256;

/// The sessions by the topics that they depend on.
#[derive(Default)]
pub(super) struct Readers {
    tables: HashMap<TableName, OfTable>,
}

#[derive(Default)]
struct OfTable {
    /// Who depends on every row.
    whole: HashSet<SessionId>,
    columns: Vec<(ColumnId, OfColumn)>,
}

/// Who depends on rows with a value of a column.
struct OfColumn {
    /// The version's count since which writes say what they touch of this column.
    since: u64,
    readers: HashMap<ValueDigest, HashSet<SessionId>>,
    /// Writes of the table since nobody does.
    unread: u16,
}

impl OfTable {
    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.columns.is_empty()
    }

    fn column(&self, id: ColumnId) -> Option<&OfColumn> {
        let mut of = self.columns.iter().filter(|(column, _)| *column == id);
        of.next().map(|(_, column)| column)
    }
}

impl Readers {
    /// Whether any session depends on something of a table.
    pub(super) fn knows(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// A session depends on a topic from now on; `count` is the version's.
    pub(super) fn add(
        &mut self,
        table: &TableName,
        at: Option<(ColumnId, ValueDigest)>,
        id: &SessionId,
        count: u64,
    ) {
        let table = self.tables.entry(table.clone()).or_default();
        let Some((column, digest)) = at else {
            table.whole.insert(id.clone());
            return;
        };
        let place = table.columns.iter().position(|(known, _)| *known == column);
        let place = place.unwrap_or_else(|| {
            let new = OfColumn {
                since: count,
                readers: HashMap::new(),
                unread: 0,
            };
            table.columns.push((column, new));
            table.columns.len() - 1
        });
        let of = &mut table.columns[place].1;
        of.unread = 0;
        let readers = &mut of.readers;
        readers.entry(digest).or_default().insert(id.clone());
    }

    /// A session no longer depends on the topics of a table.
    pub(super) fn remove(&mut self, table: &TableName, extent: &Extent, id: &SessionId) {
        let Some(of) = self.tables.get_mut(table) else {
            return;
        };
        if extent.whole {
            of.whole.remove(id);
        }
        for (column, digests) in extent.columns() {
            let Some(place) = of.columns.iter().position(|(known, _)| *known == column) else {
                continue;
            };
            let readers = &mut of.columns[place].1.readers;
            for digest in digests {
                if let Some(sessions) = readers.get_mut(digest) {
                    sessions.remove(id);
                    if sessions.is_empty() {
                        readers.remove(digest);
                    }
                }
            }
        }
        if of.is_empty() {
            self.tables.remove(table);
        }
    }

    /// The columns of a table on whose values somebody depends, or did until lately.
    pub(super) fn watched(&self, table: &str) -> Vec<ColumnId> {
        self.tables.get(table).map_or_else(Vec::new, |of| {
            of.columns.iter().map(|(column, _)| *column).collect()
        })
    }

    /// The version's count since which writes say what they touch of a column, if they do.
    pub(super) fn watched_since(&self, table: &TableName, column: ColumnId) -> Option<u64> {
        Some(self.tables.get(table)?.column(column)?.since)
    }

    /// The sessions that a write concerns.
    pub(super) fn concerned(&mut self, written: &Footprint) -> HashSet<SessionId> {
        let ids = self.readers_of(written);
        for (table, _) in written.iter() {
            let Some(of) = self.tables.get_mut(table) else {
                continue;
            };
            of.columns.retain_mut(|(_, column)| {
                column.unread += u16::from(column.readers.is_empty());
                column.unread <= LINGERS
            });
            if of.is_empty() {
                self.tables.remove(table);
            }
        }
        ids
    }

    fn readers_of(&self, written: &Footprint) -> HashSet<SessionId> {
        let mut ids = HashSet::new();
        if let Some(every) = self.tables.get(TableName::EVERY) {
            ids.extend(every.whole.iter().cloned());
        }
        if written.is_every() {
            for of in self.tables.values() {
                of.all(&mut ids);
            }
            return ids;
        }
        for (table, touched) in written.iter() {
            let Some(of) = self.tables.get(table) else {
                continue;
            };
            if touched.whole {
                of.all(&mut ids);
                continue;
            }
            ids.extend(of.whole.iter().cloned());
            for (column, of) in &of.columns {
                match touched.column(*column) {
                    // Of this column the write knows nothing.
                    None => ids.extend(of.readers.values().flatten().cloned()),
                    Some(digests) => ids.extend(
                        digests
                            .iter()
                            .filter_map(|digest| of.readers.get(digest))
                            .flatten()
                            .cloned(),
                    ),
                }
            }
        }
        ids
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let is_unread = |(_, column): &(ColumnId, OfColumn)| column.readers.is_empty();
        let mut tables = self.tables.values();
        tables.all(|of| of.whole.is_empty() && of.columns.iter().all(is_unread))
    }
}

impl OfTable {
    fn all(&self, ids: &mut HashSet<SessionId>) {
        ids.extend(self.whole.iter().cloned());
        for (_, column) in &self.columns {
            ids.extend(column.readers.values().flatten().cloned());
        }
    }
}
