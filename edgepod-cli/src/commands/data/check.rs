//! Whether a file is the database that was to come.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail};
use edgepod_manifest::DATA_TABLES;
use edgepod_sql::quote;
use rusqlite::{Connection, OpenFlags};

/// Checks every page and index of the file, and the rows of its tables against those that it is to have. How many rows there are.
///
/// # Errors
/// What is wrong.
pub(super) fn check(file: &Path, rows: &BTreeMap<String, u64>) -> Result<u64> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    whole(&connection)?;
    let found = tables(&connection)?;
    for (table, expected) in rows {
        let found = found.get(table).copied().unwrap_or_default();
        if found != *expected {
            bail!("the table `{table}` has {found} rows and not {expected}");
        }
    }
    Ok(found.values().sum())
}

/// Checks every page and index.
///
/// # Errors
/// What is damaged.
pub(super) fn whole(connection: &Connection) -> Result<()> {
    let mut check = connection.prepare("PRAGMA integrity_check")?;
    let found = check.query_map((), |row| row.get::<_, String>(0))?;
    let found: Vec<String> = found.collect::<Result<_, _>>().context("it is damaged")?;
    if found != ["ok"] {
        bail!("it is damaged: {}", found.join("; "));
    }
    Ok(())
}

/// The rows of each table that is none of SQLite's own.
///
/// # Errors
/// SQLite's.
pub(super) fn tables(connection: &Connection) -> Result<BTreeMap<String, u64>> {
    let mut tables = connection.prepare(DATA_TABLES)?;
    let names = tables.query_map((), |row| row.get::<_, String>(0))?;
    names
        .map(|name| {
            let name = name?;
            let sql = format!("SELECT count(*) FROM {}", quote(&name));
            let count: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
            Ok((name, count.unsigned_abs()))
        })
        .collect()
}
