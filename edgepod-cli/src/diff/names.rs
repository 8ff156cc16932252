//! What had which name before.

use std::collections::BTreeMap;

use edgepod_runtime::schema::{Snapshot, Table, same_name};
use edgepod_sql::quote;

use super::{ChangeError, Pairs, plan::copy_name, rows::rename_table};

/// Which of the old is which of the new. `old` and `new` list names; a new one has the name that it had before, too.
pub(super) fn match_names(
    old: &[&str],
    new: &[(&str, Option<&str>)],
    display: impl Fn(&str) -> String,
    errors: &mut Vec<ChangeError>,
) -> Pairs {
    let find = |name: &str| old.iter().find(|old| same_name(old, name));
    let mut pairs = Pairs::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, was) in new {
        if let Some(same) = find(name) {
            pairs.insert((*name).to_owned(), (*same).to_owned());
            continue;
        }
        let Some(was) = was.and_then(find) else {
            continue;
        };
        if new.iter().any(|(other, _)| same_name(other, was)) {
            errors.push(ChangeError::RenamedFromExisting {
                new: display(name),
                old: display(was),
            });
        } else if let Some(first) = taken.insert(was, name) {
            errors.push(ChangeError::RenamedTwice {
                old: display(was),
                new: [display(first), display(name)],
            });
        } else {
            pairs.insert((*name).to_owned(), (*was).to_owned());
        }
    }
    pairs
}

pub(super) fn match_tables(
    before: &Snapshot,
    after: &Snapshot,
    errors: &mut Vec<ChangeError>,
) -> Pairs {
    let old: Vec<&str> = before.tables.iter().map(|t| t.name.as_str()).collect();
    let new: Vec<_> = after
        .tables
        .iter()
        .map(|t| (t.name.as_str(), t.renamed_from.as_deref()))
        .collect();
    match_names(&old, &new, str::to_owned, errors)
}

pub(super) fn match_columns(before: &Table, after: &Table, errors: &mut Vec<ChangeError>) -> Pairs {
    let old: Vec<&str> = before.columns.iter().map(|c| c.name.as_str()).collect();
    let new: Vec<_> = after
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.renamed_from.as_deref()))
        .collect();
    match_names(
        &old,
        &new,
        |column| format!("{}.{column}", after.name),
        errors,
    )
}

/// `before` with the names of `after`, and the renames.
pub(super) struct Renamed {
    pub(super) snapshot: Snapshot,
    pub(super) statements: Vec<String>,
}

pub(super) fn renamed(
    before: &Snapshot,
    after: &Snapshot,
    pairs: &Pairs,
    errors: &mut Vec<ChangeError>,
) -> Renamed {
    let mut statements = Vec::new();
    // Old table and column to their new names.
    let mut tables: BTreeMap<&str, &str> = BTreeMap::new();
    let mut columns: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (new, old) in pairs {
        tables.insert(old, new);
        if new != old {
            let mut from = old.clone();
            if same_name(old, new) {
                // To SQLite the new name is taken: by the table itself.
                from = copy_name(new);
                statements.push(rename_table(old, &from));
            }
            statements.push(rename_table(&from, new));
        }
        let (Some(was), Some(is)) = (before.table(old), after.table(new)) else {
            continue;
        };
        for (new_column, old_column) in match_columns(was, is, errors) {
            if new_column != old_column {
                statements.push(format!(
                    "ALTER TABLE {} RENAME COLUMN {} TO {}",
                    quote(new),
                    quote(&old_column),
                    quote(&new_column)
                ));
            }
            columns.insert((was.name.as_str(), old_column), new_column);
        }
    }
    let mut snapshot = before.clone();
    for (table, was) in snapshot.tables.iter_mut().zip(&before.tables) {
        if let Some(new) = tables.get(was.name.as_str()) {
            table.name = (*new).to_owned();
        }
        for name in table.indexes.iter_mut().flat_map(|i| &mut i.columns) {
            if let Some(new) = columns.get(&(was.name.as_str(), name.clone())) {
                *name = new.clone();
            }
        }
        for column in &mut table.columns {
            if let Some(new) = columns.get(&(was.name.as_str(), column.name.clone())) {
                column.name = new.clone();
            }
            if let Some(reference) = &mut column.references
                && let Some(target) = before.table(&reference.table)
            {
                let key = target
                    .column(&reference.column)
                    .map_or_else(|| reference.column.clone(), |c| c.name.clone());
                if let Some(new) = columns.get(&(target.name.as_str(), key)) {
                    reference.column = new.clone();
                }
                if let Some(new) = tables.get(target.name.as_str()) {
                    reference.table = (*new).to_owned();
                }
            }
        }
    }
    Renamed {
        snapshot,
        statements,
    }
}
