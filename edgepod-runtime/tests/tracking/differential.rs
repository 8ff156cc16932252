//! The tracker against SQLite's authorizer, and against what statements really do.

use std::collections::BTreeMap;

use edgepod_runtime::db::{Database, Rows, Value};
use fastrand::Rng;

use crate::{
    generator::{self, Schema, quoted},
    sqlite::{Names, Optimiser, Sqlite, names},
};

/// Statements for each schema.
const EACH: usize = 40;

fn number(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}: {text} is no number")),
        Err(_) => default,
    }
}

/// Counts by what they are of.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    fn add(&mut self, what: &'static str, count: usize) {
        *self.0.entry(what).or_default() += count;
    }

    fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }
}

/// Calls `check` with thousands of statements, in schemas that hold some rows.
fn for_each_statement(
    optimiser: Optimiser,
    mut check: impl FnMut(&Sqlite, &Schema, &str, &mut Counts),
) -> Counts {
    let seed = number("EDGEPOD_TRACKING_SEED", 1) as u64;
    let wanted = number("EDGEPOD_TRACKING_STATEMENTS", 6000);
    let mut counts = Counts::default();
    for round in 0..wanted.div_ceil(EACH) {
        let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(round as u64));
        let schema = generator::schema(&mut rng);
        let sqlite = Sqlite::new(optimiser);
        // A trigger may name a column that a later view lacks, and a row may break a rule: without them it goes on.
        for sql in schema.sql.iter().chain(&generator::rows(&mut rng, &schema)) {
            if sqlite.run(sql, &[]).is_err() {
                counts.add("left out of a schema", 1);
            }
        }
        for _ in 0..EACH {
            let sql = generator::statement(&mut rng, &schema);
            counts.add("statements", 1);
            check(&sqlite, &schema, &sql, &mut counts);
        }
    }
    println!("seed {seed}: {:#?}", counts.0);
    counts
}

/// How a schema and a statement are shown when they fail.
fn told(schema: &Schema, sql: &str) -> String {
    format!("{};\n--\n{sql}", schema.sql.join(";\n"))
}

/// Tables at the other end of a foreign key.
fn neighbours(schema: &Schema, of: &Names) -> Names {
    schema
        .references
        .iter()
        .flat_map(|(child, parent)| [(child, parent), (parent, child)])
        .filter(|(one, _)| of.contains(*one))
        .map(|(_, other)| other.clone())
        .collect()
}

#[test]
fn no_table_is_missing_that_the_authorizer_names() {
    let counts = for_each_statement(Optimiser::Off, |sqlite, schema, sql, counts| {
        let (asked, plan) = match (sqlite.authorizer(sql), sqlite.plan(sql)) {
            (Ok(asked), Ok(plan)) => (asked, plan),
            (Err(_), Err(_)) => return counts.add("refused by SQLite", 1),
            (one, other) => panic!("{one:?} and {other:?}\n{}", told(schema, sql)),
        };
        let tables: Names = schema.tables.iter().cloned().collect();
        let (reads, writes) = (names(&plan.reads), names(&plan.writes));
        let touched: Names = reads.union(&writes).cloned().collect();
        let asked_reads: Names = asked.reads.intersection(&tables).cloned().collect();
        let asked_writes: Names = asked.writes.intersection(&tables).cloned().collect();
        assert!(
            asked_reads.is_subset(&touched) && asked_writes.is_subset(&writes),
            "the authorizer names {asked:?}, the tracker {reads:?} and {writes:?}\n{}",
            told(schema, sql)
        );
        // SQLite looks into the tables at both ends of a foreign key without asking.
        let checked = neighbours(schema, &writes);
        let extra: Names = reads.difference(&asked_reads).cloned().collect();
        let unexplained: Vec<_> = extra.difference(&checked).collect();
        assert!(
            unexplained.is_empty(),
            "{unexplained:?} are read, says the tracker only\n{}",
            told(schema, sql)
        );
        let extra_writes: Vec<_> = writes.difference(&asked_writes).collect();
        assert!(
            extra_writes.is_empty(),
            "{extra_writes:?} are written, says the tracker only\n{}",
            told(schema, sql)
        );
        counts.add("tables read", reads.len());
        counts.add("tables written", writes.len());
        counts.add(
            "read to check a foreign key, beyond the authorizer",
            extra.len(),
        );
    });
    // A generator that makes nothing but errors would prove nothing.
    assert!(
        counts.of("refused by SQLite") * 5 < counts.of("statements"),
        "{:?}",
        counts.0
    );
}

#[test]
fn what_the_optimiser_leaves_out_changes_no_result() {
    let counts = for_each_statement(Optimiser::On, |sqlite, schema, sql, counts| {
        let (Ok(asked), Ok(plan)) = (sqlite.authorizer(sql), sqlite.plan(sql)) else {
            return;
        };
        let mut touched = names(&plan.reads);
        touched.extend(names(&plan.writes));
        let tables: Names = schema.tables.iter().cloned().collect();
        let missing: Vec<String> = asked
            .reads
            .intersection(&tables)
            .filter(|table| !touched.contains(*table))
            .cloned()
            .collect();
        counts.add("left out by the optimiser", missing.len());
        if missing.is_empty() {
            return;
        }
        let before = effect(sqlite, schema, sql, "");
        for table in missing {
            let name = quoted(&table);
            sqlite.only_rows(&format!(
                "CREATE TEMP TABLE saved AS SELECT * FROM {name}; DELETE FROM {name}"
            ));
            let after = effect(sqlite, schema, sql, &table);
            sqlite.only_rows(&format!(
                "INSERT INTO {name} SELECT * FROM saved; DROP TABLE saved"
            ));
            let before: Effect = match &before {
                Ok((rows, tables)) => {
                    let mut tables = tables.clone();
                    tables.remove(&table);
                    Ok((rows.clone(), tables))
                }
                Err(error) => Err(error.clone()),
            };
            assert_eq!(before, after, "{table}\n{}", told(schema, sql));
        }
    });
    assert!(counts.of("left out by the optimiser") > 0, "{:?}", counts.0);
}

/// The rows that a statement returns and what the tables hold then, or its error.
type Effect = Result<(Vec<Vec<Value>>, BTreeMap<String, Vec<Vec<Value>>>), String>;

/// What a statement does, which is undone; but for one table.
fn effect(sqlite: &Sqlite, schema: &Schema, sql: &str, except: &str) -> Effect {
    sqlite.execute("SAVEPOINT try");
    let rows = sqlite.run(sql, &[]).map(|output| sorted(&output.rows));
    let mut tables = snapshot(sqlite, schema);
    tables.remove(except);
    sqlite.execute("ROLLBACK TO try; RELEASE try");
    rows.map(|rows| (rows, tables))
        .map_err(|error| error.message)
}

#[test]
fn every_table_that_changes_is_announced() {
    let counts = for_each_statement(Optimiser::On, |sqlite, schema, sql, counts| {
        let Ok(plan) = sqlite.plan(sql) else { return };
        if plan.writes.is_empty() {
            return;
        }
        let before = snapshot(sqlite, schema);
        let total = sqlite.integer("SELECT total_changes()");
        sqlite.execute("SAVEPOINT try");
        let reached = plan.reached(sqlite, &[]);
        let outcome = sqlite.run(sql, &[]);
        let own = sqlite.integer("SELECT changes()");
        let all = sqlite.integer("SELECT total_changes()") - total;
        let after = snapshot(sqlite, schema);
        sqlite.execute("ROLLBACK TO try; RELEASE try");
        let changed: Names = before
            .iter()
            .filter(|(table, rows)| after[*table] != **rows)
            .map(|(table, _)| table.clone())
            .collect();
        let Err(error) = outcome else {
            counts.add("statements that ran", 1);
            let announced = match plan.changed(own, all, reached.as_ref()) {
                Some(announced) => {
                    if plan.indirect.len() > 1 && all > own {
                        counts.add("told which of several tables", 1);
                    }
                    announced
                }
                None => {
                    counts.add("statements that do not tell which tables", 1);
                    plan.writes.clone()
                }
            };
            let announced = names(&announced);
            let missing: Vec<_> = changed.difference(&announced).collect();
            assert!(
                missing.is_empty(),
                "{missing:?} changed, announced are {announced:?} (own {own}, all {all}, {plan:?})\n{}",
                told(schema, sql)
            );
            counts.add("tables announced", announced.len());
            counts.add(
                "announced with the same rows as before",
                announced.difference(&changed).count(),
            );
            return;
        };
        counts.add("statements that failed", 1);
        assert!(
            changed.is_empty() || plan.may_fail_halfway,
            "{changed:?} changed, and it failed: {error}\n{}",
            told(schema, sql)
        );
        if !changed.is_empty() {
            counts.add("failed half-way", 1);
            assert!(changed.is_subset(&names(&plan.writes)));
        }
    });
    assert!(counts.of("failed half-way") > 0, "OR FAIL was not tried");
    assert!(
        counts.of("tables announced") > counts.of("statements") / 10,
        "{:?}",
        counts.0
    );
}

fn result(sqlite: &Sqlite, sql: &str) -> Vec<Vec<Value>> {
    sorted(&sqlite.run(sql, &[]).unwrap().rows)
}

fn sorted(rows: &Rows) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = rows.iter().map(<[Value]>::to_vec).collect();
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}

fn snapshot(sqlite: &Sqlite, schema: &Schema) -> BTreeMap<String, Vec<Vec<Value>>> {
    schema
        .tables
        .iter()
        .map(|table| {
            (
                table.clone(),
                result(sqlite, &format!("SELECT k, a, b, c FROM {}", quoted(table))),
            )
        })
        .collect()
}
