//! The journal: which migrations a database has applied.

use edgepod_manifest::{CREATE_JOURNAL, JOURNAL_EXISTS, READ_JOURNAL};

use crate::sqlite::{Database, SqlError, Value};

/// A migration that a database has applied.
pub(super) struct Applied {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) checksum: String,
}

/// Reads the journal, by number. A database without one has applied nothing.
pub(super) fn read(database: &dyn Database) -> Result<Vec<Applied>, SqlError> {
    if database.run(JOURNAL_EXISTS, &[])?.rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = database.run(READ_JOURNAL, &[])?.rows;
    rows.iter()
        .map(|row| match row {
            [number, Value::Text(name), Value::Text(checksum)] => Ok(Applied {
                number: match number {
                    Value::Integer(n) => u32::try_from(*n).unwrap_or(u32::MAX),
                    Value::Real(x) => *x as u32,
                    _ => 0,
                },
                name: name.clone(),
                checksum: checksum.clone(),
            }),
            other => Err(SqlError {
                message: format!("a row is {other:?}"),
            }),
        })
        .collect()
}

/// Adds a row, in the migration's transaction.
pub(super) fn write(
    database: &dyn Database,
    migration: &super::Migration,
    now_micros: i64,
) -> Result<(), SqlError> {
    database.run(CREATE_JOURNAL, &[])?;
    database.run(
        "INSERT INTO \"_edgepod_migrations\" (number, name, checksum, applied_at) \
         VALUES (CAST(? AS INTEGER), ?, ?, CAST(? AS INTEGER))",
        &[
            Value::Integer(migration.number.into()),
            Value::Text(migration.name.to_owned()),
            Value::Text(migration.checksum.to_owned()),
            Value::Integer(now_micros),
        ],
    )?;
    Ok(())
}
