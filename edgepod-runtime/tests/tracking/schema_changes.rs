//! A plan is remembered as long as the schema is what it was.

use crate::sqlite::{Names, Optimiser, Sqlite, names};

fn one(name: &str) -> Names {
    Names::from([name.to_owned()])
}

fn sqlite() -> Sqlite {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)");
    sqlite
}

#[test]
fn a_change_of_the_schema_says_so_and_concerns_every_table() {
    let sqlite = sqlite();
    for sql in [
        "CREATE TABLE d (x)",
        "CREATE INDEX i ON a (x)",
        "CREATE VIEW v AS SELECT * FROM a",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "CREATE TABLE e AS SELECT * FROM a",
        "DROP TABLE a",
        "ALTER TABLE a ADD COLUMN y",
        "ALTER TABLE a RENAME TO z",
        "ANALYZE",
        "REINDEX",
    ] {
        let plan = sqlite
            .plan(sql)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        assert!(plan.schema_change, "{sql}");
        assert!(plan.writes.is_every(), "{sql}");
    }
}

#[test]
fn a_table_made_later_is_known_without_being_told() {
    let sqlite = sqlite();
    sqlite.plan("SELECT * FROM a").unwrap();
    sqlite.execute("CREATE TABLE later (x)");
    assert_eq!(
        names(&sqlite.plan("SELECT * FROM later").unwrap().reads),
        one("later")
    );
}

#[test]
fn what_a_rolled_back_change_of_the_schema_taught_is_forgotten() {
    let sqlite = sqlite();
    let insert = "INSERT INTO a VALUES (1)";
    sqlite.execute("CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); END");
    sqlite.execute("BEGIN; DROP TRIGGER t");
    sqlite.tracker.forget();
    assert_eq!(names(&sqlite.plan(insert).unwrap().writes), one("a"));
    sqlite.execute("ROLLBACK");
    sqlite.tracker.rolled_back();
    assert_eq!(names(&sqlite.plan(insert).unwrap().writes).len(), 2);
}

#[test]
fn several_statements_are_refused_and_not_explained() {
    let sqlite = sqlite();
    sqlite.execute("INSERT INTO a VALUES (1)");
    for sql in [
        "SELECT 1; DELETE FROM a",
        "SELECT 1;DELETE FROM a;",
        "DELETE FROM b; DELETE FROM a",
    ] {
        let error = sqlite.plan(sql).unwrap_err();
        assert!(error.message.contains("more than one statement"), "{error}");
    }
    assert_eq!(sqlite.integer("SELECT count(*) FROM a"), 1);
}

#[test]
fn a_pragma_is_not_explained_and_a_setting_not_changed() {
    let sqlite = sqlite();
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "PRAGMA foreign_keys(OFF)",
        "PRAGMA main.foreign_keys = 0",
    ] {
        assert!(sqlite.plan(sql).is_err(), "{sql}");
    }
    assert_eq!(sqlite.integer("PRAGMA foreign_keys"), 1);
    assert!(
        sqlite
            .plan("PRAGMA table_info(a)")
            .unwrap()
            .writes
            .is_empty()
    );
}

#[test]
fn what_would_end_the_transaction_is_refused() {
    let sqlite = sqlite();
    sqlite.execute("CREATE TABLE harsh (x UNIQUE ON CONFLICT ROLLBACK)");
    for sql in [
        "COMMIT",
        "SAVEPOINT s",
        "ATTACH ':memory:' AS other",
        "VACUUM",
        "INSERT OR ROLLBACK INTO a VALUES (1)",
        // The text does not say it, the table does.
        "INSERT INTO harsh VALUES (1)",
    ] {
        assert!(sqlite.plan(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_mistake_is_told_in_the_words_of_sqlite() {
    let sqlite = sqlite();
    let error = sqlite.plan("SELECT y FROM a").unwrap_err();
    assert!(error.message.contains("no such column: y"), "{error}");
    let error = sqlite.plan("SELECT * FROM missing").unwrap_err();
    assert!(error.message.contains("no such table: missing"), "{error}");
}
