//! Migrations on a database: which are applied and in which order, what is refused, and what one that fails leaves.

use super::*;
use crate::{
    Error,
    sqlite::{Transactions, Value},
    testing::memory_host,
};

const fn sql(
    number: u32,
    name: &'static str,
    checksum: &'static str,
    statements: &'static [&'static str],
) -> Migration {
    Migration {
        number,
        name,
        checksum,
        step: Step::Sql(statements),
    }
}

static USERS: Migration = sql(
    1,
    "0001_users",
    "a",
    &[
        "CREATE TABLE users (id INTEGER PRIMARY KEY) STRICT",
        "INSERT INTO users VALUES (7)",
    ],
);
static POSTS: Migration = sql(
    2,
    "0002_posts",
    "b",
    &["CREATE TABLE posts (author INTEGER REFERENCES users (id)) STRICT"],
);
static DOUBLE: Migration = Migration {
    number: 3,
    name: "0003_double",
    checksum: "c",
    step: Step::Rust(|db| db.run("UPDATE users SET id = id * 2", &[]).map(drop)),
};

fn all(list: &[&'static Migration]) -> Migrations {
    Migrations::new(list.to_vec()).unwrap_or_else(|error| panic!("{error}"))
}

/// Applies what is pending and returns the names.
fn start(
    host: &dyn Transactions,
    list: &[&'static Migration],
) -> Result<Vec<&'static str>, MigrationError> {
    let mut names = Vec::new();
    for migration in all(list).pending(host)? {
        apply(host, migration, 7)?;
        names.push(migration.name);
    }
    Ok(names)
}

fn one(host: &dyn Transactions, sql: &str) -> Value {
    host.run(sql, &[]).unwrap().rows.into_values().remove(0)
}

#[test]
fn each_is_applied_once_and_in_order() {
    let host = memory_host();
    assert_eq!(
        start(&*host, &[&DOUBLE, &USERS]).unwrap(),
        ["0001_users", "0003_double"]
    );
    assert_eq!(start(&*host, &[&DOUBLE, &USERS]).unwrap(), [""; 0]);
    assert_eq!(one(&*host, "SELECT id FROM users"), Value::Integer(14));
    let statuses = all(&[&USERS, &DOUBLE]).statuses(&*host).unwrap();
    assert!(statuses.iter().all(|status| status.state == State::Applied));
}

#[test]
fn what_does_not_fit_the_journal_is_refused_before_anything_is_touched() {
    static EDITED: Migration = sql(1, "0001_users", "z", &["DROP TABLE users"]);
    static RENAMED: Migration = sql(1, "0001_people", "a", &["DROP TABLE users"]);
    static SECOND: Migration = sql(1, "0001_other", "y", &[]);
    let host = memory_host();
    start(&*host, &[&USERS, &DOUBLE]).unwrap();
    let refusals = [
        (start(&*host, &[&EDITED, &DOUBLE]), "was edited"),
        (start(&*host, &[&RENAMED, &DOUBLE]), "was called 0001_users"),
        (
            start(&*host, &[&USERS]),
            "0003_double, which is not in this build",
        ),
        (start(&*host, &[]), "0001_users, which is not in this build"),
        (
            start(&*host, &[&USERS, &POSTS, &DOUBLE]),
            "0002_posts is not applied",
        ),
    ];
    for (refusal, part) in refusals {
        let message = refusal.unwrap_err().to_string();
        assert!(
            message.contains(part) && message.ends_with("Nothing was changed."),
            "{message}"
        );
    }
    let duplicate = Migrations::new(vec![&USERS, &SECOND]).err().unwrap();
    assert!(
        duplicate
            .to_string()
            .contains("number 1: 0001_other and 0001_users"),
        "{duplicate}"
    );
    assert_eq!(one(&*host, "SELECT count(*) FROM users"), Value::Integer(1));
}

#[test]
fn one_that_fails_leaves_nothing_and_those_before_it_stay() {
    static HALF: Migration = sql(
        2,
        "0002_half",
        "b",
        &["CREATE TABLE half (x)", "INSERT INTO nowhere VALUES (1)"],
    );
    static RUST: Migration = Migration {
        number: 2,
        name: "0002_rust",
        checksum: "b",
        step: Step::Rust(|db| {
            db.run("DELETE FROM users", &[])?;
            Err(Error::conflict("not like this"))
        }),
    };
    for (bad, part) in [(&HALF, "INSERT INTO nowhere"), (&RUST, "not like this")] {
        let host = memory_host();
        let message = start(&*host, &[&USERS, bad]).unwrap_err().to_string();
        assert!(
            message.contains(part) && message.contains("was rolled back"),
            "{message}"
        );
        assert_eq!(
            one(
                &*host,
                "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"
            ),
            Value::Integer(0)
        );
        assert_eq!(one(&*host, "SELECT count(*) FROM users"), Value::Integer(1));
        assert_eq!(
            one(&*host, "SELECT group_concat(name) FROM _edgepod_migrations"),
            Value::Text("0001_users".to_owned())
        );
        // With the mistake corrected, it goes on from there.
        assert_eq!(start(&*host, &[&USERS, &POSTS]).unwrap(), ["0002_posts"]);
    }
}

#[test]
fn references_to_nothing_are_refused() {
    static ORPHAN: Migration = sql(
        3,
        "0003_orphan",
        "d",
        &[
            "PRAGMA defer_foreign_keys = ON",
            "INSERT INTO posts VALUES (8)",
        ],
    );
    let host = memory_host();
    let message = start(&*host, &[&USERS, &POSTS, &ORPHAN])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("a row of `posts` would reference a row of `users`"),
        "{message}"
    );
    assert_eq!(one(&*host, "SELECT count(*) FROM posts"), Value::Integer(0));
}

#[test]
fn the_journal_is_of_no_table_that_anybody_reads() {
    let host = memory_host();
    start(&*host, &[&USERS]).unwrap();
    let tracker = crate::tracking::Tracker::default();
    let plan = tracker
        .plan(
            &*host,
            "SELECT users.id FROM users, _edgepod_migrations",
            &[],
        )
        .unwrap();
    assert_eq!(plan.reads, ["users"].into_iter().collect());
}

#[test]
fn a_database_that_has_the_first_tables_already_takes_them_over() {
    static FIRST: Migration = sql(
        1,
        "0001_first",
        "a",
        &[
            "CREATE TABLE \"users\" (\n  \"id\" INTEGER PRIMARY KEY NOT NULL\n) STRICT",
            "CREATE INDEX \"users_id_index\" ON \"users\" (\"id\")",
        ],
    );
    let host = memory_host();
    for made in [
        "CREATE TABLE IF NOT EXISTS \"users\" (\n  \"id\" INTEGER PRIMARY KEY NOT NULL\n) STRICT",
        "CREATE INDEX IF NOT EXISTS \"users_id_index\" ON \"users\" (\"id\")",
        "INSERT INTO users VALUES (7)",
    ] {
        host.run(made, &[]).unwrap();
    }
    assert_eq!(
        start(&*host, &[&FIRST, &POSTS]).unwrap(),
        ["0001_first", "0002_posts"]
    );
    assert_eq!(one(&*host, "SELECT id FROM users"), Value::Integer(7));

    // One that differs is not taken for it.
    let host = memory_host();
    host.run("CREATE TABLE \"users\" (\"id\" TEXT) STRICT", &[])
        .unwrap();
    let error = start(&*host, &[&FIRST]).unwrap_err();
    assert!(matches!(error, MigrationError::Failed { .. }), "{error}");
}

#[test]
fn one_that_panics_is_an_error_and_rolled_back() {
    static PANICS: Migration = Migration {
        number: 2,
        name: "0002_panics",
        checksum: "p",
        step: Step::Rust(|db| {
            db.run("DELETE FROM users", &[])?;
            panic!("no such luck")
        }),
    };
    let host = memory_host();
    let message = start(&*host, &[&USERS, &PANICS]).unwrap_err().to_string();
    assert!(
        message.contains("0002_panics") && message.contains("panicked"),
        "{message}"
    );
    assert_eq!(one(&*host, "SELECT count(*) FROM users"), Value::Integer(1));
}
