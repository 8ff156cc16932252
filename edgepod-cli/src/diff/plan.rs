//! The statements, in their order.

use std::collections::BTreeSet;

use edgepod_runtime::schema::{
    Column, Object, ObjectKind, Snapshot, SqlType, Table, ddl,
    ddl::{create_table, indexes},
    same_name,
};
use edgepod_sql::quote;

use super::{
    Change, ChangeError, Pairs,
    names::Renamed,
    rows::{
        add_columns, children_first, copy_rows, drop_columns, drop_tables, needs_rebuild,
        rename_table,
    },
};

/// The name of a table's new copy while it is made.
pub(super) fn copy_name(table: &str) -> String {
    format!("_edgepod_new_{table}")
}

pub(super) struct Plan<'a> {
    pub(super) before: &'a Snapshot,
    pub(super) after: &'a Snapshot,
    pub(super) renamed: Renamed,
    pub(super) pairs: Pairs,
    pub(super) change: Change,
    pub(super) errors: Vec<ChangeError>,
}

impl Plan<'_> {
    pub(super) fn run(mut self) -> Result<Change, Vec<ChangeError>> {
        let after = self.after;
        let kept: Vec<(Table, &Table)> = after
            .tables
            .iter()
            .filter(|table| self.pairs.contains_key(&table.name))
            .filter_map(|table| Some((self.renamed.snapshot.table(&table.name)?.clone(), table)))
            .collect();
        for (was, is) in &kept {
            self.examine(was, is);
            self.examine_sets(was, is);
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let dropped: Vec<Table> = self
            .renamed
            .snapshot
            .tables
            .iter()
            .filter(|table| after.table(&table.name).is_none())
            .cloned()
            .collect();
        for table in &dropped {
            self.change
                .losses
                .push(format!("the table `{}` with all its rows", table.name));
        }
        let rebuilt = self.rebuilt(&kept, &dropped);
        self.change.replaced = dropped
            .iter()
            .map(|table| table.name.clone())
            .chain(rebuilt.iter().map(|table| self.pairs[table].clone()))
            .collect();

        let mut body = std::mem::take(&mut self.renamed.statements);
        let renames = body.len();
        for table in &after.tables {
            if !self.pairs.contains_key(&table.name) {
                body.push(create_table(table, &table.name, ""));
                body.extend(indexes(table).iter().map(|index| index.create("")));
            }
        }
        let created = body.len() - renames;
        // What a reference of a rebuilt table needs is there before, and what one needed goes after.
        let altered: Vec<_> = kept
            .iter()
            .filter(|(_, is)| !rebuilt.contains(&is.name))
            .collect();
        for (was, is) in &altered {
            self.change.warnings.extend(super::places::warning(was, is));
            add_columns(was, is, &mut body);
        }
        for (_, is) in &altered {
            self.create_indexes(is, &mut body);
        }
        self.rebuild(&kept, &dropped, &rebuilt, &mut body);
        for (_, is) in &altered {
            self.drop_indexes(is, &mut body);
        }
        for (was, is) in &altered {
            drop_columns(was, is, &mut body);
        }
        let altered = body.len() - created;
        self.with_objects(body, altered > 0)
    }

    /// Finds what cannot be done, what is lost, and what the data may not fit.
    fn examine(&mut self, was: &Table, is: &Table) {
        let table = &is.name;
        let key = is.primary_key();
        for column in &was.columns {
            if is.column(&column.name).is_none() {
                self.change.losses.push(format!(
                    "the column `{}` of the table `{table}`",
                    column.name
                ));
            }
        }
        for column in &is.columns {
            let name = &column.name;
            let Some(old) = was.column(name) else {
                let counts_itself = *key == [name] && column.sql_type == SqlType::Integer;
                if !column.nullable && column.default.is_none() && !counts_itself {
                    self.errors.push(ChangeError::NeedsDefault {
                        table: table.clone(),
                        column: name.clone(),
                    });
                }
                if column.unique && column.default.is_some() {
                    self.change.warnings.push(format!(
                        "`{table}.{name}` is unique and starts with its default: the migration fails where the table has two rows or more."
                    ));
                }
                continue;
            };
            if old.sql_type != column.sql_type {
                self.errors.push(ChangeError::TypeChanged {
                    table: table.clone(),
                    column: name.clone(),
                    old: old.sql_type.as_sql(),
                    new: column.sql_type.as_sql(),
                });
                continue;
            }
            if let (Some(was), Some(is)) = (old.meaning, column.meaning)
                && was != is
            {
                self.errors.push(ChangeError::MeaningChanged {
                    table: table.clone(),
                    column: name.clone(),
                    old: was.as_str(),
                    new: is.as_str(),
                });
                continue;
            }
            if old.nullable && !column.nullable && column.default.is_none() {
                self.change.warnings.push(format!(
                    "`{table}.{name}` no longer takes NULL: the migration fails where a row has one."
                ));
            }
            let is_distinct = |table: &Table, column: &Column| {
                column.unique || *table.primary_key() == [&column.name]
            };
            if is_distinct(is, column) && !is_distinct(was, old) {
                self.change.warnings.push(format!(
                    "`{table}.{name}` is unique now: the migration fails where two rows have one value."
                ));
            }
            if let Some(reference) = &column.references
                && old.references.as_ref().is_none_or(|old| {
                    (&old.table, &old.column) != (&reference.table, &reference.column)
                })
            {
                self.change.warnings.push(format!(
                    "`{table}.{name}` references `{}.{}` now: the migration fails where a row references nothing.",
                    reference.table, reference.column
                ));
            }
        }
    }

    /// Finds which new sets of columns the rows may not be distinct in.
    fn examine_sets(&mut self, was: &Table, is: &Table) {
        let sets = |table: &Table| {
            let key = table.primary_key().into_iter().map(str::to_owned).collect();
            let indexes = table.indexes.iter().filter(|index| index.unique);
            let unique = indexes.map(|index| index.columns.clone());
            std::iter::once(key).chain(unique).collect::<Vec<Vec<_>>>()
        };
        let old = sets(was);
        // One of these columns alone tells the rows apart, or fewer of them do.
        let is_distinct = |set: &[String]| {
            let has = |name: &String| set.iter().any(|other| same_name(other, name));
            old.iter().any(|old| old.iter().all(has))
                || was.columns.iter().any(|c| c.unique && has(&c.name))
        };
        for set in sets(is) {
            if set.len() > 1 && !is_distinct(&set) {
                let columns = set.join("`, `");
                self.change.warnings.push(format!(
                    "`{columns}` of `{}` are unique together now: the migration fails where two rows agree in them.",
                    is.name
                ));
            }
        }
    }

    /// The tables that get a new copy: those that SQLite cannot alter, and those that reference them.
    fn rebuilt(&self, kept: &[(Table, &Table)], dropped: &[Table]) -> BTreeSet<String> {
        let mut rebuilt: BTreeSet<String> = kept
            .iter()
            .filter(|(was, is)| needs_rebuild(was, is))
            .map(|(_, is)| is.name.clone())
            .collect();
        let gone: BTreeSet<&str> = dropped.iter().map(|table| table.name.as_str()).collect();
        loop {
            let before = rebuilt.len();
            for (was, is) in kept {
                let references = was
                    .columns
                    .iter()
                    .chain(&is.columns)
                    .filter_map(|column| column.references.as_ref());
                let touched = references.into_iter().any(|reference| {
                    gone.contains(reference.table.as_str()) || rebuilt.contains(&reference.table)
                });
                if touched {
                    rebuilt.insert(is.name.clone());
                }
            }
            if rebuilt.len() == before {
                return rebuilt;
            }
        }
    }

    /// The index that the database has for a kept table: it has the name of the time before the renames.
    fn old_indexes(&self, is: &Table) -> Vec<ddl::Index> {
        self.pairs
            .get(&is.name)
            .and_then(|old| self.before.table(old))
            .map(indexes)
            .unwrap_or_default()
    }

    fn drop_indexes(&self, is: &Table, body: &mut Vec<String>) {
        let wanted = indexes(is);
        for old in self.old_indexes(is) {
            if !wanted.iter().any(|new| same_name(&new.name, &old.name)) {
                body.push(old.drop());
            }
        }
    }

    fn create_indexes(&self, is: &Table, body: &mut Vec<String>) {
        let old = self.old_indexes(is);
        let renamed = self.renamed.snapshot.table(&is.name);
        let renamed = renamed.map(indexes).unwrap_or_default();
        for new in indexes(is) {
            // Both lists are of the same indexes, before and after the renames.
            match old
                .iter()
                .zip(&renamed)
                .find(|(old, _)| same_name(&old.name, &new.name))
            {
                Some((old, renamed)) if old.name == new.name && renamed.columns == new.columns => {
                    continue;
                }
                // To SQLite the new name is taken: in another case, or `a_b` and `c` give the one of `a` and `b_c`.
                Some((old, _)) => body.push(old.drop()),
                None => {}
            }
            body.push(new.create(""));
        }
    }

    fn rebuild(
        &self,
        kept: &[(Table, &Table)],
        dropped: &[Table],
        rebuilt: &BTreeSet<String>,
        body: &mut Vec<String>,
    ) {
        if rebuilt.is_empty() && dropped.is_empty() {
            return;
        }
        body.insert(0, "PRAGMA defer_foreign_keys = ON".to_owned());
        let parts: Vec<_> = kept
            .iter()
            .filter(|(_, is)| rebuilt.contains(&is.name))
            .collect();
        for (_, is) in &parts {
            let mut copy = (*is).clone();
            for column in &mut copy.columns {
                if let Some(reference) = &mut column.references
                    && rebuilt.contains(&reference.table)
                {
                    reference.table = copy_name(&reference.table);
                }
            }
            body.push(create_table(&copy, &copy_name(&is.name), ""));
        }
        // A reference needs its target to be unique while rows are copied, and the index's own name is still taken.
        let mut passing = Vec::new();
        for (_, is) in &parts {
            for column in is.columns.iter().filter(|column| column.unique) {
                let is_target = parts
                    .iter()
                    .flat_map(|(_, other)| &other.columns)
                    .filter_map(|other| other.references.as_ref())
                    .any(|reference| {
                        same_name(&reference.table, &is.name)
                            && same_name(&reference.column, &column.name)
                    });
                if is_target {
                    let name = format!("{}_{}", copy_name(&is.name), column.name);
                    body.push(format!(
                        "CREATE UNIQUE INDEX {} ON {} ({})",
                        quote(&name),
                        quote(&copy_name(&is.name)),
                        quote(&column.name)
                    ));
                    passing.push(name);
                }
            }
        }
        for (was, is) in &parts {
            copy_rows(was, is, body);
        }
        let old = parts
            .iter()
            .map(|(was, _)| was)
            .chain(dropped)
            .collect::<Vec<_>>();
        drop_tables(&children_first(&old), body);
        for (_, is) in &parts {
            body.push(rename_table(&copy_name(&is.name), &is.name));
        }
        for (_, is) in &parts {
            body.extend(indexes(is).iter().map(|index| index.create("")));
        }
        for name in passing {
            body.push(format!("DROP INDEX {}", quote(&name)));
        }
    }

    /// Views and triggers do not survive what happens to their tables: they go first and come back last. Where no table is
    /// `altered`, only those do that are others now.
    fn with_objects(
        mut self,
        body: Vec<String>,
        altered: bool,
    ) -> Result<Change, Vec<ChangeError>> {
        let (old, new) = (&self.before.objects, &self.after.objects);
        let is_same = |object: &Object| old.contains(object) && new.contains(object);
        // A view takes the triggers along that are on it.
        let is_view = |object: &&Object| object.kind == ObjectKind::View;
        let is_view_changed = old.iter().filter(is_view).any(|view| !is_same(view));
        let stays = |object: &Object| {
            let falls = is_view_changed && object.kind == ObjectKind::Trigger;
            !altered && !falls && is_same(object)
        };
        let mut statements: Vec<String> = old
            .iter()
            .rev()
            .filter(|object| !stays(object))
            .map(|object| format!("DROP {} {}", object.kind.as_sql(), quote(&object.name)))
            .collect();
        statements.extend(body);
        let made = new.iter().filter(|object| !stays(object));
        statements.extend(made.map(|object| object.sql.clone()));
        self.change.statements = statements;
        Ok(self.change)
    }
}
