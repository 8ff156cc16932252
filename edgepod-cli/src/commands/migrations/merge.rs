//! Migrations of a branch, written anew to follow those of another: what each changed is changed in what is there now.

use anyhow::{Context, Result, bail};
use edgepod_runtime::schema::{Index, Object, Snapshot, Table};
use rusqlite::Connection;

use super::{files, read};
use crate::diff::diff;

/// A migration's file.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    /// Its name, with the number that it had on its branch.
    pub name: String,
    /// Its statements.
    pub text: String,
}

/// What became of the migrations that follow now.
pub(super) struct Rewritten {
    /// Their texts, in order. `None`: nothing is left to do.
    pub texts: Vec<Option<String>>,
    /// What all of them lead to.
    pub schema: Snapshot,
}

/// The `moved` migrations, to follow those that are `kept`.
///
/// One that was written from the structs is written again, from what it changed. One of your own keeps its text, if it does not
/// take what others have made. What is in `structs` is never dropped.
///
/// # Errors
/// When a migration does not apply, or takes what another one made.
pub(super) fn rewrite(
    kept: &[Migration],
    moved: &[Migration],
    structs: &Snapshot,
) -> Result<Rewritten> {
    let now = empty()?;
    for migration in kept {
        apply(&now, migration)?;
    }
    let mut texts = Vec::new();
    for (i, migration) in moved.iter().enumerate() {
        let [before, after] = own_change(kept, &moved[..i], migration)?;
        let there = read::snapshot(&now)?;
        let is_from_structs = diff(&before, &after)
            .is_ok_and(|change| text(&change.statements) == migration.text.replace("\r\n", "\n"));
        if !is_from_structs {
            apply(&now, migration)?;
            ensure_nothing_else_is_gone(migration, &there, &read::snapshot(&now)?, structs)?;
            texts.push(Some(migration.text.clone()));
            continue;
        }
        let target = merged(&there, &before, &after, structs);
        let change = diff(&there, &target).map_err(|errors| {
            let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!(
                "{} cannot be written anew. {}",
                migration.name,
                messages.join("\n")
            )
        })?;
        if change.statements.is_empty() {
            texts.push(None);
            continue;
        }
        let rewritten = Migration {
            name: migration.name.clone(),
            text: text(&change.statements),
        };
        apply(&now, &rewritten)?;
        texts.push(Some(rewritten.text));
    }
    Ok(Rewritten {
        texts,
        schema: read::snapshot(&now)?,
    })
}

/// The file's text with these statements.
pub(super) fn text(statements: &[String]) -> String {
    statements.join(";\n\n") + ";\n"
}

fn empty() -> Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.pragma_update(None, "foreign_keys", true)?;
    Ok(database)
}

fn apply(database: &Connection, migration: &Migration) -> Result<()> {
    database
        .execute_batch("BEGIN")
        .and_then(|()| database.execute_batch(&migration.text))
        .and_then(|()| database.execute_batch("COMMIT"))
        .with_context(|| {
            format!(
                "{} does not apply to an empty database after those before it: correct it by hand",
                migration.name
            )
        })
}

/// The schema before and after `migration` on its own branch.
fn own_change(
    kept: &[Migration],
    earlier: &[Migration],
    migration: &Migration,
) -> Result<[Snapshot; 2]> {
    let database = empty()?;
    let number = files::number(&migration.name);
    let common = kept
        .iter()
        .filter(|other| files::number(&other.name) < number);
    for other in common.chain(earlier) {
        apply(&database, other)?;
    }
    let before = read::snapshot(&database)?;
    apply(&database, migration)?;
    Ok([before, read::snapshot(&database)?])
}

/// A migration of somebody's own may drop what it drops on its branch, and not what it does not know.
fn ensure_nothing_else_is_gone(
    migration: &Migration,
    before: &Snapshot,
    after: &Snapshot,
    structs: &Snapshot,
) -> Result<()> {
    for table in &before.tables {
        for column in &table.columns {
            let has = |schema: &Snapshot| {
                schema
                    .table(&table.name)
                    .is_some_and(|table| table.column(&column.name).is_some())
            };
            if !has(after) && has(structs) {
                bail!(
                    "{} is written by hand and would take the column `{}.{}`, which the structs have: another migration makes it. \
                     Write {0} anew, so that it keeps the column",
                    migration.name,
                    table.name,
                    column.name
                );
            }
        }
    }
    Ok(())
}

/// `there` with the change from `before` to `after`, but without dropping what is in `structs`.
fn merged(there: &Snapshot, before: &Snapshot, after: &Snapshot, structs: &Snapshot) -> Snapshot {
    let mut tables: Vec<Table> = there
        .tables
        .iter()
        .filter(|table| {
            let name = &table.name;
            let is_dropped = before.table(name).is_some() && after.table(name).is_none();
            !is_dropped || structs.table(name).is_some()
        })
        .map(|table| {
            let [before, after, structs] = [before, after, structs].map(|s| s.table(&table.name));
            after.map_or_else(
                || table.clone(),
                |after| merged_table(table, before, after, structs),
            )
        })
        .collect();
    let new = after
        .tables
        .iter()
        .filter(|table| there.table(&table.name).is_none() && before.table(&table.name).is_none());
    tables.extend(new.cloned());
    Snapshot {
        tables,
        objects: merged_objects(there, before, after),
    }
}

fn merged_table(
    there: &Table,
    before: Option<&Table>,
    after: &Table,
    structs: Option<&Table>,
) -> Table {
    let was = |name: &str| before.and_then(|table| table.column(name));
    let mut table = there.clone();
    table.columns = there
        .columns
        .iter()
        .filter_map(
            |column| match (was(&column.name), after.column(&column.name)) {
                (Some(_), None) => structs
                    .and_then(|table| table.column(&column.name))
                    .map(|_| column.clone()),
                (Some(was), Some(is)) if was != is => Some(is.clone()),
                _ => Some(column.clone()),
            },
        )
        .collect();
    for column in &after.columns {
        if there.column(&column.name).is_none() && was(&column.name).is_none() {
            table.columns.push(column.clone());
        }
    }
    let old: &[Index] = before.map_or(&[], |table| &table.indexes);
    table
        .indexes
        .retain(|index| !old.contains(index) || after.indexes.contains(index));
    for index in &after.indexes {
        if !old.contains(index) && !table.indexes.contains(index) {
            table.indexes.push(index.clone());
        }
    }
    table
}

fn merged_objects(there: &Snapshot, before: &Snapshot, after: &Snapshot) -> Vec<Object> {
    let find = |schema: &Snapshot, name: &str| {
        schema
            .objects
            .iter()
            .find(|object| object.name == name)
            .cloned()
    };
    let mut objects: Vec<Object> = there
        .objects
        .iter()
        .filter_map(
            |object| match (find(before, &object.name), find(after, &object.name)) {
                (Some(_), None) => None,
                (was, Some(is)) if was.as_ref() != Some(&is) => Some(is),
                _ => Some(object.clone()),
            },
        )
        .collect();
    for object in &after.objects {
        if find(there, &object.name).is_none() && find(before, &object.name).is_none() {
            objects.push(object.clone());
        }
    }
    objects
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
