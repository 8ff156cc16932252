//! What a database keeps for its engines, by name.

use crate::{
    sqlite::{Database, SqlError, Value},
    tracking::TopicKey,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS _edgepod_settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) \
     STRICT, WITHOUT ROWID";
const FIND: &str = "SELECT value FROM _edgepod_settings WHERE name = 'topic_key'";
const MAKE: &str = "INSERT INTO _edgepod_settings (name, value) VALUES ('topic_key', lower(hex(randomblob(16)))) \
     ON CONFLICT DO NOTHING";

/// The secret with which this database hides the values in topics, made the first time. It outlives its engines, because what
/// sockets remember through hibernation names topics. Not within a transaction, which could take it back.
///
/// # Errors
/// SQLite's message; a key that somebody has changed.
pub(in crate::engine) fn topic_key(database: &dyn Database) -> Result<TopicKey, SqlError> {
    let found = match database.run(FIND, &[]) {
        Ok(found) if !found.rows.is_empty() => found,
        _ => {
            database.run(CREATE, &[])?;
            database.run(MAKE, &[])?;
            database.run(FIND, &[])?
        }
    };
    let key = match found.rows.iter().next() {
        Some([Value::Text(hex)]) => parse(hex),
        _ => None,
    };
    key.ok_or_else(|| SqlError {
        message: "the setting `topic_key` in _edgepod_settings is not 32 hexadecimal digits: delete that row".to_owned(),
    })
}

fn parse(hex: &str) -> Option<TopicKey> {
    let mut key = [0; TopicKey::LENGTH];
    let read = base16ct::mixed::decode(hex, &mut key).ok()?;
    (read.len() == TopicKey::LENGTH).then(|| TopicKey::new(key))
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;
    use crate::{testing::memory_database, tracking::ColumnId};

    #[test]
    fn a_database_keeps_its_key_and_has_another_than_others() {
        let digest = |database: &dyn Database| {
            let key = topic_key(database).unwrap();
            key.digest("t", ColumnId(0), &Value::Null)
        };
        let (one, two) = (memory_database(), memory_database());
        let first = digest(&*one);
        assert_eq!(digest(&*one), first);
        assert_ne!(digest(&*two), first);
    }
}
