//! Which tables a statement really changed, told from its two counts.

use edgepod_runtime::db::Database;

use crate::sqlite::{Names, Optimiser, Sqlite, names};

fn set(written: &str) -> Names {
    written.split_whitespace().map(str::to_owned).collect()
}

/// Runs a statement, and returns what is announced; `None` where the counts do not tell.
#[track_caller]
fn changed(sqlite: &Sqlite, sql: &str) -> Option<Names> {
    let plan = sqlite.plan(sql).unwrap();
    let reached = plan.reached(sqlite, &[]);
    let before = sqlite.integer("SELECT total_changes()");
    sqlite.run(sql, &[]).unwrap();
    let own = sqlite.integer("SELECT changes()");
    let all = sqlite.integer("SELECT total_changes()") - before;
    plan.changed(own, all, reached.as_ref()).as_ref().map(names)
}

#[test]
fn a_cascade_that_met_no_row_announces_nothing() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY);
         CREATE TABLE posts (author INTEGER REFERENCES users ON DELETE CASCADE);
         INSERT INTO users VALUES (1), (2), (3);
         INSERT INTO posts VALUES (2);",
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM users WHERE id = 9"),
        Some(set(""))
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM users WHERE id = 1"),
        Some(set("users"))
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM users WHERE id = 2"),
        Some(set("users posts"))
    );
    assert_eq!(changed(&sqlite, "DELETE FROM users"), Some(set("users")));
}

#[test]
fn a_trigger_that_did_nothing_announces_nothing() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute(
        "CREATE TABLE items (n); CREATE TABLE log (n);
         CREATE TRIGGER t AFTER INSERT ON items WHEN new.n > 5 BEGIN INSERT INTO log VALUES (new.n); END;
         CREATE VIEW v AS SELECT n FROM items;
         CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN UPDATE log SET n = new.n; END;",
    );
    assert_eq!(
        changed(&sqlite, "INSERT INTO items VALUES (1)"),
        Some(set("items"))
    );
    assert_eq!(changed(&sqlite, "INSERT INTO v VALUES (1)"), Some(set("")));
    assert_eq!(
        changed(&sqlite, "INSERT INTO items VALUES (6)"),
        Some(set("items log"))
    );
    assert_eq!(
        changed(&sqlite, "INSERT INTO v VALUES (1)"),
        Some(set("log"))
    );
}

#[test]
fn an_insert_that_was_ignored_announces_nothing() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE); INSERT INTO t (x) VALUES (1)");
    let sql = "INSERT OR IGNORE INTO t (x) VALUES (1)";
    // Its counter may have moved all the same, and hosts that count that must ask.
    assert!(sqlite.plan(sql).unwrap().may_only_count);
    assert_eq!(changed(&sqlite, sql), Some(set("")));
    assert!(
        !sqlite
            .plan("INSERT INTO t (x) VALUES (2)")
            .unwrap()
            .may_only_count
    );
}

#[test]
fn cascades_into_several_tables_are_told_apart() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
         CREATE TABLE posts (id INTEGER PRIMARY KEY, author REFERENCES users ON DELETE CASCADE);
         CREATE TABLE likes (post REFERENCES posts ON DELETE CASCADE, who INTEGER REFERENCES users ON DELETE SET NULL);
         CREATE TABLE \"log\"\"s\" (email TEXT REFERENCES users (email) ON DELETE SET DEFAULT DEFAULT NULL);
         INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (6, NULL);
         INSERT INTO posts VALUES (20, 2), (30, '3'), (50, 5);
         INSERT INTO likes VALUES (30, 1), (30, NULL), (50, NULL);
         INSERT INTO \"log\"\"s\" VALUES ('D'), (NULL);",
    );
    for (id, tables) in [
        (9, ""),
        (6, "users"),
        (1, "users likes"),
        (2, "users posts"),
        (3, "users posts likes"),
        (4, "users log\"s"),
        // What went away with the others is not there to go again.
        (5, "users posts likes"),
    ] {
        for sql in [
            format!("DELETE FROM users WHERE id = {id} RETURNING id"),
            format!("DELETE FROM users AS u WHERE u.id IN ({id}, 99)"),
        ] {
            sqlite.execute("SAVEPOINT try");
            assert_eq!(changed(&sqlite, &sql), Some(set(tables)), "{sql}");
            sqlite.execute("ROLLBACK TO try; RELEASE try");
        }
    }
    assert_eq!(
        changed(&sqlite, "DELETE FROM users"),
        Some(set("users posts likes log\"s"))
    );
}

#[test]
fn a_key_of_several_columns_is_told_apart_too() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute(
        "CREATE TABLE places (x, y, PRIMARY KEY (x, y)) WITHOUT ROWID;
         CREATE TABLE here (px, py, FOREIGN KEY (px, py) REFERENCES places ON DELETE CASCADE);
         CREATE TABLE there (py, px, FOREIGN KEY (px, py) REFERENCES places (x, y) ON DELETE CASCADE);
         INSERT INTO places VALUES (1, 2), (2, 1);
         INSERT INTO here VALUES (1, 2);
         INSERT INTO there VALUES (1, 2), (NULL, 2);",
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM places WHERE x = 1"),
        Some(set("places here"))
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM places WHERE x = 2"),
        Some(set("places there"))
    );
}

#[test]
fn triggers_that_write_several_tables_cannot_be_told_apart() {
    let sqlite = Sqlite::new(Optimiser::On);
    sqlite.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY);
         CREATE TABLE posts (author INTEGER REFERENCES users ON DELETE CASCADE);
         CREATE TABLE log (id);
         CREATE TRIGGER t AFTER DELETE ON users WHEN old.id > 1 BEGIN INSERT INTO log VALUES (old.id); END;
         INSERT INTO users VALUES (1), (2);",
    );
    assert_eq!(
        changed(&sqlite, "DELETE FROM users WHERE id = 1"),
        Some(set("users"))
    );
    assert_eq!(changed(&sqlite, "DELETE FROM users WHERE id = 2"), None);
}
