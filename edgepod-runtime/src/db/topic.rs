//! Topics as functions name them.

use super::{Column, ColumnType, Table, Value};
use crate::tracking::{ColumnId, Footprint, TableName, Topic, TopicKey};

/// A topic that a function names: a table by its name, or a table at one value of a column, as
/// [`Column::topic`] makes it.
#[derive(Clone, Debug)]
pub struct TopicOf {
    table: TableName,
    at: Option<(ColumnId, Value)>,
}

impl<T: Table, V: ColumnType> Column<T, V> {
    /// The table at this value of the column: what `ctx.subscribe_to` and `ctx.invalidate` take. Of a value that has no topic of
    /// its own, such as a float, it is the whole table.
    ///
    /// ```ignore
    /// ctx.invalidate([Message::room_id.topic(7)]);
    /// ```
    pub fn topic(self, value: impl Into<V>) -> TopicOf {
        let mut columns = T::SCHEMA.columns.iter();
        let place = columns.position(|column| column.name == self.name());
        TopicOf {
            table: TableName::new(T::SCHEMA.name),
            at: place
                .map(|place| ColumnId(place as u16))
                .zip(value.into().into_value().ok()),
        }
    }
}

impl TopicOf {
    /// Adds the topic. A value that has no topic of its own is the whole table.
    pub(crate) fn add_to(&self, footprint: &mut Footprint, key: &TopicKey) {
        footprint.add(&match &self.at {
            Some((column, value)) => Topic::at(key, self.table.as_str(), *column, value),
            None => Topic::whole(self.table.as_str()),
        });
    }
}

impl From<&str> for TopicOf {
    fn from(table: &str) -> Self {
        Self {
            table: TableName::new(table),
            at: None,
        }
    }
}

impl From<&&str> for TopicOf {
    fn from(table: &&str) -> Self {
        Self::from(*table)
    }
}

impl From<&String> for TopicOf {
    fn from(table: &String) -> Self {
        Self::from(table.as_str())
    }
}

/// `&[&name]`, as it could be written when tables were `&[&str]`.
impl From<&&String> for TopicOf {
    fn from(table: &&String) -> Self {
        Self::from(table.as_str())
    }
}

impl From<&TopicOf> for TopicOf {
    fn from(topic: &TopicOf) -> Self {
        topic.clone()
    }
}
