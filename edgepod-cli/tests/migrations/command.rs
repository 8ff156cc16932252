//! `edgepod migrations`, as who writes an app lives it: from its first migration to refusals.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use edgepod_samples::apps::{self, PROFILES};
use rusqlite::Connection;

/// An app of one table, which depends on this checkout.
struct App {
    folder: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// Apps have one name, so what cargo makes of one takes the place of what it made of another.
static ALONE: Mutex<()> = Mutex::new(());

const TABLE: &str = r#"#[edgepod::table(name = "tasks")]
pub struct Task {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub title: String,
}
"#;

impl App {
    fn new() -> Self {
        let app = Self {
            _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
            folder: tempfile::tempdir().unwrap(),
        };
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        app.write(
            "Cargo.toml",
            &format!(
                "[workspace]\n[package]\nname = \"tasks\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\nedgepod = {{ path = {:?} }}\n{PROFILES}",
                checkout.to_str().unwrap()
            ),
        );
        fs::copy(checkout.join("Cargo.lock"), app.path("Cargo.lock")).unwrap();
        app.table(TABLE);
        app
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
    }

    fn table(&self, table: &str) {
        self.write(
            "src/lib.rs",
            &format!("#![allow(dead_code, unused_imports)]\nuse edgepod::prelude::*;\n{table}\nedgepod::app!();\n"),
        );
    }

    /// `edgepod migrations …`: its exit code and what it printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_edgepod"))
            .arg("migrations")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env(
                "CARGO_TARGET_DIR",
                apps::target(env!("CARGO_TARGET_TMPDIR")),
            )
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code().unwrap(), text)
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str], says: &str) {
        let (code, text) = self.run(arguments);
        assert!(
            code == 0 && text.contains(says),
            "{code}, without `{says}`: {text}"
        );
    }

    /// What it prints and its exit code are as reviewed.
    #[track_caller]
    fn reviewed(&self, name: &str, arguments: &[&str]) {
        let (code, text) = self.run(arguments);
        let folder = self.folder.path().canonicalize().unwrap();
        let text: String = text
            .replace(folder.to_str().unwrap(), "[app]")
            .replace(self.folder.path().to_str().unwrap(), "[app]")
            .lines()
            .filter(|line| !is_cargos(line))
            .map(|line| format!("{line}\n"))
            .collect();
        insta::assert_snapshot!(
            name,
            format!(
                "$ edgepod migrations {}\n{text}exit code {code}\n",
                arguments.join(" ")
            )
        );
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str], says: &[&str]) {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 1, "{text}");
        for says in says {
            assert!(text.contains(says), "no `{says}` in: {text}");
        }
    }
}

/// Whether cargo printed it, which says what had to be built.
fn is_cargos(line: &str) -> bool {
    [
        "Compiling",
        "Finished",
        "Blocking",
        "Locking",
        "Adding",
        "Updating",
        "Removing",
        "Downloading",
        "Downloaded",
    ]
    .iter()
    .any(|verb| line.trim_start().starts_with(verb) && line.starts_with("  "))
}

#[test]
fn an_app_migrates_from_its_first_table_on() {
    let app = App::new();
    app.fails(
        &["check"],
        &["`edgepod migrations new`", "CREATE TABLE \"tasks\""],
    );
    app.reviewed("no_migration_yet", &["check"]);
    app.succeeds(&["new"], "migrations/0001_first.sql");
    assert!(
        app.read("migrations/0001_first.sql")
            .starts_with("CREATE TABLE \"tasks\" (")
    );
    app.succeeds(&["new"], "the schema is that of the last migration");
    app.succeeds(&["check"], "1 of 1 migrations, on an empty database");

    // Another column, and a database that has the first migration only.
    let old = app.path("old.sqlite");
    let old_name = old.to_str().unwrap();
    fs::copy(app.path("migrations/snapshot.json"), app.path("first.json")).unwrap();
    let connection = Connection::open(&old).unwrap();
    connection
        .execute_batch(&app.read("migrations/0001_first.sql"))
        .unwrap();
    connection
        .execute_batch("INSERT INTO tasks (title) VALUES ('milk')")
        .unwrap();
    drop(connection);
    app.table(&TABLE.replace("pub title", "pub done: Option<bool>,\n    pub title"));
    app.fails(&["check"], &["ADD COLUMN \"done\""]);
    app.reviewed("the_schema_is_ahead", &["check"]);
    app.reviewed("status_of_a_schema_that_is_ahead", &["status"]);
    app.reviewed("a_bad_name", &["new", "add done"]);
    app.succeeds(&["new", "add_done"], "migrations/0002_add_done.sql");
    app.succeeds(
        &["check", "--against", old_name],
        "2 of 2 migrations, on a copy of",
    );
    let connection = Connection::open(&old).unwrap();
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = '_edgepod_migrations'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 0, "a rehearsal changes the copy only");

    // What loses data is said, and done only when it is wanted.
    app.table(TABLE);
    app.fails(
        &["new", "drop_done"],
        &[
            "would lose",
            "column `done` of the table `tasks`",
            "--accept-data-loss",
            "renamed_from",
        ],
    );
    app.reviewed("data_would_be_lost", &["new", "drop_done"]);
    assert!(!app.path("migrations/0003_drop_done.sql").exists());
    app.succeeds(
        &["new", "drop_done", "--accept-data-loss"],
        "0003_drop_done.sql",
    );

    // Another type is no migration.
    app.table(&TABLE.replace("title: String", "title: i64"));
    let expected = [
        "`title`", "`tasks`", "TEXT", "INTEGER", "1. ", "2. ", "3. ", "--empty",
    ];
    app.fails(&["new", "retype"], &expected);
    app.reviewed("another_type", &["new", "retype"]);
    // Nor is another meaning in the same storage.
    app.table(&TABLE.replace("title: String", "title: Uuid"));
    let expected = ["`title`", "`tasks`", "a plain value", "a UUID", "--empty"];
    app.fails(&["new", "retype"], &expected);
    app.fails(&["check"], &expected);
    app.table(TABLE);

    // A view, and a migration in Rust.
    app.write(
        "schema/titles.sql",
        "CREATE VIEW titles AS SELECT title FROM tasks;\n",
    );
    app.succeeds(&["new", "titles"], "0004_titles.sql");
    app.table(&format!(
        "{TABLE}\n#[edgepod::migration(\"0005_shout\")]\nfn shout(db: &edgepod::MigrationDb<'_>) -> Result<()> {{\n    \
         db.run(\"UPDATE tasks SET title = upper(title)\", &[]).map(drop)\n}}\n"
    ));
    app.succeeds(&["check", "--against", old_name], "5 of 5 migrations");
    app.succeeds(&["new", "--empty", "mine"], "migrations/0006_mine.sql");
    app.succeeds(&["check"], "6 of 6 migrations");

    // What the snapshot says is not believed.
    app.table(&TABLE.replace("    pub title", "    #[index]\n    pub title"));
    app.succeeds(&["new", "--empty", "index"], "migrations/0007_index.sql");
    app.reviewed("an_index_is_missing", &["check"]);
    app.write(
        "migrations/0007_index.sql",
        "CREATE INDEX tasks_title_index ON tasks (title);\n",
    );
    app.succeeds(&["check"], "6 of 6 migrations");

    // A migration that the data does not fit says which statement, and where to try.
    app.write(
        "migrations/0006_mine.sql",
        "INSERT INTO tasks (id, title) VALUES (1, 'bread');\n",
    );
    app.reviewed(
        "the_data_does_not_fit",
        &["check", "--against", "old.sqlite"],
    );
}

#[test]
fn what_a_database_has_applied_is_not_edited_and_not_taken_away() {
    let app = App::new();
    app.succeeds(&["new"], "0001_first.sql");
    app.succeeds(&["new", "--empty", "mine"], "0002_mine.sql");
    app.write(
        "migrations/0002_mine.sql",
        "INSERT INTO tasks (title) VALUES ('milk');\n",
    );
    app.succeeds(&["check"], "2 of 2");
    let database = app.path("data.sqlite");
    let database = database.to_str().unwrap();
    Connection::open(database)
        .unwrap()
        .execute_batch("PRAGMA user_version = 0; CREATE TABLE other (x)")
        .unwrap();
    app.succeeds(&["status", "--database", database], "pending");
    // Applied as `edgepod dev` does.
    let library = fs::read_dir(apps::target(env!("CARGO_TARGET_TMPDIR")).join("debug"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name == "libtasks.so" || name == "libtasks.dylib")
        })
        .unwrap();
    let applied = Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .arg("__run")
        .arg(library)
        .envs([("EDGEPOD_MIGRATE", "apply"), ("EDGEPOD_DATABASE", database)])
        .output()
        .unwrap();
    assert!(applied.status.success(), "{applied:?}");
    app.succeeds(&["status", "--database", database], "applied");

    let file = "migrations/0002_mine.sql";
    let text = app.read(file);
    app.write(file, &text.replace("milk", "bread"));
    let expected = ["0002_mine", "was edited", "Nothing was changed"];
    app.fails(&["check", "--against", database], &expected);
    app.fails(&["status", "--database", database], &expected);
    app.reviewed("edited", &["check", "--against", "data.sqlite"]);
    app.write(file, &text);

    fs::remove_file(app.path(file)).unwrap();
    app.fails(
        &["check", "--against", database],
        &["0002_mine", "not in this build", "version control"],
    );
    app.reviewed("missing", &["check", "--against", "data.sqlite"]);
    app.write(file, &text);

    app.write("migrations/0002_other.sql", "SELECT 1;\n");
    app.fails(
        &["check"],
        &[
            "two migrations have the number 2",
            "0002_mine",
            "0002_other",
        ],
    );
    fs::remove_file(app.path("migrations/0002_other.sql")).unwrap();

    app.reviewed(
        "no_such_database",
        &["check", "--against", "nowhere.sqlite"],
    );

    fs::remove_file(app.path("migrations/snapshot.json")).unwrap();
    app.fails(&["new"], &["snapshot.json", "version control"]);
    app.reviewed("no_snapshot", &["new"]);
}

#[test]
fn what_migrations_of_ones_own_have_made_is_not_lost_in_silence() {
    let app = App::new();
    app.succeeds(&["new"], "0001_first.sql");
    app.succeeds(&["new", "--empty", "mine"], "0002_mine.sql");
    app.write(
        "migrations/0002_mine.sql",
        "CREATE INDEX mine ON tasks (title COLLATE NOCASE);\n\
         CREATE TRIGGER shout AFTER INSERT ON tasks BEGIN UPDATE tasks SET title = upper(title); END;\n\
         ALTER TABLE tasks ADD COLUMN length INTEGER AS (length(title));\n\
         CREATE TABLE \"order\" (id INTEGER PRIMARY KEY, task REFERENCES tasks ON DELETE CASCADE) WITHOUT ROWID;\n\
         CREATE TABLE log (line TEXT);\n",
    );
    app.succeeds(&["check"], "2 of 2");
    // A new column is added; nothing of it is touched.
    app.table(&TABLE.replace("pub title", "pub done: Option<bool>,\n    pub title"));
    app.succeeds(&["new", "add_done"], "0003_add_done.sql");
    app.succeeds(&["check"], "3 of 3");
    // Not for what would be a new copy of the table.
    app.table(&TABLE.replace(
        "pub title",
        "#[default(true)]\n    pub done: bool,\n    pub title",
    ));
    app.reviewed("what_the_schema_does_not_know", &["new", "always_done"]);
    assert!(!app.path("migrations/0004_always_done.sql").exists());
    app.reviewed(
        "what_the_schema_does_not_know_is_accepted",
        &["new", "always_done", "--accept-data-loss"],
    );
    assert!(app.path("migrations/0004_always_done.sql").exists());
}

#[test]
fn a_trigger_may_read_a_column_called_end() {
    let app = App::new();
    app.table(&TABLE.replace("pub title: String", "pub end: i64,\n    pub left: i64"));
    app.write(
        "schema/left.sql",
        "CREATE TRIGGER task_left AFTER UPDATE OF end ON tasks BEGIN UPDATE tasks SET left = OLD.end WHERE id = NEW.id; \
         UPDATE tasks SET left = CASE WHEN NEW.end < 0 THEN 0 END WHERE left < 0; END\n",
    );
    app.succeeds(&["new"], "0001_first.sql");
    app.succeeds(&["check"], "1 of 1 migrations");
}

#[test]
fn an_index_over_an_expression_is_checked_and_not_lost_in_silence() {
    let app = App::new();
    app.succeeds(&["new"], "0001_first.sql");
    app.succeeds(&["new", "--empty", "mine"], "0002_mine.sql");
    app.write(
        "migrations/0002_mine.sql",
        "CREATE UNIQUE INDEX tasks_lower ON tasks (lower(title), id);\n",
    );
    app.succeeds(&["check"], "2 of 2");
    // Needs a new copy of the table, which an added column does not.
    app.table(&TABLE.replace("pub title: String", "pub title: Option<String>"));
    app.succeeds(&["new", "untitled"], "without the index `tasks_lower`");
}

#[test]
fn what_would_hide_a_function_of_sqlite_is_refused() {
    let app = App::new();
    app.succeeds(&["new"], "0001_first.sql");
    app.succeeds(&["new", "--empty", "mine"], "0002_mine.sql");
    for made in [
        "TABLE Json_Each (x INTEGER)",
        "VIEW pragma_table_info AS SELECT 1",
    ] {
        app.write("migrations/0002_mine.sql", &format!("CREATE {made};\n"));
        let (code, text) = app.run(&["check"]);
        assert!(
            code == 1 && text.contains("hides SQLite's function"),
            "{code}: {text}"
        );
    }
}

#[test]
fn a_function_that_panics_is_named_and_nothing_is_killed() {
    let app = App::new();
    app.succeeds(&["new"], "0001_first.sql");
    app.table(&format!(
        "{TABLE}\n#[edgepod::migration(\"0002_fill\")]\nfn fill(_db: &edgepod::MigrationDb<'_>) -> Result<()> {{\n    panic!(\"no such luck\")\n}}\n"
    ));
    let (code, text) = app.run(&["check"]);
    assert!(
        code == 1
            && text.contains("0002_fill")
            && text.contains("panicked")
            && text.contains("no such luck"),
        "{code}: {text}"
    );
    assert!(!text.contains("SIG"), "{text}");
}

#[test]
fn columns_that_change_places_are_told() {
    let app = App::new();
    let table = TABLE.replace("pub title", "pub note: Option<String>,\n    pub title");
    app.table(&table);
    app.succeeds(&["new"], "0001_first.sql");
    app.table(&TABLE.replace(
        "title: String",
        "title: String,\n    pub note: Option<String>",
    ));
    app.succeeds(
        &["new"],
        "in another order in the struct than in the database",
    );
}

#[test]
fn a_view_is_one_statement_and_its_name_may_need_quotes() {
    let app = App::new();
    let view = "-- All of them.\nCREATE VIEW \"all \"\"tasks\"\"\" AS SELECT title FROM tasks;\n";
    app.write("schema/all.sql", view);
    app.succeeds(&["new"], "0001_first.sql");
    app.write("schema/all.sql", &view.replace("title", "id, title"));
    app.succeeds(&["new", "ids"], "0002_ids.sql");
    assert!(
        app.read("migrations/0002_ids.sql")
            .starts_with("DROP VIEW \"all \"\"tasks\"\"\";")
    );
    app.succeeds(&["check"], "2 of 2");
    app.write(
        "schema/two.sql",
        "CREATE VIEW a AS SELECT 1;\nCREATE VIEW b AS SELECT 1;\n",
    );
    app.reviewed("two_views_in_a_file", &["new"]);
    app.write("schema/two.sql", "CREATE TABLE a (x);\n");
    app.reviewed("a_table_in_a_file", &["new"]);
    app.write(
        "schema/two.sql",
        "CREATE VIEW a AS SELECT missing FROM tasks;\n",
    );
    app.reviewed("a_view_of_what_is_not_there", &["new"]);
    app.write(
        "schema/two.sql",
        "CREATE TRIGGER t AFTER DELETE ON tasks BEGIN UPDATE tasks SET missing = 1; END;\n",
    );
    app.reviewed("a_trigger_of_what_is_not_there", &["new"]);
    app.write(
        "schema/two.sql",
        "CREATE TRIGGER t AFTER DELETE ON tasks BEGIN SELECT 1; END; DROP TABLE tasks;\n",
    );
    app.fails(&["new"], &["two.sql", "2 statements"]);
    assert!(!app.path("migrations/0003_change.sql").exists());
}

const VANS: &str = r#"#[edgepod::table(name = "vans")]
pub struct Van {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub plate: String,
    pub seats: Option<i64>,
}
"#;

/// `git` in the app's folder, which must succeed.
#[track_caller]
fn git(app: &App, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(app.folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {text}");
    text
}

/// Two branches: `main` makes `seats` NOT NULL, which is a new copy of the table; `colour` adds a column. Merged into the latter.
#[test]
fn a_merge_of_two_branches_is_noticed_and_rebased() {
    let app = App::new();
    app.table(VANS);
    app.write(".gitignore", "target\n.edgepod\n");
    git(&app, &["init", "-q", "-b", "main"]);
    let commit = |message: &str| {
        git(&app, &["add", "-A"]);
        git(&app, &["commit", "-qm", message]);
    };
    app.succeeds(&["new"], "0001_first.sql");
    commit("first");
    git(&app, &["branch", "colour"]);
    let seats = VANS.replace(
        "pub seats: Option<i64>",
        "#[default(0)]\n    pub seats: i64",
    );
    app.table(&seats);
    app.succeeds(&["new", "seats"], "0002_seats.sql");
    commit("seats");
    git(&app, &["checkout", "-q", "colour"]);
    let colour = "pub colour: Option<String>,\n    pub plate";
    app.table(&VANS.replace("pub plate", colour));
    app.succeeds(&["new", "colour"], "0002_colour.sql");
    commit("colour");
    let merge = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["merge", "-q", "-m", "merged", "main"])
        .current_dir(app.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&merge.stdout).into_owned();
    assert!(
        !merge.status.success() && said.contains("migrations/snapshot.json"),
        "the snapshots must not merge: {said}"
    );
    let both = seats.replace("pub plate", colour);
    app.table(&both);
    // As it was without that conflict: one side's.
    git(&app, &["checkout", "--ours", "migrations/snapshot.json"]);
    for command in [&["status"] as &[&str], &["check"], &["new"]] {
        app.fails(
            command,
            &[
                "two migrations have the number 2",
                "0002_colour",
                "0002_seats",
                "edgepod migrations rebase",
            ],
        );
    }

    // Renumbered by hand, the new copy would be without the column.
    fs::rename(
        app.path("migrations/0002_seats.sql"),
        app.path("migrations/0003_seats.sql"),
    )
    .unwrap();
    let snapshot = app.read("migrations/snapshot.json");
    let mut merged: serde_json::Value = serde_json::from_str(&snapshot).unwrap();
    let columns = merged["tables"][0]["columns"].as_array_mut().unwrap();
    let seats = columns.iter_mut().find(|column| column["name"] == "seats");
    let seats = seats.unwrap();
    seats["nullable"] = false.into();
    seats["default"] = "0".into();
    let merged = serde_json::to_string_pretty(&merged).unwrap() + "\n";
    assert_ne!(merged, snapshot);
    app.write("migrations/snapshot.json", &merged);
    for command in [&["status"] as &[&str], &["check"], &["new"]] {
        app.fails(
            command,
            &[
                "do not lead to the schema",
                "the column `vans.colour` is not there",
                "rebase",
            ],
        );
    }
    app.succeeds(&["rebase", "0003_seats"], "migrations/0003_seats.sql");
    app.succeeds(&["check"], "3 of 3");
    assert!(app.read("migrations/0003_seats.sql").contains("colour"));

    // Or, right after the merge, by what git knows: what `main` has stays.
    git(
        &app,
        &["checkout", "main", "--", "migrations/0002_seats.sql"],
    );
    fs::remove_file(app.path("migrations/0003_seats.sql")).unwrap();
    app.write("migrations/snapshot.json", "<<<<<<< ours\n");
    app.succeeds(&["rebase"], "0002_colour to 0003_colour");
    app.succeeds(&["check"], "3 of 3");
    assert_eq!(
        app.read("migrations/0003_colour.sql"),
        "ALTER TABLE \"vans\" ADD COLUMN \"colour\" TEXT;\n"
    );
    app.succeeds(&["new"], "the schema is that of the last migration");
}
