//! Random histories: a schema changes step by step with data in its tables.

use std::collections::BTreeMap;

use edgepod_runtime::schema::{Column, ForeignKey, OnDelete, Snapshot, SqlType, Table};
use fastrand::Rng;
use rusqlite::{Connection, types::Value};

use crate::live::{describe, fresh, is_sound, migrate, must_diff, open, rows};

const HISTORIES: u64 = 200;
const STEPS: usize = 12;

#[test]
fn after_each_step_the_schema_is_that_of_a_fresh_database_and_the_data_is_there() {
    for seed in 0..HISTORIES {
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
        format!("{prefix}{}", self.names)
    }

    fn step(&mut self, live: &Connection, place: &str) {
        let before = self.schema.clone();
        for _ in 0..self.rng.usize(1..4) {
            self.mutate();
        }
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
            let sql = format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'");
            assert_eq!(rows(live, &sql), sequence, "{place}: {table}");
        }
        is_sound(live);
        self.schema = after.without_renames();
        self.fill(live);
    }

    fn mutate(&mut self) {
        let count = self.schema.tables.len();
        let choice = self.rng.u8(0..12);
        if count == 0 || choice == 0 && count < 6 {
            let table = Table {
                name: self.name("t"),
                columns: vec![Column {
                    nullable: false,
                    primary_key: true,
                    auto_increment: true,
                    ..plain("id".to_owned(), SqlType::Integer)
                }],
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
        let gone = self.schema.tables.remove(i).name;
        for table in &mut self.schema.tables {
            for column in &mut table.columns {
                if column.references.as_ref().is_some_and(|r| r.table == gone) {
                    column.references = None;
                }
            }
        }
    }

    fn rename_table(&mut self, i: usize) {
        let new = self.name("t");
        let table = &mut self.schema.tables[i];
        let old = std::mem::replace(&mut table.name, new.clone());
        table.renamed_from.get_or_insert(old.clone());
        for column in self.schema.tables.iter_mut().flat_map(|t| &mut t.columns) {
            if let Some(reference) = column.references.as_mut().filter(|r| r.table == old) {
                reference.table = new.clone();
            }
        }
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
            SqlType::Integer if self.rng.bool() => {
                let target = self.rng.usize(..self.schema.tables.len());
                column.references = Some(ForeignKey {
                    table: self.schema.tables[target].name.clone(),
                    column: "id".to_owned(),
                    on_delete: [OnDelete::Cascade, OnDelete::Restrict, OnDelete::SetNull]
                        [self.rng.usize(..3)],
                });
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
        self.schema.tables[i].columns.push(column);
    }

    fn change_column(&mut self, choice: u8, i: usize, c: usize) {
        let new = self.name("c");
        let on_delete =
            [OnDelete::Cascade, OnDelete::Restrict, OnDelete::SetNull][self.rng.usize(..3)];
        let table = &mut self.schema.tables[i];
        if choice == 6 {
            table.columns.remove(c);
            return;
        }
        let column = &mut table.columns[c];
        match choice {
            7 => {
                let old = std::mem::replace(&mut column.name, new);
                column.renamed_from.get_or_insert(old);
            }
            8 => match (&mut column.references, literal(column.sql_type)) {
                (Some(reference), _) => reference.on_delete = on_delete,
                (None, Some(default)) => {
                    column.default = Some(default);
                    column.nullable = !column.nullable;
                }
                (None, None) => column.nullable = true,
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
                for column in &table.columns[1..] {
                    let value = match (&column.references, column.sql_type) {
                        (Some(r), _) => {
                            format!("(SELECT id FROM {} ORDER BY random() LIMIT 1)", r.table)
                        }
                        _ if column.nullable && self.rng.bool() => "NULL".to_owned(),
                        (_, SqlType::Integer) => self.rng.i64(-1 << 60..1 << 60).to_string(),
                        (_, SqlType::Real) => format!("{:?}", self.rng.f64()),
                        (_, SqlType::Text) => format!("'it''s {}'", self.rng.u32(..)),
                        (_, SqlType::Blob) => format!("x'{:08x}'", self.rng.u32(..)),
                    };
                    names.push(column.name.clone());
                    values.push(value);
                }
                let sql = if names.is_empty() {
                    format!("INSERT INTO {} DEFAULT VALUES", table.name)
                } else {
                    format!(
                        "INSERT INTO {} ({}) VALUES ({})",
                        table.name,
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
                    table.name
                ));
            }
        }
    }
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
            now.push(column.name.clone());
            then.push(match &column.default {
                Some(default) if old.nullable && !column.nullable && default != "now" => {
                    format!("coalesce({}, {default})", old.name)
                }
                _ => old.name.clone(),
            });
        }
        expected.insert(
            format!("SELECT {} FROM {} ORDER BY id", now.join(", "), table.name),
            rows(
                live,
                &format!("SELECT {} FROM {} ORDER BY id", then.join(", "), was.name),
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
            let was = origin(before, table)?;
            let sql = format!(
                "SELECT seq FROM sqlite_sequence WHERE name = '{}'",
                was.name
            );
            Some((table.name.clone(), rows(live, &sql)))
        })
        .collect()
}
