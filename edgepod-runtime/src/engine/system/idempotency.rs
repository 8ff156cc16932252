//! `_edgepod_idempotency`: replies that are given again, under the keys of those who called. The table is made by the first call that
//! needs it.

use crate::sqlite::{Database, SqlError, Value};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS _edgepod_idempotency (id INTEGER PRIMARY KEY, \
     caller TEXT NOT NULL, key TEXT NOT NULL, call TEXT NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL, \
     UNIQUE (caller, key))";
const FIND: &str = "SELECT call, reply FROM _edgepod_idempotency WHERE caller = ?1 AND key = ?2";
const STORE: &str =
    "INSERT INTO _edgepod_idempotency (caller, key, call, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)";
/// Each reply that comes makes room for itself: the oldest are looked at, and no others. The last thousand stay, whatever the
/// clock says: one that jumps ahead between a call and its repetition is not to have it done again.
const FORGET: &str = "DELETE FROM _edgepod_idempotency WHERE at < CAST(?1 AS INTEGER) \
     AND id IN (SELECT id FROM _edgepod_idempotency ORDER BY id LIMIT 2) \
     AND id <= (SELECT max(id) FROM _edgepod_idempotency) - 1000";

/// The call under a caller's key, and its reply.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn find(
    database: &dyn Database,
    caller: &str,
    key: &str,
) -> Result<Option<(String, String)>, SqlError> {
    let params = [Value::Text(caller.to_owned()), Value::Text(key.to_owned())];
    let found = match database.run(FIND, &params) {
        Err(error) if is_missing(&error) => return Ok(None),
        found => found?,
    };
    let mut values = found.rows.into_values().into_iter();
    Ok(match (values.next(), values.next()) {
        (Some(Value::Text(call)), Some(Value::Text(reply))) => Some((call, reply)),
        _ => None,
    })
}

/// Stores a call and its reply under a caller's key, and forgets old ones: those whose `at`, in milliseconds, is before `forget`.
///
/// # Errors
/// SQLite's message.
pub(in crate::engine) fn store(
    database: &dyn Database,
    [caller, key, call, reply]: [String; 4],
    at: i64,
    forget: i64,
) -> Result<(), SqlError> {
    let texts = [caller, key, call, reply].map(Value::Text);
    let params: Vec<Value> = texts.into_iter().chain([Value::Integer(at)]).collect();
    match database.run(STORE, &params) {
        Err(error) if is_missing(&error) => {
            database.run(CREATE, &[])?;
            database.run(STORE, &params)?;
        }
        done => drop(done?),
    }
    database.run(FORGET, &[Value::Integer(forget)]).map(drop)
}

fn is_missing(error: &SqlError) -> bool {
    error
        .message
        .contains("no such table: _edgepod_idempotency")
}
