//! Random histories: a schema changes step by step with data in its tables. Some names are words of SQL, or need quotes.
//!
//! `HISTORIES=5000` runs so many of them, `FIRST_HISTORY=200` begins with another seed.

use std::collections::BTreeMap;

use edgepod_runtime::schema::{
    Column, ForeignKey, Index, Object, ObjectKind, OnDelete, Snapshot, SqlType, Table,
};
use fastrand::Rng;
use rusqlite::{Connection, types::Value};

use crate::live::{describe, fresh, is_sound, migrate, must_diff, open, rows};

const HISTORIES: u64 = 200;
const STEPS: usize = 12;

/// Names that are wrong without quotes. Each is used once, so that none is there twice.
const HARD_NAMES: [&str; 12] = [
    "order", "select", "größe", "it's", "a \"b\"", "表", "values", "[z]", "x.y", "rowid_", "null",
    "`q`",
];

#[test]
fn after_each_step_the_schema_is_that_of_a_fresh_database_and_the_data_is_there() {
    let number =
        |name: &str, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let first = number("FIRST_HISTORY", 0);
    for seed in first..first + number("HISTORIES", HISTORIES) {
        let mut history = History {
            rng: Rng::with_seed(seed),
            names: 0,
            schema: Snapshot::default(),
        };
        let live = open();
        for step in 0..STEPS {
            history.step(&live, &format!("seed {seed}, step {step}"));
        }
    }
}

struct History {
    rng: Rng,
    names: u32,
    schema: Snapshot,
}

fn plain(name: String, sql_type: SqlType) -> Column {
    Column {
        name,
        sql_type,
        meaning: None,
        nullable: true,
        primary_key: false,
        auto_increment: false,
        unique: false,
        index: false,
        default: None,
        references: None,
        renamed_from: None,
    }
}

impl History {
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        match HARD_NAMES.get(self.names as usize / 4) {
            Some(name) if self.names.is_multiple_of(4) => (*name).to_owned(),
            _ => format!("{prefix}{}", self.names),
        }
    }

    fn step(&mut self, live: &Connection, place: &str) {
        let before = self.schema.clone();
        for _ in 0..self.rng.usize(1..4) {
            self.mutate();
        }
        self.remove_broken_references();
        self.choose_objects();
        let after = self.schema.clone();
        let change = must_diff(&before, &after);
        let expected = expected_rows(live, &before, &after);
        let sequences = sequences(live, &before, &after);
        migrate(live, &change)
            .unwrap_or_else(|error| panic!("{place}: {error}\n{:#?}", change.statements));
        assert_eq!(
            describe(live),
            describe(&fresh(&after)),
            "{place}\n{:#?}",
            change.statements
        );
        for (sql, rows_before) in expected {
            assert_eq!(
                rows(live, &sql),
                rows_before,
                "{place}: {sql}\n{:#?}",
                change.statements
            );
        }
        for (table, sequence) in sequences {
            let sql = sequence_of(&table);
            assert_eq!(rows(live, &sql), sequence, "{place}: {table}");
        }
        is_sound(live);
        self.schema = after.without_renames();
        self.fill(live);
    }

    fn mutate(&mut self) {
        let count = self.schema.tables.len();
        let choice = self.rng.u8(0..14);
        if count == 0 || choice == 0 && count < 6 {
            let counts = self.rng.u8(..4) > 0;
            let table = Table {
                name: self.name("t"),
                columns: vec![Column {
                    nullable: false,
                    primary_key: true,
                    auto_increment: counts,
                    ..plain(
                        "id".to_owned(),
                        if counts {
                            SqlType::Integer
                        } else {
                            SqlType::Text
                        },
                    )
                }],
                indexes: Vec::new(),
                renamed_from: None,
            };
            self.schema.tables.push(table);
            return;
        }
        let i = self.rng.usize(..count);
        match choice {
            1 => self.drop_table(i),
            2 => self.rename_table(i),
            3..=5 => self.add_column(i),
            12 => self.add_index(i),
            13 => drop(self.schema.tables[i].indexes.pop()),
            _ => {
                let width = self.schema.tables[i].columns.len();
                if width > 1 {
                    let c = self.rng.usize(1..width);
                    self.change_column(choice, i, c);
                }
            }
        }
        self.schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn drop_table(&mut self, i: usize) {
        self.schema.tables.remove(i);
    }

    /// Those of what is dropped, or is no longer unique.
    fn remove_broken_references(&mut self) {
        let targets: Vec<(String, String)> = self
            .schema
            .tables
            .iter()
            .flat_map(|table| {
                let distinct = table.columns.iter().filter(|c| c.unique || c.primary_key);
                distinct.map(|column| (table.name.clone(), column.name.clone()))
            })
            .collect();
        for column in self.schema.tables.iter_mut().flat_map(|t| &mut t.columns) {
            let is_broken = |r: &ForeignKey| {
                !targets
                    .iter()
                    .any(|(table, column)| (table, column) == (&r.table, &r.column))
            };
            if column.references.as_ref().is_some_and(is_broken) {
                column.references = None;
            }
        }
    }

    /// A view of every column of some tables, and triggers that would be seen if they fired while rows are copied.
    fn choose_objects(&mut self) {
        self.schema.objects.clear();
        for table in &self.schema.tables {
            let name = quote(&table.name);
            if self.rng.u8(..4) == 0 {
                let columns: Vec<String> = table.columns.iter().map(|c| quote(&c.name)).collect();
                let view = format!("view of {}", table.name);
                self.schema.objects.push(Object {
                    kind: ObjectKind::View,
                    sql: format!(
                        "CREATE VIEW {} AS SELECT {} FROM {name}",
                        quote(&view),
                        columns.join(", ")
                    ),
                    name: view,
                });
            }
            let text = table.columns.iter().find(|column| {
                column.sql_type == SqlType::Text
                    && !column.unique
                    && !column.primary_key
                    && column.references.is_none()
            });
            if let Some(column) = text.filter(|_| self.rng.bool()) {
                let trigger = format!("after {}", table.name);
                let column = quote(&column.name);
                self.schema.objects.push(Object {
                    kind: ObjectKind::Trigger,
                    sql: format!(
                        "CREATE TRIGGER {} AFTER INSERT ON {name} BEGIN \
                         UPDATE {name} SET {column} = {column} || '!'; END",
                        quote(&trigger)
                    ),
                    name: trigger,
                });
            }
        }
    }

    fn rename_table(&mut self, i: usize) {
        let mut new = self.name("t");
        let is_other_case = self.rng.u8(..4) == 0;
        let table = &mut self.schema.tables[i];
        if is_other_case {
            new = other_case(&table.name);
        }
        let old = std::mem::replace(&mut table.name, new.clone());
        table.renamed_from.get_or_insert(old.clone());
        for reference in self.references() {
            if reference.table == old {
                reference.table = new.clone();
            }
        }
    }

    fn references(&mut self) -> impl Iterator<Item = &mut ForeignKey> {
        let columns = self.schema.tables.iter_mut().flat_map(|t| &mut t.columns);
        columns.filter_map(|column| column.references.as_mut())
    }

    fn add_column(&mut self, i: usize) {
        let kinds = [
            SqlType::Integer,
            SqlType::Real,
            SqlType::Text,
            SqlType::Blob,
        ];
        let mut column = plain(self.name("c"), kinds[self.rng.usize(..4)]);
        match column.sql_type {
            SqlType::Integer | SqlType::Text if self.rng.bool() => {
                // Also of the table itself, and in circles.
                let target = &self.schema.tables[self.rng.usize(..self.schema.tables.len())];
                let distinct: Vec<&Column> = target
                    .columns
                    .iter()
                    .filter(|other| {
                        (other.unique || other.primary_key) && other.sql_type == column.sql_type
                    })
                    .collect();
                if let Some(distinct) = self.rng.choice(distinct) {
                    column.references = Some(ForeignKey {
                        table: target.name.clone(),
                        column: distinct.name.clone(),
                        on_delete: [OnDelete::Cascade, OnDelete::Restrict, OnDelete::SetNull]
                            [self.rng.usize(..3)],
                    });
                }
            }
            SqlType::Integer | SqlType::Text | SqlType::Blob if self.rng.u8(..3) == 0 => {
                column.unique = true;
            }
            SqlType::Integer if self.rng.bool() => {
                column.nullable = false;
                column.default = Some("now".to_owned());
            }
            _ => {
                column.default = literal(column.sql_type);
                column.nullable = column.default.is_none() || self.rng.bool();
            }
        }
        column.index = self.rng.bool();
        let columns = &mut self.schema.tables[i].columns;
        columns.insert(self.rng.usize(1..=columns.len()), column);
    }

    /// Unique ones have the id, so that the rows fit.
    fn add_index(&mut self, i: usize) {
        let table = &mut self.schema.tables[i];
        let mut columns: Vec<_> = table.columns.iter().map(|c| c.name.clone()).collect();
        self.rng.shuffle(&mut columns);
        columns.truncate(self.rng.usize(2..4));
        let unique = columns.iter().any(|name| name == "id") && self.rng.bool();
        if columns.len() > 1 && table.indexes.iter().all(|other| other.columns != columns) {
            table.indexes.push(Index { columns, unique });
        }
    }

    fn change_column(&mut self, choice: u8, i: usize, c: usize) {
        let mut new = self.name("c");
        let is_other_case = self.rng.u8(..4) == 0;
        let on_delete =
            [OnDelete::Cascade, OnDelete::Restrict, OnDelete::SetNull][self.rng.usize(..3)];
        let table = &mut self.schema.tables[i];
        if choice == 6 {
            let gone = table.columns.remove(c).name;
            table.indexes.retain(|index| !index.columns.contains(&gone));
            return;
        }
        let column = &mut table.columns[c];
        match choice {
            7 => {
                if is_other_case {
                    new = other_case(&column.name);
                }
                let old = std::mem::replace(&mut column.name, new.clone());
                column.renamed_from.get_or_insert(old.clone());
                for name in table
                    .indexes
                    .iter_mut()
                    .flat_map(|index| &mut index.columns)
                {
                    if *name == old {
                        name.clone_from(&new);
                    }
                }
                let table = table.name.clone();
                for reference in self.references() {
                    if reference.table == table && reference.column == old {
                        reference.column = new.clone();
                    }
                }
            }
            8 => match (&mut column.references, literal(column.sql_type)) {
                (Some(reference), _) => reference.on_delete = on_delete,
                (None, Some(default)) if !column.unique => {
                    column.default = Some(default);
                    column.nullable = !column.nullable;
                }
                (None, _) => column.unique = false,
            },
            9 => column.index = !column.index,
            10 => column.references = None,
            _ if column.default.is_some() && column.nullable => column.default = None,
            _ => column.index = !column.index,
        }
    }

    /// Adds rows; some are deleted, so that the counters are ahead of the ids.
    fn fill(&mut self, live: &Connection) {
        for table in &self.schema.tables {
            for _ in 0..self.rng.usize(..4) {
                let (mut names, mut values) = (Vec::new(), Vec::new());
                let is_counted = usize::from(table.columns[0].auto_increment);
                for column in &table.columns[is_counted..] {
                    let value = match (&column.references, column.sql_type) {
                        (Some(r), _) => format!(
                            "(SELECT {} FROM {} ORDER BY random() LIMIT 1)",
                            quote(&r.column),
                            quote(&r.table)
                        ),
                        _ if column.nullable && self.rng.bool() => "NULL".to_owned(),
                        (_, SqlType::Integer) => self.rng.i64(-1 << 60..1 << 60).to_string(),
                        (_, SqlType::Real) => format!("{:?}", self.rng.f64()),
                        (_, SqlType::Text) => format!("'it''s {}'", self.rng.u32(..)),
                        (_, SqlType::Blob) => format!("x'{:08x}'", self.rng.u32(..)),
                    };
                    names.push(quote(&column.name));
                    values.push(value);
                }
                let sql = if names.is_empty() {
                    format!("INSERT INTO {} DEFAULT VALUES", quote(&table.name))
                } else {
                    format!(
                        "INSERT INTO {} ({}) VALUES ({})",
                        quote(&table.name),
                        names.join(", "),
                        values.join(", ")
                    )
                };
                live.execute_batch(&sql).unwrap();
            }
            if self.rng.u8(..4) == 0 {
                // RESTRICT may refuse it, and then the row stays.
                let _ = live.execute_batch(&format!(
                    "DELETE FROM {0} WHERE id = (SELECT max(id) FROM {0})",
                    quote(&table.name)
                ));
            }
        }
    }
}

/// The name in the other case: one and the same to SQLite, as far as it is ASCII.
fn other_case(name: &str) -> String {
    let other = name.to_ascii_uppercase();
    if other == name {
        name.to_ascii_lowercase()
    } else {
        other
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn sequence_of(table: &str) -> String {
    let name = table.replace('\'', "''");
    format!("SELECT seq FROM sqlite_sequence WHERE name = '{name}'")
}

fn literal(sql_type: SqlType) -> Option<String> {
    match sql_type {
        SqlType::Integer => Some("7".to_owned()),
        SqlType::Real => Some("1.5".to_owned()),
        SqlType::Text => Some("'d''oh'".to_owned()),
        SqlType::Blob => None,
    }
}

/// The table and column of `before` that one of `after` was.
fn origin<'a>(before: &'a Snapshot, table: &Table) -> Option<&'a Table> {
    before
        .table(&table.name)
        .or_else(|| before.table(table.renamed_from.as_deref()?))
}

/// For each kept table: a query of its kept columns for afterwards, and what it must return.
fn expected_rows(
    live: &Connection,
    before: &Snapshot,
    after: &Snapshot,
) -> BTreeMap<String, Vec<Vec<Value>>> {
    let mut expected = BTreeMap::new();
    for table in &after.tables {
        let Some(was) = origin(before, table) else {
            continue;
        };
        let (mut now, mut then) = (Vec::new(), Vec::new());
        for column in &table.columns {
            let old = was
                .column(&column.name)
                .or_else(|| was.column(column.renamed_from.as_deref()?));
            let Some(old) = old else { continue };
            now.push(quote(&column.name));
            then.push(match &column.default {
                Some(default) if old.nullable && !column.nullable && default != "now" => {
                    format!("coalesce({}, {default})", quote(&old.name))
                }
                _ => quote(&old.name),
            });
        }
        expected.insert(
            format!(
                "SELECT {} FROM {} ORDER BY id",
                now.join(", "),
                quote(&table.name)
            ),
            rows(
                live,
                &format!(
                    "SELECT {} FROM {} ORDER BY id",
                    then.join(", "),
                    quote(&was.name)
                ),
            ),
        );
    }
    expected
}

fn sequences(
    live: &Connection,
    before: &Snapshot,
    after: &Snapshot,
) -> BTreeMap<String, Vec<Vec<Value>>> {
    after
        .tables
        .iter()
        .filter_map(|table| {
            let was = origin(before, table).filter(|was| was.columns[0].auto_increment)?;
            let sql = sequence_of(&was.name);
            Some((table.name.clone(), rows(live, &sql)))
        })
        .collect()
}
