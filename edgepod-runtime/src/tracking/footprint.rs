//! What calls read and write: sets of topics.

use super::{ColumnId, TableName, TableSet, Topic, ValueDigest};
use crate::thin::push_json;

/// Values of one column that a write names; of more it touches the whole table.
pub const MAX_VALUES: usize = 64;

/// The end of a SELECT of a column's values: one more than is of use shows that there are too many.
pub const LIMIT_VALUES: &str = " LIMIT 65";

/// The digests of a column's values, sorted.
type Digests = Vec<ValueDigest>;

/// What of one table is read or written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Any row: a reader depends on each, a writer may have touched each.
    pub whole: bool,
    /// Rows with these values, by column. A reader depends on each of them. What a writer touched is known of these columns,
    /// and of no other.
    at: Vec<(ColumnId, Digests)>,
}

impl Extent {
    /// The whole table.
    pub fn whole() -> Self {
        Self {
            whole: true,
            at: Vec::new(),
        }
    }

    /// Rows with these values.
    pub fn at(columns: impl IntoIterator<Item = (ColumnId, ValueDigest)>) -> Self {
        let mut extent = Self::default();
        for (column, digest) in columns {
            extent.add(column, digest);
        }
        extent
    }

    /// The columns with their values.
    pub fn columns(&self) -> impl Iterator<Item = (ColumnId, &[ValueDigest])> {
        self.at
            .iter()
            .map(|(column, digests)| (*column, &digests[..]))
    }

    /// The values of a column, where it is known.
    pub fn column(&self, column: ColumnId) -> Option<&[ValueDigest]> {
        self.columns()
            .find(|(id, _)| *id == column)
            .map(|(_, digests)| digests)
    }

    /// How many values there are.
    pub fn values(&self) -> usize {
        self.at.iter().map(|(_, digests)| digests.len()).sum()
    }

    /// Adds a value; whether it is new.
    pub fn add(&mut self, column: ColumnId, digest: ValueDigest) -> bool {
        let place = match self.at.iter().position(|(id, _)| *id >= column) {
            Some(place) if self.at[place].0 == column => place,
            place => {
                let place = place.unwrap_or(self.at.len());
                self.at.insert(place, (column, Vec::new()));
                place
            }
        };
        let digests = &mut self.at[place].1;
        match digests.binary_search(&digest) {
            Ok(_) => false,
            Err(at) => {
                digests.insert(at, digest);
                true
            }
        }
    }

    /// Says that a column is known, before its values are added.
    pub fn know(&mut self, column: ColumnId) {
        if self.column(column).is_none() {
            let place = self.at.partition_point(|(id, _)| *id < column);
            self.at.insert(place, (column, Vec::new()));
        }
    }

    /// Takes out a value; whether it was there.
    pub fn remove(&mut self, column: ColumnId, digest: ValueDigest) -> bool {
        let Some(place) = self.at.iter().position(|(id, _)| *id == column) else {
            return false;
        };
        let digests = &mut self.at[place].1;
        let Ok(at) = digests.binary_search(&digest) else {
            return false;
        };
        digests.remove(at);
        if digests.is_empty() {
            self.at.remove(place);
        }
        true
    }

    fn is_empty(&self) -> bool {
        !self.whole && self.at.is_empty()
    }

    /// What another read depends on is depended on, too; whether that is more.
    fn read_too(&mut self, other: &Extent) -> bool {
        let mut more = other.whole && !self.whole;
        self.whole |= other.whole;
        for (column, digests) in other.columns() {
            for digest in digests {
                more |= self.add(column, *digest);
            }
        }
        more
    }

    /// What another write touched is touched, too. Where both do not know the same columns, or more than [`MAX_VALUES`] values
    /// of one, it is the whole table.
    fn written_too(&mut self, other: &Extent) {
        let columns = |extent: &Extent| extent.at.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        self.whole |= other.whole || columns(self) != columns(other);
        for ((_, digests), (_, more)) in self.at.iter_mut().zip(&other.at) {
            for digest in more {
                if let Err(at) = digests.binary_search(digest) {
                    digests.insert(at, *digest);
                }
            }
            self.whole |= digests.len() > MAX_VALUES;
        }
        if self.whole {
            self.at.clear();
        }
    }

    /// What of this read extent is stale after a write.
    fn stale_after(&self, written: &Extent) -> Extent {
        let mut stale = Extent {
            whole: self.whole,
            at: Vec::new(),
        };
        for (column, digests) in &self.at {
            let touched = match (written.whole, written.column(*column)) {
                (false, Some(values)) => digests
                    .iter()
                    .filter(|digest| values.binary_search(digest).is_ok())
                    .copied()
                    .collect(),
                _ => digests.clone(),
            };
            if !touched.is_empty() {
                stale.at.push((*column, touched));
            }
        }
        stale
    }
}

/// Topics: of tables, each in whole or at some values. Of a read those that it depends on, of a write those that it touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Sorted by name.
    tables: Vec<(TableName, Extent)>,
}

impl Footprint {
    /// Every table.
    pub fn every() -> Self {
        Self::from(&TableSet::every())
    }

    /// Whether it has no topic.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether it stands for every table.
    pub fn is_every(&self) -> bool {
        self.get(TableName::EVERY).is_some()
    }

    /// The tables with their extents, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&TableName, &Extent)> {
        self.tables.iter().map(|(table, extent)| (table, extent))
    }

    /// The extent of a table (every table is a name of its own here).
    pub fn get(&self, table: &str) -> Option<&Extent> {
        let place = self.place(table).ok()?;
        Some(&self.tables[place].1)
    }

    fn place(&self, table: &str) -> Result<usize, usize> {
        self.tables
            .binary_search_by(|(name, _)| name.as_str().cmp(table))
    }

    /// The extent of a table, empty where it had none: to be filled by the caller.
    pub fn entry(&mut self, table: &TableName) -> &mut Extent {
        let place = match self.place(table.as_str()) {
            Ok(place) => place,
            Err(place) => {
                self.tables
                    .insert(place, (table.clone(), Extent::default()));
                place
            }
        };
        &mut self.tables[place].1
    }

    /// The topics of one more read; whether one is new.
    pub fn read_too(&mut self, other: &Footprint) -> bool {
        let mut more = false;
        for (table, extent) in other.iter() {
            more |= self.entry(table).read_too(extent);
        }
        more
    }

    /// The topics of one more write.
    pub fn written_too(&mut self, other: &Footprint) {
        for (table, extent) in other.iter() {
            match self.place(table.as_str()) {
                Ok(place) => self.tables[place].1.written_too(extent),
                Err(place) => self.tables.insert(place, (table.clone(), extent.clone())),
            }
        }
    }

    /// Adds one topic that is read.
    pub fn add(&mut self, topic: &Topic) {
        let extent = self.entry(&topic.table);
        match topic.at {
            None => extent.whole = true,
            Some((column, digest)) => {
                extent.add(column, digest);
            }
        }
    }

    /// Whether it has this topic itself.
    pub fn has(&self, topic: &Topic) -> bool {
        self.get(topic.table.as_str())
            .is_some_and(|extent| match topic.at {
                None => extent.whole,
                Some((column, digest)) => extent
                    .column(column)
                    .is_some_and(|digests| digests.binary_search(&digest).is_ok()),
            })
    }

    /// Takes out a topic.
    pub fn remove(&mut self, topic: &Topic) {
        let Ok(place) = self.place(topic.table.as_str()) else {
            return;
        };
        let extent = &mut self.tables[place].1;
        match topic.at {
            None => extent.whole = false,
            Some((column, digest)) => {
                extent.remove(column, digest);
            }
        }
        if extent.is_empty() {
            self.tables.remove(place);
        }
    }

    /// Takes out a table with all its topics.
    pub fn remove_table(&mut self, table: &str) -> Option<Extent> {
        let place = self.place(table).ok()?;
        Some(self.tables.remove(place).1)
    }

    /// The topics of this read footprint that a write makes stale.
    pub fn stale_after(&self, written: &Footprint) -> Footprint {
        if self.is_every() {
            // Whoever reads every table is told which ones changed, and that these changed in whole.
            let mut stale = Footprint::default();
            for (table, _) in written.iter() {
                stale.entry(table).whole = true;
            }
            for (table, extent) in self.iter() {
                if written.get(table.as_str()).is_some() || written.is_every() {
                    stale.entry(table).read_too(extent);
                }
            }
            return stale;
        }
        let whole = Extent::whole();
        let mut stale = Footprint::default();
        for (table, extent) in self.iter() {
            let touched = match written.get(table.as_str()) {
                _ if written.is_every() => &whole,
                Some(touched) => touched,
                None => continue,
            };
            let extent = extent.stale_after(touched);
            if !extent.is_empty() {
                stale.tables.push((table.clone(), extent));
            }
        }
        stale
    }

    /// The topics, one by one.
    pub fn topics(&self) -> Vec<Topic> {
        let mut topics = Vec::new();
        for (table, extent) in self.iter() {
            let mut add = |at| {
                topics.push(Topic {
                    table: table.clone(),
                    at,
                });
            };
            if extent.whole {
                add(None);
            }
            for (column, digests) in extent.columns() {
                digests
                    .iter()
                    .for_each(|digest| add(Some((column, *digest))));
            }
        }
        topics
    }

    /// The tables, without their values.
    pub fn tables(&self) -> TableSet {
        self.iter().map(|(table, _)| table.clone()).collect()
    }

    /// Appends the tables' names as a JSON array.
    pub(crate) fn push_tables(&self, json: &mut String) {
        json.push('[');
        for (i, (table, _)) in self.iter().enumerate() {
            if i > 0 {
                json.push(',');
            }
            push_json(json, table.as_str());
        }
        json.push(']');
    }

    /// Appends the topics' texts as a JSON array; and where `every` says so one more, which stands for all that there are.
    pub(crate) fn push_topics(&self, json: &mut String, every: bool) {
        json.push('[');
        let mut first = true;
        let mut push = |text: &str| {
            if !std::mem::take(&mut first) {
                json.push(',');
            }
            push_json(json, text);
        };
        let mut text = String::new();
        for (table, extent) in self.iter() {
            if extent.whole {
                push(table.as_str());
            }
            for (column, digests) in extent.columns() {
                for digest in digests {
                    text.clear();
                    Topic::push(&mut text, table, Some((column, *digest)));
                    push(&text);
                }
            }
        }
        if every && !self.is_every() {
            push(TableName::EVERY);
        }
        json.push(']');
    }
}

impl From<&Topic> for Footprint {
    /// What reads one topic.
    fn from(topic: &Topic) -> Self {
        let mut footprint = Self::default();
        footprint.add(topic);
        footprint
    }
}

impl From<&TableSet> for Footprint {
    fn from(tables: &TableSet) -> Self {
        let whole = |table: &TableName| (table.clone(), Extent::whole());
        Self {
            tables: tables.iter().map(whole).collect(),
        }
    }
}

impl<T: Into<TableName>> FromIterator<T> for Footprint {
    /// Tables in whole.
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut footprint = Self::default();
        for name in names {
            footprint.entry(&name.into()).whole = true;
        }
        footprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sqlite::Value, tracking::TopicKey};

    const ROOM: ColumnId = ColumnId(1);
    const AUTHOR: ColumnId = ColumnId(2);

    fn digest(column: ColumnId, value: i64) -> ValueDigest {
        TopicKey::new([1; 16])
            .digest("messages", column, &Value::Integer(value))
            .unwrap()
    }

    fn at(values: &[(ColumnId, i64)]) -> Footprint {
        let mut footprint = Footprint::default();
        let columns = values.iter().map(|(c, v)| (*c, digest(*c, *v)));
        *footprint.entry(&"messages".into()) = Extent::at(columns);
        footprint
    }

    fn whole(tables: &[&str]) -> Footprint {
        tables.iter().copied().collect()
    }

    #[test]
    fn a_reader_of_a_value_is_woken_by_writes_of_that_value_alone() {
        let read = at(&[(ROOM, 7)]);
        assert_eq!(read.stale_after(&at(&[(ROOM, 7), (ROOM, 8)])), read);
        assert!(read.stale_after(&at(&[(ROOM, 8)])).is_empty());
        assert_eq!(read.stale_after(&whole(&["messages"])), read);
        assert!(read.stale_after(&whole(&["rooms"])).is_empty());
        assert_eq!(read.stale_after(&Footprint::every()), read);
        // Of this column the writer knows nothing.
        assert_eq!(read.stale_after(&at(&[(AUTHOR, 1)])), read);
    }

    #[test]
    fn a_reader_of_the_table_is_woken_by_every_write_of_it() {
        let read = whole(&["messages", "rooms"]);
        assert_eq!(read.stale_after(&at(&[(ROOM, 7)])), whole(&["messages"]));
        let mut both = read.clone();
        both.read_too(&at(&[(ROOM, 7)]));
        assert_eq!(both.stale_after(&at(&[(ROOM, 8)])), whole(&["messages"]));
    }

    #[test]
    fn who_reads_every_table_is_told_which_changed() {
        let every = Footprint::every();
        assert_eq!(every.stale_after(&at(&[(ROOM, 7)])), whole(&["messages"]));
        assert_eq!(every.stale_after(&every), every);
        assert!(every.stale_after(&Footprint::default()).is_empty());
    }

    #[test]
    fn writes_add_up_where_they_know_the_same_columns() {
        let mut written = at(&[(ROOM, 7)]);
        written.written_too(&at(&[(ROOM, 8)]));
        assert_eq!(written, at(&[(ROOM, 7), (ROOM, 8)]));
        written.written_too(&at(&[(ROOM, 7), (AUTHOR, 1)]));
        assert_eq!(written, whole(&["messages"]));
        written.written_too(&at(&[(ROOM, 8)]));
        assert_eq!(written, whole(&["messages"]));
    }

    #[test]
    fn more_values_than_are_named_are_the_whole_table() {
        let mut written = at(&[(ROOM, 0)]);
        for value in 0..MAX_VALUES as i64 {
            written.written_too(&at(&[(ROOM, value)]));
        }
        assert_eq!(written.get("messages").unwrap().values(), MAX_VALUES);
        written.written_too(&at(&[(ROOM, -1)]));
        assert_eq!(written, whole(&["messages"]));
    }

    #[test]
    fn a_topic_goes_as_it_came() {
        let mut read = at(&[(ROOM, 7)]);
        let topic = Topic {
            table: "messages".into(),
            at: Some((AUTHOR, digest(AUTHOR, 1))),
        };
        let before = read.clone();
        read.add(&topic);
        read.add(&Topic::parse("messages"));
        assert_ne!(read, before);
        read.remove(&topic);
        read.remove(&Topic::parse("messages"));
        assert_eq!(read, before);
    }
}
