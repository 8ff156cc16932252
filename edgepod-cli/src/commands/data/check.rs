//! Whether a file is the database that was to come.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use edgepod_sql::quote;
use rusqlite::{Connection, OpenFlags};

/// Checks every page and index of the file, and the rows of its tables against those that it is to have. How many rows there are.
///
/// # Errors
/// What is wrong.
pub(super) fn check(file: &Path, rows: Option<&BTreeMap<String, u64>>) -> Result<u64> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut check = connection.prepare("PRAGMA integrity_check")?;
    let found = check.query_map((), |row| row.get::<_, String>(0))?;
    let found: Vec<String> = found.collect::<Result<_, _>>().context("it is damaged")?;
    if found != ["ok"] {
        bail!("it is damaged: {}", found.join("; "));
    }
    let mut all = 0;
    for (table, expected) in rows.into_iter().flatten() {
        let sql = format!("SELECT count(*) FROM {}", quote(table));
        let count: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
        if count.unsigned_abs() != *expected {
            bail!("the table `{table}` has {count} rows and not {expected}");
        }
        all += expected;
    }
    Ok(all)
}
