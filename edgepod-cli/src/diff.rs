//! From one schema to the next: the statements that change a database and keep its data.
//!
//! The order is always the same: views and triggers go; renames; new tables, columns and indexes; tables that SQLite
//! cannot alter are rebuilt; old tables, indexes and columns go; views and triggers come back.
//!
//! A rebuild takes every table along that references a rebuilt one. `DROP TABLE` deletes the rows first, the actions of
//! foreign keys included, and inside a transaction that cannot be turned off: a child that stayed would lose its rows. So
//! the new copies reference each other, the old ones go children first, and the new ones take their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use edgepod_runtime::schema::{
    Column, Object, ObjectKind, Snapshot, SqlType, Table, ddl,
    ddl::{column_definition, create_table, default_expression, indexes},
    same_name,
};
use edgepod_sql::{quote, quote_text};

/// What leads from one schema to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The statements, in order, to be run in one transaction. None: the schemas are one.
    pub statements: Vec<String>,
    /// What is lost of the data, each a phrase: "the table `users` with all its rows".
    pub losses: Vec<String>,
    /// What the data may not fit, each a sentence.
    pub warnings: Vec<String>,
    /// The tables, by the names that they had, of which no more than the schema says is there afterwards: they are dropped, or
    /// get a new copy.
    pub replaced: Vec<String>,
}

/// Why no migration can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// A column has another type.
    TypeChanged {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type that it has in the database.
        old: &'static str,
        /// The type that it has in the program.
        new: &'static str,
    },
    /// A column's values mean something else, in the same storage.
    MeaningChanged {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What the values in the database mean.
        old: &'static str,
        /// What they mean to the program.
        new: &'static str,
    },
    /// A new column has nothing for the rows that exist.
    NeedsDefault {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A `renamed_from` names what is still there.
    RenamedFromExisting {
        /// The table, or `table.column`, that is said to have been renamed.
        new: String,
        /// What it is said to have been.
        old: String,
    },
    /// Two are renamed from one.
    RenamedTwice {
        /// What they are said to have been.
        old: String,
        /// Both.
        new: [String; 2],
    },
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeError::TypeChanged {
                table,
                column,
                old,
                new,
            } => write!(
                f,
                "The column `{column}` of the table `{table}` is {old} in the database and {new} in the program. SQLite \
                 does not change a column's type: the column would be dropped with its data. Three ways on:\n  \
                 1. Take the change back.\n  \
                 2. Give the new type a new column name, and keep or drop `{column}`.\n  \
                 3. Drop `{column}` and add it again in a migration of your own: `edgepod migrations new --empty NAME`."
            ),
            ChangeError::MeaningChanged {
                table,
                column,
                old,
                new,
            } => write!(
                f,
                "The column `{column}` of the table `{table}` holds {old} in the database and {new} in the program. Both are \
                 stored alike, so nothing would convert the rows that exist: they would be read as what they are not. Three \
                 ways on:\n  \
                 1. Take the change back.\n  \
                 2. Give the new type a new column name, and keep or drop `{column}`.\n  \
                 3. Convert the values in a migration of your own: `edgepod migrations new --empty NAME`."
            ),
            ChangeError::NeedsDefault { table, column } => write!(
                f,
                "The new column `{column}` of the table `{table}` has no value for the rows that exist. Give it a \
                 `#[default(…)]`, make it an `Option`, or fill it in a migration of your own (`edgepod migrations new \
                 --empty NAME`)."
            ),
            ChangeError::RenamedFromExisting { new, old } => write!(
                f,
                "`{new}` says that it was `{old}`, which is still there. Remove `{old}`, or the `#[renamed_from]`."
            ),
            ChangeError::RenamedTwice { old, new } => write!(
                f,
                "`{}` and `{}` both say that they were `{old}`. Only one can have its data.",
                new[0], new[1]
            ),
        }
    }
}

impl std::error::Error for ChangeError {}

/// What leads from `before` to `after`.
///
/// # Errors
/// Every change that keeps no data and is not asked for by dropping: see [`ChangeError`].
pub fn diff(before: &Snapshot, after: &Snapshot) -> Result<Change, Vec<ChangeError>> {
    let mut errors = Vec::new();
    let pairs = match_tables(before, after, &mut errors);
    let renamed = renamed(before, after, &pairs, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    Plan {
        before,
        after,
        renamed,
        pairs,
        change: Change::default(),
        errors,
    }
    .run()
}

/// Names in `after` to names in `before`.
type Pairs = BTreeMap<String, String>;

/// Which of the old is which of the new. `old` and `new` list names; a new one has the name that it had before, too.
fn match_names(
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

fn match_tables(before: &Snapshot, after: &Snapshot, errors: &mut Vec<ChangeError>) -> Pairs {
    let old: Vec<&str> = before.tables.iter().map(|t| t.name.as_str()).collect();
    let new: Vec<_> = after
        .tables
        .iter()
        .map(|t| (t.name.as_str(), t.renamed_from.as_deref()))
        .collect();
    match_names(&old, &new, str::to_owned, errors)
}

fn match_columns(before: &Table, after: &Table, errors: &mut Vec<ChangeError>) -> Pairs {
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
struct Renamed {
    snapshot: Snapshot,
    statements: Vec<String>,
}

fn renamed(
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

fn rename_table(from: &str, to: &str) -> String {
    format!("ALTER TABLE {} RENAME TO {}", quote(from), quote(to))
}

/// What a column is, but for its name and its index.
fn is_same_definition(a: &Column, b: &Column) -> bool {
    a.nullable == b.nullable
        && a.primary_key == b.primary_key
        && a.auto_increment == b.auto_increment
        && a.default == b.default
        && a.references == b.references
}

/// Whether `ALTER TABLE … ADD COLUMN` takes it.
fn can_be_added(column: &Column) -> bool {
    !column.primary_key
        && column.default.as_deref() != Some("now")
        && !(column.references.is_some() && column.default.is_some())
}

/// The name of a table's new copy while it is made.
fn copy_name(table: &str) -> String {
    format!("_edgepod_new_{table}")
}

struct Plan<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    renamed: Renamed,
    pairs: Pairs,
    change: Change,
    errors: Vec<ChangeError>,
}

impl Plan<'_> {
    fn run(mut self) -> Result<Change, Vec<ChangeError>> {
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

fn needs_rebuild(was: &Table, is: &Table) -> bool {
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

fn add_columns(was: &Table, is: &Table, body: &mut Vec<String>) {
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

fn drop_columns(was: &Table, is: &Table, body: &mut Vec<String>) {
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

fn copy_rows(was: &Table, is: &Table, body: &mut Vec<String>) {
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
fn drop_tables(tables: &[&Table], body: &mut Vec<String>) {
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
fn children_first<'a>(tables: &[&'a Table]) -> Vec<&'a Table> {
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
