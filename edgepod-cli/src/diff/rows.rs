//! What becomes of a table: what can be altered in place, what has to be copied, what goes first.

use std::collections::BTreeSet;

use edgepod_runtime::schema::{
    Column, Table,
    ddl::{column_definition, default_expression},
    same_name,
};
use edgepod_sql::{quote, quote_text};

use super::plan::copy_name;

pub(super) fn rename_table(from: &str, to: &str) -> String {
    format!("ALTER TABLE {} RENAME TO {}", quote(from), quote(to))
}

/// What a column is, but for its name and its index.
pub(super) fn is_same_definition(a: &Column, b: &Column) -> bool {
    a.nullable == b.nullable
        && a.primary_key == b.primary_key
        && a.auto_increment == b.auto_increment
        && a.default == b.default
        && a.references == b.references
}

/// Whether `ALTER TABLE … ADD COLUMN` takes it.
pub(super) fn can_be_added(column: &Column) -> bool {
    !column.primary_key
        && column.default.as_deref() != Some("now")
        && !(column.references.is_some() && column.default.is_some())
}

pub(super) fn needs_rebuild(was: &Table, is: &Table) -> bool {
    let changed = is
        .columns
        .iter()
        .any(|column| match was.column(&column.name) {
            Some(old) => !is_same_definition(old, column),
            None => !can_be_added(column),
        });
    let dropped = was.columns.iter().any(|column| {
        is.column(&column.name).is_none() && (column.primary_key || column.references.is_some())
    });
    // A key of several columns has their order.
    let key = is.primary_key();
    let another_key = key.len() > 1 && key != was.primary_key();
    changed || dropped || another_key
}

pub(super) fn add_columns(was: &Table, is: &Table, body: &mut Vec<String>) {
    for column in &is.columns {
        if was.column(&column.name).is_none() {
            body.push(format!(
                "ALTER TABLE {} ADD COLUMN {}",
                quote(&is.name),
                column_definition(column, false)
            ));
        }
    }
}

pub(super) fn drop_columns(was: &Table, is: &Table, body: &mut Vec<String>) {
    for column in &was.columns {
        if is.column(&column.name).is_none() {
            body.push(format!(
                "ALTER TABLE {} DROP COLUMN {}",
                quote(&is.name),
                quote(&column.name)
            ));
        }
    }
}

pub(super) fn copy_rows(was: &Table, is: &Table, body: &mut Vec<String>) {
    let copy = quote(&copy_name(&is.name));
    let mut names = Vec::new();
    let mut values = Vec::new();
    for column in &is.columns {
        let Some(old) = was.column(&column.name) else {
            continue;
        };
        let name = quote(&column.name);
        values.push(match &column.default {
            Some(default) if old.nullable && !column.nullable => {
                format!("coalesce({name}, {})", default_expression(default))
            }
            _ => name.clone(),
        });
        names.push(name);
    }
    if names.is_empty() {
        // Nothing of the old rows is left but that they were there.
        return;
    }
    body.push(format!(
        "INSERT INTO {copy} ({}) SELECT {} FROM {}",
        names.join(", "),
        values.join(", "),
        quote(&was.name)
    ));
    let counts = |table: &Table| table.columns.iter().any(|column| column.auto_increment);
    if counts(was) && counts(is) {
        // Ids of deleted rows are never used again, not even after this.
        let (new, old) = (quote_text(&copy_name(&is.name)), quote_text(&was.name));
        body.push(format!("DELETE FROM sqlite_sequence WHERE name = {new}"));
        body.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
        ));
    }
}

/// Drops the tables in this order.
///
/// The actions of references that are left do not compile where a table that one of them names is gone already. So where
/// tables reference each other in a circle, an empty table stands in for the dropped one until the last is dropped.
pub(super) fn drop_tables(tables: &[&Table], body: &mut Vec<String>) {
    let mut stand_ins = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        let drop = format!("DROP TABLE {}", quote(&table.name));
        body.push(drop.clone());
        let columns: BTreeSet<String> = tables[i + 1..]
            .iter()
            .flat_map(|later| &later.columns)
            .filter_map(|column| column.references.as_ref())
            .filter(|reference| same_name(&reference.table, &table.name))
            .filter_map(|reference| table.column(&reference.column))
            .map(|column| format!("{} UNIQUE", quote(&column.name)))
            .collect();
        if !columns.is_empty() {
            let columns: Vec<String> = columns.into_iter().collect();
            body.push(format!(
                "CREATE TABLE {} ({})",
                quote(&table.name),
                columns.join(", ")
            ));
            stand_ins.push(drop);
        }
    }
    body.append(&mut stand_ins);
}

/// The tables, each after those that reference it; where they reference each other in a circle, by name.
pub(super) fn children_first<'a>(tables: &[&'a Table]) -> Vec<&'a Table> {
    let mut left: Vec<&Table> = tables.to_vec();
    let mut sorted = Vec::new();
    while !left.is_empty() {
        let is_referenced = |table: &Table| {
            left.iter().any(|other| {
                !same_name(&other.name, &table.name)
                    && other.columns.iter().any(|column| {
                        column
                            .references
                            .as_ref()
                            .is_some_and(|reference| same_name(&reference.table, &table.name))
                    })
            })
        };
        let next = left
            .iter()
            .position(|table| !is_referenced(table))
            .unwrap_or(0);
        sorted.push(left.remove(next));
    }
    sorted
}
