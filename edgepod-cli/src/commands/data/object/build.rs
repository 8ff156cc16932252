//! From the lines of a copy to a SQLite file: `T` and what a table is, as JSON; the values of its rows, as SQL; `C` and the table again,
//! before rows that changed, each behind the number of its change and its rowid, without values where it is gone; `S` and what else
//! there is in the schema; `E` for the end.
//!
//! Rows of one table may be of several moments. One that has the unique value that another has had is newer: the other one changed
//! after it was read, and comes once more.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use edgepod_sql::quote;
use fs_err as fs;
use rusqlite::{Connection, config::DbConfig, limits::Limit, params};
use serde::Deserialize;

use super::super::{
    check,
    partial::{beside, private},
};

/// After so many bytes of rows they are inserted.
const AT_ONCE: usize = 256 * 1024;

#[derive(Deserialize)]
struct Table {
    name: String,
    /// None of a table that SQLite makes itself.
    sql: Option<String>,
    columns: Vec<String>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    tbl_name: String,
    sql: String,
}

/// What came of lines.
pub(in super::super) enum Built {
    /// The database is there.
    File(PathBuf),
    /// These tables have more rows than they should. No trigger says which row goes where `INSERT OR REPLACE` takes the place of
    /// another one.
    Replaced(Vec<String>),
}

/// Builds the database of the lines in `text`, beside `file`. So many `rows` each table is to have.
///
/// # Errors
/// Lines that are none, that end too early, or that SQLite refuses.
pub(in super::super) fn build(
    text: &Path,
    file: &Path,
    rows: &BTreeMap<String, u64>,
) -> Result<Built> {
    let built = beside(file, ".building");
    private(&built)?;
    let connection = Connection::open(&built)?;
    // Its statements are what an app says: they write this file, and no other.
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // Nobody else has the file, and it is made anew where this ends too early.
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN",
    )?;
    let mut builder = Builder {
        connection: &connection,
        insert: String::new(),
        changes: None,
        rows: String::new(),
        is_virtual: false,
        is_counted: false,
    };
    let mut ended = false;
    for line in BufReader::new(fs::File::open(text)?).lines() {
        let line = line?;
        if ended {
            bail!("lines come after the end");
        }
        // Before the indexes: a unique one would refuse them.
        if !builder.is_counted && (line.starts_with("S{") || line.starts_with('E')) {
            builder.flush()?;
            builder.is_counted = true;
            let found = check::tables(&connection)?;
            let more = found
                .into_iter()
                .filter(|(name, found)| rows.get(name).is_some_and(|expected| found > expected));
            let more: Vec<_> = more.map(|(name, _)| name).collect();
            if !more.is_empty() {
                return Ok(Built::Replaced(more));
            }
        }
        ended = builder.line(&line)?;
    }
    if !ended {
        bail!("the lines end too early");
    }
    let is_virtual = builder.is_virtual;
    connection.execute_batch("COMMIT")?;
    drop(connection);
    if is_virtual {
        // It knows the virtual tables once it is opened anew.
        Connection::open(&built)?.execute_batch("PRAGMA writable_schema = RESET")?;
    }
    fs::File::open(&built)?.sync_all()?;
    Ok(Built::File(built))
}

struct Builder<'a> {
    connection: &'a Connection,
    /// `INSERT INTO … VALUES ` of the table whose rows come.
    insert: String,
    /// Where that is a table of changes: what takes them from there to where they belong.
    changes: Option<[String; 3]>,
    /// Those that have come, as SQL.
    rows: String,
    is_virtual: bool,
    /// Whether the rows of all tables were counted, once all were there.
    is_counted: bool,
}

impl Builder<'_> {
    /// Takes a line; whether it is the last.
    fn line(&mut self, line: &str) -> Result<bool> {
        let kind = line.get(..2).unwrap_or(line);
        let rest = line.get(1..).unwrap_or_default();
        if !["T{", "C{", "S{", "E"].contains(&kind) {
            self.rows
                .push_str(if self.rows.is_empty() { "(" } else { ",(" });
            self.rows.push_str(line);
            self.rows.push(')');
            if self.rows.len() > AT_ONCE {
                self.flush()?;
            }
            return Ok(false);
        }
        self.flush()?;
        match kind {
            "T{" => self.table(&serde_json::from_str(rest)?)?,
            "C{" => self.changes(&serde_json::from_str(rest)?)?,
            "S{" => self.object(&serde_json::from_str(rest)?)?,
            _ => return Ok(true),
        }
        Ok(false)
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        match &table.sql {
            Some(sql) => self.run(sql)?,
            None => {
                // It is there once a table with AUTOINCREMENT was.
                self.run("CREATE TABLE _edgepod_counted (id INTEGER PRIMARY KEY AUTOINCREMENT)")?;
                self.run("DROP TABLE _edgepod_counted")?;
                self.run(&format!("DELETE FROM {}", quote(&table.name)))?;
            }
        }
        self.insert = format!(
            "INSERT OR REPLACE INTO {} ({}) VALUES ",
            quote(&table.name),
            table.columns.join(", ")
        );
        self.changes = None;
        Ok(())
    }

    /// Changes come: all of them go before any comes again.
    fn changes(&mut self, table: &Table) -> Result<()> {
        let [name, columns] = [quote(&table.name), table.columns.join(", ")];
        let rowid = table.columns.first().context("a table without columns")?;
        let places: Vec<_> = (0..table.columns.len())
            .map(|place| format!("c{place}"))
            .collect();
        let places = places.join(", ");
        self.run("DROP TABLE IF EXISTS temp._edgepod_changes")?;
        self.run(&format!(
            "CREATE TABLE temp._edgepod_changes (at, key, {places})"
        ))?;
        self.insert = "INSERT INTO temp._edgepod_changes VALUES ".to_owned();
        self.changes = Some([
            format!("DELETE FROM {name} WHERE {rowid} IN (SELECT key FROM temp._edgepod_changes)"),
            format!(
                "INSERT OR REPLACE INTO {name} ({columns}) SELECT {places} FROM temp._edgepod_changes WHERE c0 IS NOT NULL"
            ),
            "DELETE FROM temp._edgepod_changes".to_owned(),
        ]);
        Ok(())
    }

    /// An index, a view or a trigger. A virtual table is there with the tables that it keeps its data in: it is not made anew.
    fn object(&mut self, object: &Object) -> Result<()> {
        if object.kind != "table" {
            return self.run(&object.sql);
        }
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        self.connection
            .execute_batch("PRAGMA writable_schema = ON")?;
        self.connection.execute(
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', ?, ?, 0, ?)",
            params![object.name, object.tbl_name, object.sql],
        )?;
        self.connection
            .execute_batch("PRAGMA writable_schema = OFF")?;
        self.is_virtual = true;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let sql = format!("{}{}", self.insert, self.rows);
        self.rows.clear();
        self.run(&sql)?;
        for sql in self.changes.iter().flatten() {
            self.run(sql)?;
        }
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<()> {
        let run = || -> rusqlite::Result<()> {
            // Unlike `execute_batch`, it takes one statement.
            let mut statement = self.connection.prepare(sql)?;
            statement.raw_execute().map(drop)
        };
        // What SQLite says may hold the statement, which may have megabytes.
        run().map_err(|error| {
            let [start, error] = [sql.to_owned(), error.to_string()]
                .map(|text| text.chars().take(200).collect::<String>());
            anyhow!("SQLite refuses a statement of the copy, {error}: {start}")
        })
    }
}
