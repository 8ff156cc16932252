//! Topics: a table, or a table at one value of one column.

use std::fmt;
#[cfg(debug_assertions)]
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest as _, Sha256};

use super::TableName;
use crate::{sqlite::Value, thin::push_number};

/// Bytes of a value's digest: two of a million values have the same with a probability of 10^-17, and then wake each other.
const DIGEST: usize = 12;

/// Characters of a digest's text.
const TEXT: usize = 16;

/// What stands between a table's name and the rest of a topic's text.
const MARK: char = '#';

/// A column of a table: its place in the table's struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub u16);

/// A secret of a database, with which the values in topics are hidden: whoever sees a topic learns nothing of its value, and
/// cannot ask for another one.
#[derive(Clone)]
pub struct TopicKey {
    secret: [u8; 16],
    #[cfg(debug_assertions)]
    values: Values,
}

/// The values behind digests, in a build for development: what topics are called there.
#[cfg(debug_assertions)]
type Values = Arc<Mutex<HashMap<ValueDigest, String>>>;

/// The most values that have a name at one time.
#[cfg(debug_assertions)]
const NAMED: usize = 16_384;

/// The longest name of a value, in characters.
#[cfg(debug_assertions)]
const LONGEST: usize = 40;

impl TopicKey {
    /// Bytes of a key.
    pub const LENGTH: usize = 16;

    /// A key of these bytes, which are random.
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self {
            secret: bytes,
            #[cfg(debug_assertions)]
            values: Values::default(),
        }
    }

    /// What stands for a value of a column. `None` for values whose equality in SQLite is not that of their bytes: floats, which
    /// may equal integers; and bytes, which hosts hand over in different forms.
    pub fn digest(&self, table: &str, column: ColumnId, value: &Value) -> Option<ValueDigest> {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update((table.len() as u32).to_le_bytes());
        hash.update(table.as_bytes());
        hash.update(column.0.to_le_bytes());
        match value {
            Value::Null => hash.update([0]),
            Value::Integer(n) => {
                hash.update([1]);
                hash.update(n.to_le_bytes());
            }
            Value::Text(text) => {
                hash.update([2]);
                hash.update(text.as_bytes());
            }
            Value::Real(_) | Value::Blob(_) => return None,
        }
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&hash.finalize()[..DIGEST]);
        let digest = ValueDigest(digest);
        #[cfg(debug_assertions)]
        self.name(digest, value);
        Some(digest)
    }

    #[cfg(debug_assertions)]
    fn name(&self, digest: ValueDigest, value: &Value) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= NAMED {
            values.clear();
        }
        values.entry(digest).or_insert_with(|| match value {
            Value::Integer(n) => n.to_string(),
            Value::Text(text) if text.chars().nth(LONGEST).is_some() => {
                let start: String = text.chars().take(LONGEST).collect();
                format!("{start:?}…")
            }
            Value::Text(text) => format!("{text:?}"),
            _ => "NULL".to_owned(),
        });
    }

    /// The value that a digest stands for, in words, where it was seen lately. Only in a build for development: what a topic says
    /// to others is nothing.
    #[cfg(debug_assertions)]
    pub fn value_of(&self, digest: ValueDigest) -> Option<String> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.get(&digest).cloned()
    }
}

impl fmt::Debug for TopicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TopicKey")
    }
}

/// What stands for a value of a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueDigest([u8; DIGEST]);

impl ValueDigest {
    fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; DIGEST];
        match Base64UrlUnpadded::decode(text, &mut digest) {
            Ok(bytes) if bytes.len() == DIGEST => Some(Self(digest)),
            _ => None,
        }
    }

    fn push(self, text: &mut String) {
        let mut buffer = [0; TEXT];
        let digits = Base64UrlUnpadded::encode(&self.0, &mut buffer);
        text.push_str(digits.expect("12 bytes are 16 characters"));
    }
}

impl fmt::Debug for ValueDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push(&mut text);
        f.write_str(&text)
    }
}

/// A table, or a table at one value of one column.
///
/// Its text is opaque to clients: the table's name, and for a value `#`, the column's place, `.` and the value's digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The table.
    pub table: TableName,
    /// The column and the digest of its value; `None` for the whole table.
    pub at: Option<(ColumnId, ValueDigest)>,
}

impl Topic {
    /// A table in whole.
    pub fn whole(table: &str) -> Self {
        Self {
            table: TableName::new(table),
            at: None,
        }
    }

    /// A table where a column has this value; the whole table where the value has no [digest](TopicKey::digest).
    pub fn at(key: &TopicKey, table: &str, column: ColumnId, value: &Value) -> Self {
        let digest = key.digest(table, column, value);
        Self {
            table: TableName::new(table),
            at: digest.map(|digest| (column, digest)),
        }
    }

    /// A topic from its text: what is no value's is a table's name.
    pub fn parse(text: &str) -> Self {
        let value = || {
            let (table, rest) = text.rsplit_once(MARK)?;
            let (column, digest) = rest.split_once('.')?;
            let column = ColumnId(column.parse().ok()?);
            Some(Self {
                table: TableName::new(table),
                at: Some((column, ValueDigest::parse(digest)?)),
            })
        };
        value().unwrap_or_else(|| Self::whole(text))
    }

    /// Appends the text of a topic.
    pub fn push(text: &mut String, table: &TableName, at: Option<(ColumnId, ValueDigest)>) {
        text.push_str(table.as_str());
        if let Some((column, digest)) = at {
            text.push(MARK);
            push_number(text, u64::from(column.0));
            text.push('.');
            digest.push(text);
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        Topic::push(&mut text, &self.table, self.at);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: ColumnId = ColumnId(2);

    fn key() -> TopicKey {
        TopicKey::new([7; TopicKey::LENGTH])
    }

    #[test]
    fn a_topic_is_its_text_again() {
        let digest = key().digest("messages", ROOM, &Value::Integer(7)).unwrap();
        for at in [None, Some((ROOM, digest))] {
            let topic = Topic {
                table: TableName::new("mess#ages"),
                at,
            };
            assert_eq!(Topic::parse(&topic.to_string()), topic);
        }
    }

    #[test]
    fn what_is_no_value_is_a_table() {
        for text in [
            "a",
            "",
            "a#",
            "a#1.",
            "a#1.AAAA",
            "a#x.AAAAAAAAAAAAAAAA",
            "a#70000.AAAAAAAAAAAAAAAA",
            "a#1.AAAAAAAAAAAAAAA?",
        ] {
            assert_eq!(Topic::parse(text).at, None, "{text}");
            assert_eq!(Topic::parse(text).to_string(), text);
        }
    }

    #[test]
    fn different_values_columns_tables_and_databases_have_different_digests() {
        let mut seen = std::collections::HashSet::new();
        for secret in [1, 2] {
            let key = TopicKey::new([secret; TopicKey::LENGTH]);
            for table in ["t", "tt"] {
                for column in [ColumnId(0), ColumnId(1)] {
                    for value in [
                        Value::Null,
                        Value::Integer(0),
                        Value::Integer(1),
                        Value::Text(String::new()),
                        Value::Text("\0".into()),
                        Value::Text("1".into()),
                    ] {
                        assert!(seen.insert(key.digest(table, column, &value).unwrap()));
                    }
                }
            }
        }
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_build_for_development_knows_the_values_that_it_has_seen() {
        let key = key();
        for (value, name) in [
            (Value::Integer(7), "7"),
            (Value::Null, "NULL"),
            (Value::Text("a\"b".into()), r#""a\"b""#),
            (
                Value::Text("é".repeat(41)),
                &format!("\"{}\"…", "é".repeat(40)),
            ),
        ] {
            let digest = key.digest("t", ROOM, &value).unwrap();
            assert_eq!(key.value_of(digest).as_deref(), Some(name));
        }
        let elsewhere = TopicKey::new([8; TopicKey::LENGTH]).digest("t", ROOM, &Value::Null);
        assert_eq!(key.value_of(elsewhere.unwrap()), None);
    }

    #[test]
    fn values_that_may_equal_others_have_none() {
        assert_eq!(key().digest("t", ROOM, &Value::Real(1.0)), None);
        assert_eq!(key().digest("t", ROOM, &Value::Blob(vec![1])), None);
    }
}
