//! Why an engine does not start, and what it does before it does.

use std::fmt;

use super::{Host, Level, Record, RegistryError, app::App, versions};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
use crate::db::RefusedStatement;
use crate::{
    migrations::{self, MigrationError},
    schema::{self, Mismatch, SchemaError, TableSchema},
    sqlite::{End, SqlError, Value},
};

/// Why an engine does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The functions do not make an app.
    Registry(RegistryError),
    /// The tables do not fit together.
    Schema(SchemaError),
    /// A table of the database is not what its struct says.
    Mismatch(Mismatch),
    /// With migrations: a table is not what its struct says, so a migration is missing.
    NotMigrated(Mismatch),
    /// The migrations do not fit this database, or one of them fails.
    Migration(MigrationError),
    /// SQLite refuses the tables.
    Sql(SqlError),
    /// SQLite refuses statements of `edgepod::sql!`.
    #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
    Statements(Vec<RefusedStatement>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Registry(error) => error.fmt(f),
            StartError::Schema(error) => error.fmt(f),
            StartError::Mismatch(error) => write!(
                f,
                "{error}. Nothing was changed. Put the struct back as it was, write migrations (`edgepod migrations new`), \
                 give the new shape another table name, or start with an empty database."
            ),
            StartError::NotMigrated(error) => write!(
                f,
                "{error}. The migrations of this build do not make it so. Write the one that does: `edgepod migrations new`."
            ),
            StartError::Migration(error) => error.fmt(f),
            #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
            StartError::Statements(refused) => {
                let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
                f.write_str(&refused.join("\n"))
            }
            StartError::Sql(error) => write!(f, "The tables cannot be made: {}", error.message),
        }
    }
}

impl std::error::Error for StartError {}

/// Makes the tables of a database: applies the migrations of the build; without any, makes the tables that are missing.
///
/// # Errors
/// Nothing was changed then, but by migrations that were applied before one failed.
pub(super) fn prepare(app: &App, host: &dyn Host) -> Result<(), StartError> {
    let pending = app
        .migrations
        .pending(host)
        .map_err(StartError::Migration)?;
    if app.migrations.is_empty() {
        return make_tables(host, &app.tables);
    }
    for migration in pending {
        migrations::apply(host, migration, host.now_micros()).map_err(StartError::Migration)?;
        let message = format!("The migration {} is applied.", migration.name);
        Record::new(Level::Info, &message).write();
    }
    check_tables(host, &app.tables)
}

/// Makes the tables of this program in an empty database, and lets SQLite prepare every statement of `edgepod::sql!` in it.
///
/// # Errors
/// As of a start; and the statements that SQLite refuses.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) fn check_statements(host: &dyn Host) -> Result<(), StartError> {
    if !crate::db::has_statements() {
        return Ok(());
    }
    prepare(&*App::of_program()?, host)?;
    crate::db::check_statements(host).map_err(StartError::Statements)
}

/// A name for a life of the engine, which no other has.
pub(super) fn epoch(host: &dyn Host) -> Result<String, SqlError> {
    let output = host.run("SELECT lower(hex(randomblob(2)))", &[])?;
    match output.rows.iter().next() {
        Some([Value::Text(random)]) => Ok(versions::epoch(host.began_micros(), random)),
        other => Err(SqlError {
            message: format!("a random name for the engine was {other:?}"),
        }),
    }
}

/// Without migrations: makes the tables that are missing, and refuses those that differ before anything is made.
fn make_tables(host: &dyn Host, tables: &[&'static TableSchema]) -> Result<(), StartError> {
    for table in tables {
        if let Some(mismatch) = schema::mismatch(host, table).map_err(StartError::Sql)? {
            return Err(StartError::Mismatch(mismatch));
        }
    }
    let mut made: Result<(), SqlError> = Ok(());
    host.transaction(&mut || {
        made = tables
            .iter()
            .flat_map(|table| schema::create_statements(&schema::Table::from(*table)))
            .try_for_each(|sql| host.run(&sql, &[]).map(drop));
        match made {
            Ok(()) => End::Commit,
            Err(_) => End::Rollback,
        }
    })
    .and(made)
    .map_err(StartError::Sql)
}

/// With migrations: they have made what the structs say, or one is missing.
fn check_tables(host: &dyn Host, tables: &[&'static TableSchema]) -> Result<(), StartError> {
    for table in tables {
        let difference = schema::difference(host, table).map_err(StartError::Sql)?;
        if let Some(mismatch) = difference {
            return Err(StartError::NotMigrated(mismatch));
        }
    }
    Ok(())
}
