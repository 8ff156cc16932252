//! The one road of every statement: tracked, guarded, run, and its effect reported.

use std::{ops::Deref, rc::Rc, sync::Arc};

use super::{
    Database, Delete, Insert, Insertable, RawDb, RowFormat, Rows, Select, Table, Unscoped, Update,
    Value, encode, writer::Sql,
};
use crate::{
    Error, Result,
    tracking::{Plan, TableSet, Tracker},
};

/// Learns what the statements of a call touched. The engine's calls are observers.
pub trait Observer {
    /// A statement is about to read these tables.
    fn read(&self, tables: &TableSet);

    /// A statement changed rows of these tables.
    fn wrote(&self, tables: &TableSet);

    /// Something that the developer should know, for the reply and the log.
    fn warn(&self, warning: String);
}

/// Whether a call may change the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A database, what is known of its statements, and who wants to know what they touch.
#[derive(Clone)]
pub struct Connection {
    database: Arc<dyn Database>,
    tracker: Arc<Tracker>,
    observer: Rc<dyn Observer>,
    access: Access,
}

impl Connection {
    pub(crate) fn new(
        database: Arc<dyn Database>,
        tracker: Arc<Tracker>,
        observer: Rc<dyn Observer>,
        access: Access,
    ) -> Self {
        Self {
            database,
            tracker,
            observer,
            access,
        }
    }

    pub(super) fn format(&self) -> RowFormat {
        self.database.row_format()
    }

    pub(super) fn database(&self) -> &dyn Database {
        &*self.database
    }

    pub(super) fn warn(&self, warning: String) {
        self.observer.warn(warning);
    }

    /// Runs a statement whose rows come as values.
    pub(super) fn run(&self, sql: &Sql) -> Result<(Rows, u64)> {
        self.tracked(sql, |database, _| {
            let output = database.run(&sql.text, &sql.params)?;
            Ok((output.rows, output.changes))
        })
    }

    /// Runs a statement whose rows come as JSON: each row one text, or all of them in one.
    pub(super) fn run_json(&self, sql: &Sql, rows: JsonRows) -> Result<(Rows, u64)> {
        self.tracked(sql, |database, effect| {
            let (json, changes) = match effect {
                Effect::Reads => (database.read_json(&sql.text, &sql.params)?, 0),
                Effect::Writes => {
                    let output = database.run_json(&sql.text, &sql.params)?;
                    (output.json, output.changes)
                }
            };
            let rows = match rows {
                JsonRows::Together => encode::parse_rows(&json)?,
                JsonRows::Each => encode::parse_rows(&format!("[{json}]"))?,
            };
            Ok((rows, changes))
        })
    }

    fn tracked(
        &self,
        sql: &Sql,
        run: impl FnOnce(&dyn Database, Effect) -> Result<(Rows, u64)>,
    ) -> Result<(Rows, u64)> {
        let database = &*self.database;
        let plan = self.tracker.plan(database, &sql.text, &sql.params)?;
        if plan.writes.is_empty() {
            // Before it runs: a subscription that comes too early costs a signal, one too late loses it.
            self.observer.read(&plan.reads);
            return run(database, Effect::Reads);
        }
        if self.access == Access::Read {
            return Err(Error::internal(format!(
                "a query may not write, and this statement writes {}: make it an #[edgepod::function]. {}",
                plan.writes
                    .iter()
                    .map(|t| t.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                sql.text
            )));
        }
        let before = match plan.writes.len() {
            1 => None,
            _ => Some(total_changes(database)?),
        };
        let (rows, changes) = run(database, Effect::Writes)?;
        if changes > 0 {
            self.observer
                .wrote(&written(database, &plan, &sql.text, before)?);
        }
        if plan.schema_change {
            self.tracker.forget();
        }
        Ok((rows, changes))
    }
}

/// What a statement does to the data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Writes,
}

/// How a statement's JSON text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonRows {
    /// One text with the array of all rows.
    Together,
    /// A text for each row.
    Each,
}

/// `(changes(), total_changes())`: rows that the last statement changed itself, and rows changed since the database was
/// opened, through triggers and the actions of foreign keys included.
fn changes(database: &dyn Database) -> Result<(i64, i64)> {
    let rows = database.run("SELECT changes(), total_changes()", &[])?.rows;
    let integer = |value: &Value| match value {
        Value::Integer(n) => Some(*n),
        Value::Real(x) => Some(*x as i64),
        _ => None,
    };
    match rows.iter().next() {
        Some([a, b]) => integer(a).zip(integer(b)),
        _ => None,
    }
    .ok_or_else(|| Error::internal("SQLite does not say how many rows changed"))
}

fn total_changes(database: &dyn Database) -> Result<i64> {
    Ok(changes(database)?.1)
}

/// The tables that a statement really changed: where only its own rows did, no cascade or trigger had an effect.
fn written(
    database: &dyn Database,
    plan: &Plan,
    sql: &str,
    before: Option<i64>,
) -> Result<TableSet> {
    let Some(before) = before else {
        return Ok(plan.writes.clone());
    };
    let (direct, total) = changes(database)?;
    if total - before == direct
        && let Some(target) = target(sql)
        && plan.writes.contains(&target)
    {
        return Ok(TableSet::from_iter([target.as_str()]));
    }
    Ok(plan.writes.clone())
}

/// The table that an INSERT, UPDATE or DELETE written by sea-query names first.
fn target(sql: &str) -> Option<String> {
    let rest = ["INSERT INTO \"", "UPDATE \"", "DELETE FROM \""]
        .iter()
        .find_map(|prefix| sql.strip_prefix(prefix))?;
    let name = rest.split('"').next()?;
    // A doubled quote is part of the name: leave such names to the caution of the caller.
    (!rest[name.len()..].starts_with("\"\"")).then(|| name.to_owned())
}

/// The database of a query: it reads.
#[derive(Clone)]
pub struct ReadDb {
    pub(super) connection: Connection,
}

impl ReadDb {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Reads rows of a table.
    ///
    /// ```ignore
    /// let ada = ctx.db.select::<User>().filter(User::email.eq("ada@example.com")).first()?;
    /// ```
    pub fn select<T: Table>(&self) -> Select<'_, T> {
        Select::new(&self.connection)
    }
}

/// The database of a function: it reads and writes. Reads are [`ReadDb`]'s.
#[derive(Clone)]
pub struct Db {
    read: ReadDb,
}

impl Db {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            read: ReadDb { connection },
        }
    }

    pub(crate) fn raw(&self) -> RawDb {
        RawDb::new(self.read.connection.clone())
    }

    /// Inserts a row: a `New…` struct, or a whole row.
    pub fn insert<I: Insertable>(&self, row: I) -> Insert<'_, I::Table> {
        Insert::new(&self.read.connection, row)
    }

    /// Changes rows of a table.
    pub fn update<T: Table>(&self) -> Update<'_, T, Unscoped> {
        Update::new(&self.read.connection)
    }

    /// Deletes rows of a table.
    pub fn delete<T: Table>(&self) -> Delete<'_, T, Unscoped> {
        Delete::new(&self.read.connection)
    }
}

impl Deref for Db {
    type Target = ReadDb;

    fn deref(&self) -> &ReadDb {
        &self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_statement() {
        assert_eq!(
            target("DELETE FROM \"users\" WHERE 1").as_deref(),
            Some("users")
        );
        assert_eq!(
            target("INSERT INTO \"a b\" (\"c\")").as_deref(),
            Some("a b")
        );
        assert_eq!(target("UPDATE \"a\"\"b\" SET"), None);
        assert_eq!(target("WITH x AS (SELECT 1) DELETE FROM \"users\""), None);
    }
}
