//! Which migrations are left to apply, and applying one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Migration, MigrationDb, MigrationError, State, Status, Step, journal};
use crate::{
    sqlite::{Database, End, SqlError, Transactions, Value},
    thin::sorted,
};

/// Holds until the transaction ends; where a migration sets it, its references are checked before it commits.
const DEFERS: &str = "defer_foreign_keys";

/// The migrations of a build, by number.
pub struct Migrations {
    all: Vec<&'static Migration>,
}

impl Migrations {
    /// Those that the program has embedded.
    ///
    /// # Errors
    /// When two have one number.
    pub fn collect() -> Result<Self, MigrationError> {
        Self::new(inventory::iter::<Migration>().collect())
    }

    /// These ones.
    ///
    /// # Errors
    /// When two have one number.
    pub fn new(all: Vec<&'static Migration>) -> Result<Self, MigrationError> {
        let all = sorted(all, |migration| (migration.number, migration.name));
        for pair in all.windows(2) {
            if pair[0].number == pair[1].number {
                return Err(MigrationError::DuplicateNumber {
                    number: pair[0].number,
                    names: [pair[0].name, pair[1].name],
                });
            }
        }
        Ok(Self { all })
    }

    /// Whether the build has none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those that the database has not applied, in order. Nothing is written.
    ///
    /// # Errors
    /// When what it has applied is not what the build has.
    pub fn pending(
        &self,
        database: &dyn Database,
    ) -> Result<Vec<&'static Migration>, MigrationError> {
        let applied = journal::read(database).map_err(|error| MigrationError::Journal {
            message: error.message,
        })?;
        for row in &applied {
            let Some(migration) = self.all.iter().find(|m| m.number == row.number) else {
                return Err(MigrationError::Missing {
                    name: row.name.clone(),
                });
            };
            if migration.checksum != row.checksum {
                return Err(MigrationError::Edited {
                    name: migration.name,
                });
            }
            if migration.name != row.name {
                return Err(MigrationError::Renamed {
                    name: migration.name,
                    applied: row.name.clone(),
                });
            }
        }
        let pending: Vec<_> = self
            .all
            .iter()
            .copied()
            .filter(|migration| !applied.iter().any(|row| row.number == migration.number))
            .collect();
        if let (Some(first), Some(last)) = (pending.first(), applied.last())
            && first.number < last.number
        {
            return Err(MigrationError::OutOfOrder {
                name: first.name,
                applied: last.name.clone(),
            });
        }
        Ok(pending)
    }

    /// All of them, with what became of each.
    ///
    /// # Errors
    /// As [`pending`](Self::pending).
    pub fn statuses(&self, database: &dyn Database) -> Result<Vec<Status>, MigrationError> {
        let pending = self.pending(database)?;
        Ok(self
            .all
            .iter()
            .map(|migration| Status {
                name: migration.name.to_owned(),
                state: if pending.iter().any(|p| p.number == migration.number) {
                    State::Pending
                } else {
                    State::Applied
                },
            })
            .collect())
    }
}

/// Applies one migration and writes its row of the journal, in one transaction. `now` is its time there, in microseconds since
/// 1970.
///
/// # Errors
/// When it fails; then the database is as it was.
pub fn apply(
    database: &dyn Transactions,
    migration: &'static Migration,
    now: i64,
) -> Result<(), MigrationError> {
    let mut result = Ok(());
    let transaction = database.transaction(&mut || {
        result = run(database, migration, now);
        match result {
            Ok(()) => End::Commit,
            Err(_) => End::Rollback,
        }
    });
    result?;
    transaction.map_err(|error| failed(migration, None, error.message))
}

fn run(
    database: &dyn Transactions,
    migration: &'static Migration,
    now: i64,
) -> Result<(), MigrationError> {
    let mut defers = false;
    match migration.step {
        Step::Sql(statements)
            if has_made(database, statements)
                .map_err(|error| failed(migration, None, error.message))? => {}
        Step::Sql(statements) => {
            for statement in statements {
                defers |= edgepod_sql::mentions(statement, DEFERS);
                database
                    .run(statement, &[])
                    .map_err(|error| failed(migration, Some(statement), error.message))?;
            }
        }
        Step::Rust(function) => {
            let run = AssertUnwindSafe(|| function(&MigrationDb::new(database)));
            match catch_unwind(run) {
                Ok(result) => {
                    result.map_err(|error| failed(migration, None, error.message().to_owned()))?;
                }
                // What it said stands in the log; the transaction is rolled back as after any error.
                Err(_) => return Err(failed(migration, None, "it panicked".to_owned())),
            }
        }
    }
    if defers {
        // On a Durable Object the outermost transaction is the platform's: it would find the violation too late.
        let violations = database
            .run("PRAGMA foreign_key_check", &[])
            .map_err(|error| failed(migration, None, error.message))?
            .rows;
        if let Some([Value::Text(table), _, Value::Text(parent), ..]) = violations.iter().next() {
            return Err(MigrationError::ForeignKey {
                name: migration.name,
                table: table.clone(),
                parent: parent.clone(),
            });
        }
    }
    journal::write(database, migration, now).map_err(|error| failed(migration, None, error.message))
}

/// Whether the database has what these statements make, and no journal: an app that began without migrations had its tables
/// made at the start, and its first migration makes the very same.
fn has_made(database: &dyn Transactions, statements: &[&str]) -> Result<bool, SqlError> {
    if statements.is_empty() || !journal::read(database)?.is_empty() {
        return Ok(false);
    }
    // One that makes nothing is not found, either.
    for statement in statements {
        let found = database.run(
            "SELECT 1 FROM sqlite_schema WHERE sql = ?",
            &[Value::Text((*statement).to_owned())],
        )?;
        if found.rows.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn failed(
    migration: &Migration,
    statement: Option<&'static str>,
    message: String,
) -> MigrationError {
    MigrationError::Failed {
        name: migration.name,
        statement,
        message,
    }
}
