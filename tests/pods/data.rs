//! A pod's data as a SQLite file: all of it, of one version, whoever is killed meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    add,
    admin::{KEY, admin, until_listed},
    call_in,
};

cases![
    every_kind_of_table_and_value_comes_as_it_is,
    what_is_pulled_while_others_write_is_of_one_version,
    whatever_changes_while_a_pod_is_pulled_comes_as_it_is_in_the_end,
    rows_that_take_the_place_of_others_leave_none_behind,
    a_pull_begins_anew_where_tables_change_that_it_has_yet_to_read,
    a_pull_that_nobody_goes_on_with_leaves_the_pod_as_it_was,
    a_pull_goes_on_after_its_end_or_the_servers,
    a_pulled_file_is_a_pod,
    nothing_is_pulled_over_a_file_or_of_a_pod_that_is_not_there,
    a_file_comes_in_the_place_of_a_pods_data_and_screens_are_told,
    jobs_of_a_file_may_be_left_out,
    a_file_that_does_not_fit_changes_nothing,
    a_pod_that_is_damaged_is_replaced,
    data_that_an_engine_has_opened_is_still_whole,
];

/// A folder, and the file in it that is to come.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pulled.sqlite");
    (folder, file)
}

pub(crate) fn pull(pod: &str, file: &Path) -> Command {
    data(&["pull", "--pod", pod], file)
}

pub(crate) fn data(arguments: &[&str], file: &Path) -> Command {
    let mut command = command(arguments);
    command.arg(file);
    command
}

/// `edgepod data`, of the server.
pub(crate) fn command(arguments: &[&str]) -> Command {
    static COMMAND: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let command = COMMAND.get_or_init(|| server::build_command().expect("the command builds"));
    let mut command = Command::new(command);
    command
        .arg("data")
        .args(arguments)
        .args(["--url", &server().url])
        .env("EDGEPOD_ADMIN_KEY", KEY)
        .stdin(Stdio::null());
    command
}

/// Pushes a file, and says what the command said.
#[track_caller]
pub(crate) fn push(pod: &str, file: &Path) -> String {
    let output = data(&["push", "--pod", pod, "--replace"], file).output();
    said(output.expect("it runs"))
}

/// What the command said, which was refused.
#[track_caller]
pub(crate) fn refused(mut command: Command) -> String {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !said.contains(KEY), "{said}");
    said
}

#[track_caller]
pub(crate) fn pulled(pod: &str, file: &Path) -> Connection {
    said(pull(pod, file).output().expect("it runs"));
    Connection::open(file).expect("a database")
}

/// What the command said, which has ended well.
#[track_caller]
pub(crate) fn said(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains(KEY));
    said
}

/// Rows of texts.
pub(crate) fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map((), |row| row.get(0)).expect("it runs");
    rows.map(|text| text.expect("a text")).collect()
}

pub(crate) fn run(pod: &str, sql: &str) {
    call_in(pod, "run").args(json!({ "sql": sql })).ok();
}

fn every_kind_of_table_and_value_comes_as_it_is() {
    let pod = server::unique("open-kinds");
    let values = [
        "NULL",
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740993",
        "0.1 + 0.2",
        "1e308",
        "-5e-324",
        "9e999",
        "''",
        "'it''s \"quoted\"'",
        "'two' || char(10) || 'lines' || char(13, 10)",
        "'héllo ' || char(128512)",
        "CAST(x'610062' AS TEXT)",
        "CAST(x'61ff62' AS TEXT)",
        "'1'",
        "x''",
        "x'00ff7f'",
        "zeroblob(1500000)",
        "replace(hex(zeroblob(450000)), '0', 'ab')",
        "CAST(replace(hex(zeroblob(200000)), '0', 'é') AS TEXT)",
    ];
    let ddl = [
        "CREATE TABLE plain (v)",
        "CREATE TABLE \"odd \"\"name\" (rowid TEXT, \"a b\" ANY, PRIMARY KEY (rowid)) STRICT, WITHOUT ROWID",
        "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER, twice INTEGER AS (n * 2) STORED, thrice AS (n * 3))",
        "CREATE TABLE logs (text TEXT)",
        "CREATE TABLE computed (a TEXT, rowid AS (a || '!'))",
        "INSERT INTO computed VALUES ('abc')",
        "CREATE TRIGGER noted AFTER INSERT ON counted BEGIN INSERT INTO logs VALUES ('noted ' || NEW.n); END",
        "CREATE UNIQUE INDEX counted_n ON counted (n) WHERE n > 0",
        "CREATE INDEX counted_sum ON counted (n + id)",
        "CREATE VIEW both AS SELECT c.n, l.text FROM counted c JOIN logs l ON l.rowid = c.id",
        "CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter')",
        "INSERT INTO counted (n) VALUES (1), (2), (3)",
        "DELETE FROM counted WHERE n = 3",
        "INSERT INTO words (rowid, text) VALUES (7, 'running dogs'), (9, 'a sleeping cat')",
        "INSERT INTO \"odd \"\"name\" VALUES ('key', 7), ('other', x'07'), ('text', '7')",
    ];
    for sql in ddl {
        run(&pod, sql);
    }
    for value in values {
        run(&pod, &format!("INSERT INTO plain VALUES ({value})"));
    }
    run(&pod, "DELETE FROM plain WHERE rowid = 3");
    let (_folder, file) = place();
    let own = pulled(&pod, &file);

    let expected = Connection::open_in_memory().expect("memory");
    for sql in ddl {
        expected
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    for value in values {
        let sql = format!("INSERT INTO plain VALUES ({value})");
        expected.execute_batch(&sql).expect("it fits");
    }
    expected
        .execute_batch("DELETE FROM plain WHERE rowid = 3")
        .expect("it is there");
    let is_as_it_was = |own: &Connection| {
        for sql in [
            "SELECT rowid || ' ' || typeof(v) || ' ' || coalesce(length(CAST(v AS BLOB)), -1) || ' ' || substr(hex(v), 1, 200) || quote(iif(typeof(v) = 'real', v, 0)) FROM plain ORDER BY rowid",
            "SELECT rowid || typeof(\"a b\") || hex(\"a b\") FROM \"odd \"\"name\" ORDER BY 1",
            "SELECT id || ' ' || n || ' ' || twice || ' ' || thrice FROM counted ORDER BY id",
            "SELECT rowid || text FROM logs ORDER BY rowid",
            "SELECT n || text FROM both ORDER BY 1",
            "SELECT rowid || text FROM words WHERE words MATCH 'run' ORDER BY 1",
            "SELECT name || seq FROM sqlite_sequence WHERE name = 'counted'",
            "SELECT type || name || tbl_name || sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name IN \
         ('plain', 'odd \"name', 'counted', 'logs', 'both') OR name = 'words' ORDER BY 1",
        ] {
            assert_eq!(rows(own, sql), rows(&expected, sql), "{sql}");
        }
    };
    is_as_it_was(&own);
    let copy = server::unique("open-kinds-copy");
    drop(own);
    push(&copy, &file);
    let (_folder, again) = place();
    is_as_it_was(&pulled(&copy, &again));
    assert_eq!(call_in(&copy, "getNotes").ok(), json!([]));
    let own = Connection::open(&file).expect("a database");
    // It goes on as it would have there.
    own.execute_batch(
        "INSERT INTO counted (n) VALUES (4); INSERT INTO words (text) VALUES ('runs')",
    )
    .expect("it is whole");
    assert_eq!(
        rows(&own, "SELECT id || '' FROM counted WHERE n = 4"),
        ["4"]
    );
    assert_eq!(
        rows(
            &own,
            "SELECT count(*) || '' FROM words WHERE words MATCH 'run'"
        ),
        ["2"]
    );
    assert_eq!(rows(&own, "PRAGMA integrity_check"), ["ok"]);
    let left = rows(
        &own,
        "SELECT name FROM sqlite_schema WHERE name LIKE '\\_cf\\_%' ESCAPE '\\' OR name LIKE '\\_edgepod\\_copy%' ESCAPE '\\'",
    );
    assert_eq!(left, Vec::<String>::new());
    // What is asked meanwhile is of the same pod, and nothing was changed there.
    assert_eq!(call_in(&pod, "getNotes").ok(), json!([]));
}

/// Some MB in a pod.
fn fill(pod: &str, millions: usize) {
    add(call_in(pod, "addNote"), "first");
    for _ in 0..millions {
        run(
            pod,
            "INSERT INTO notes (text) VALUES (hex(randomblob(500000)))",
        );
    }
}

/// Ends others, also when what it is about has failed.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn what_is_pulled_while_others_write_is_of_one_version() {
    let pod = server::unique("open-busy");
    fill(&pod, 4);
    run(&pod, "CREATE TABLE pairs (n INTEGER)");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = Ends(&over);
        scope.spawn(|| {
            let mut written = 0;
            while !over.load(Ordering::Relaxed) {
                // Both or none.
                call_in(&pod, "addPair").args(json!({ "n": written })).ok();
                written += 1;
            }
            assert!(written > 20, "{written}");
        });
        for _ in 0..4 {
            let (_folder, file) = place();
            let own = pulled(&pod, &file);
            let odd = "SELECT p.n || '' FROM pairs p LEFT JOIN notes t ON t.text = 'pair ' || p.n WHERE t.id IS NULL \
                       UNION ALL SELECT text FROM notes WHERE text LIKE 'pair %' AND substr(text, 6) + 0 NOT IN (SELECT n FROM pairs)";
            assert_eq!(rows(&own, odd), Vec::<String>::new());
        }
    });
}

/// A transaction at random on the tables of [`churned`]; the last statement notes what they come to.
fn churn(random: &mut fastrand::Rng, more: &str) -> Vec<String> {
    let mut row = || {
        let at = random.u32(..);
        format!(
            "(SELECT id FROM cells ORDER BY id LIMIT 1 OFFSET {at} % (SELECT count(*) FROM cells))"
        )
    };
    let (a, b, c) = (row(), row(), row());
    let text = "hex(randomblob(500))";
    let mut statements: Vec<String> = vec![
        format!("INSERT OR IGNORE INTO cells (spot, text) VALUES (abs(random()) % 20000, {text})"),
        format!("UPDATE cells SET text = {text} WHERE id IN ({a}, {b}, {c})"),
        format!("UPDATE OR IGNORE cells SET id = id + 1 + abs(random()) % 50000 WHERE id = {c}"),
        format!("DELETE FROM cells WHERE id IN ({b}, {c})"),
        format!("INSERT INTO loose SELECT {text} || id FROM cells LIMIT 1"),
        "DELETE FROM loose WHERE rowid % 7 = abs(random()) % 50".to_owned(),
        "INSERT INTO fixed VALUES (hex(randomblob(8)), 1) ON CONFLICT DO NOTHING".to_owned(),
        "UPDATE fixed SET n = n + 1 WHERE k > hex(randomblob(1))".to_owned(),
    ];
    // What is unique goes from one to another.
    let spot = format!("(SELECT spot FROM cells WHERE id = {a})");
    statements.extend([
        format!("UPDATE numbers SET n = coalesce({spot}, -1)"),
        format!("UPDATE cells SET spot = NULL WHERE id = {a} OR spot = (SELECT n FROM numbers)"),
        format!("UPDATE OR IGNORE cells SET spot = (SELECT n FROM numbers) WHERE id = {b} AND (SELECT n FROM numbers) >= 0"),
    ]);
    if !more.is_empty() {
        statements.push(more.to_owned());
    }
    statements.push(format!(
        "INSERT INTO versions SELECT max(n) + 1, {DIGEST} FROM versions"
    ));
    statements
}

/// What the tables of [`churned`] come to.
const DIGEST: &str = "(SELECT count(*) || ' ' || sum(id * 31 + coalesce(spot, -1) * 7 + unicode(substr(text, 9))) FROM cells) || ' ' || \
     (SELECT count(*) || ' ' || sum(rowid * 3 + unicode(substr(text, 7))) FROM loose) || ' ' || \
     (SELECT count(*) || ' ' || sum(n) FROM fixed) || ' ' || (SELECT n FROM numbers)";

/// A pod with some MB that somebody changes all the time.
fn churned(name: &str) -> String {
    churned_with(name, "spot INTEGER UNIQUE", "")
}

/// The same, with the column of what is unique, and a statement that makes an index of it.
fn churned_with(name: &str, spot: &str, index: &str) -> String {
    let pod = server::unique(name);
    run(
        &pod,
        &format!("CREATE TABLE cells (id INTEGER PRIMARY KEY, {spot}, text TEXT NOT NULL)"),
    );
    if !index.is_empty() {
        run(&pod, index);
    }
    for sql in [
        "CREATE TABLE loose (text TEXT UNIQUE)",
        "CREATE TABLE fixed (k TEXT PRIMARY KEY, n INTEGER) STRICT, WITHOUT ROWID",
        "CREATE TABLE numbers (n INTEGER)",
        "CREATE TABLE versions (n INTEGER, digest TEXT)",
        "CREATE INDEX of_texts ON cells (text)",
        "CREATE TRIGGER counted AFTER DELETE ON cells BEGIN INSERT INTO loose VALUES ('gone ' || OLD.id || hex(randomblob(9))); END",
        "INSERT INTO numbers VALUES (0)",
        "INSERT INTO versions VALUES (0, '')",
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 4000) \
         INSERT INTO cells SELECT n, n * 3, hex(randomblob(500)) FROM n",
        "INSERT INTO loose SELECT text FROM cells",
    ] {
        run(&pod, sql);
    }
    pod
}

/// Pulls a pod while transactions at random, each with the statement `more`, change it: how many there were at the start, in the file, and
/// at the end; and what the command said.
fn pulled_while_churned(pod: &str, seed: u64, more: &str) -> ([u64; 3], String) {
    let over = AtomicBool::new(false);
    let written = AtomicU64::new(0);
    let (_folder, file) = place();
    let versions = || written.load(Ordering::Relaxed);
    let first = rows_of(pod, "SELECT max(n) FROM versions");
    let said = thread::scope(|scope| {
        let _ends = Ends(&over);
        scope.spawn(|| {
            let mut random = fastrand::Rng::with_seed(seed);
            while !over.load(Ordering::Relaxed) {
                let statements = churn(&mut random, more);
                call_in(pod, "runAll")
                    .args(json!({ "statements": statements }))
                    .ok();
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        while versions() < 3 {
            thread::sleep(Duration::from_millis(1));
        }
        said(pull(pod, &file).output().expect("it runs"))
    });
    let own = Connection::open(&file).expect("a database");
    let digest = format!("SELECT {DIGEST} || ' of ' || max(n) FROM versions");
    let noted = "SELECT digest || ' of ' || n FROM versions ORDER BY n DESC LIMIT 1";
    assert_eq!(rows(&own, &digest), rows(&own, noted), "seed {seed}");
    let held: u64 = rows(&own, "SELECT max(n) || '' FROM versions")[0]
        .parse()
        .expect("a number");
    ([first, held, first + versions()], said)
}

/// The number that a statement comes to.
fn rows_of(pod: &str, sql: &str) -> u64 {
    let said = call_in(pod, "ask").args(json!({ "sql": sql })).ok();
    let said = said.as_str().expect("a text");
    let number = said
        .rsplit_once("Integer(")
        .and_then(|(_, rest)| rest.split_once(')'));
    let number = number.unwrap_or_else(|| panic!("{said}")).0;
    number.parse().expect("a number")
}

fn whatever_changes_while_a_pod_is_pulled_comes_as_it_is_in_the_end() {
    let pod = churned("open-churned");
    for seed in 0..2 {
        let ([first, held, last], _) = pulled_while_churned(&pod, seed, "");
        assert!(first <= held && held <= last, "{first} {held} {last}");
        if !server::is_native() {
            assert!(
                held > first + 3,
                "an object's is of the end: {first} {held} {last}"
            );
        }
    }
    // Many changes, at some moment more than there are rows.
    let many = "UPDATE cells SET text = hex(randomblob(500)) WHERE id % 3 = abs(random()) % 3";
    pulled_while_churned(&pod, 2, many);
    // Nothing is left that notes anything.
    let own = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%edgepod%'";
    assert_eq!(rows_of(&pod, own), 0);
}

/// No trigger of SQLite's tells of a row whose place another one takes.
fn rows_that_take_the_place_of_others_leave_none_behind() {
    // One that is made with its table, and one of its own, as migrations make them.
    let index = "CREATE UNIQUE INDEX of_spots ON cells (spot) WHERE spot IS NOT NULL";
    let pods = [
        churned("open-replaced"),
        churned_with("open-replaced", "spot INTEGER", index),
    ];
    let more = "INSERT OR REPLACE INTO cells (spot, text) SELECT spot, 'in its place ' || text FROM cells \
                WHERE spot IS NOT NULL ORDER BY random() LIMIT 2";
    for (seed, pod) in (0..).zip(&pods) {
        pulled_while_churned(pod, seed, more);
        // A row that is here already.
        let (_folder, file) = place();
        pull_half(pod, &file);
        let first = "SELECT min(id) FROM cells WHERE spot IS NOT NULL";
        let replace = format!(
            "INSERT OR REPLACE INTO cells (spot, text) SELECT spot, text FROM cells WHERE id = ({first})"
        );
        let note = format!("INSERT INTO versions SELECT max(n) + 1, {DIGEST} FROM versions");
        let statements = [replace, note];
        let call = call_in(pod, "runAll");
        call.args(json!({ "statements": statements })).ok();
        let said = said(pull(pod, &file).output().expect("it runs"));
        // A table with its constraint takes the place of such rows in the file by itself.
        let is_anew = said.contains("rows took the place of others");
        assert_eq!(is_anew, !server::is_native() && seed == 1, "{said}");
        let own = Connection::open(&file).expect("a database");
        let digest = format!("SELECT {DIGEST} || ' of ' || max(n) FROM versions");
        let noted = "SELECT digest || ' of ' || n FROM versions ORDER BY n DESC LIMIT 1";
        assert_eq!(rows(&own, &digest), rows(&own, noted));
    }
}

fn a_pull_begins_anew_where_tables_change_that_it_has_yet_to_read() {
    let pod = server::unique("open-altered");
    fill(&pod, 4);
    for sql in [
        "ALTER TABLE later DROP COLUMN b",
        "ALTER TABLE later RENAME COLUMN b TO c",
        "ALTER TABLE later RENAME TO others",
        "DROP TABLE later",
    ] {
        run(&pod, "DROP TABLE IF EXISTS others");
        run(&pod, "DROP TABLE IF EXISTS later");
        run(&pod, "CREATE TABLE later (a, b)");
        run(&pod, "INSERT INTO later VALUES (1, 2)");
        let (_folder, file) = place();
        pull_half(&pod, &file);
        run(&pod, sql);
        let own = pulled(&pod, &file);
        let tables = "SELECT name FROM sqlite_schema WHERE name IN ('later', 'others')";
        let said = rows(&own, tables);
        let expected: &[&str] = match sql {
            _ if server::is_native() => &["later"],
            "DROP TABLE later" => &[],
            _ if sql.ends_with("others") => &["others"],
            _ => &["later"],
        };
        assert_eq!(said, expected, "{sql}");
    }
    // The counters of SQLite's stay where nothing is left to count.
    run(&pod, "DROP TABLE notes");
    let (_folder, file) = place();
    drop(pulled(&pod, &file));
}

fn a_pull_that_nobody_goes_on_with_leaves_the_pod_as_it_was() {
    let pod = churned("open-left");
    let mut random = fastrand::Rng::with_seed(15);
    let mut changes = |times: usize| {
        for _ in 0..times {
            let statements = churn(&mut random, "");
            let call = call_in(&pod, "runAll");
            call.args(json!({ "statements": statements })).ok();
        }
    };
    changes(3);
    fill(&pod, 12);
    let (_folder, file) = place();
    pull_half(&pod, &file);
    // The app goes on, and its data is replaced, and neither knows of the pull.
    changes(20);
    let (_other, other) = place();
    let own = pulled(&pod, &other);
    run(&pod, "DELETE FROM cells");
    drop(own);
    push(&pod, &other);
    assert!(rows_of(&pod, "SELECT count(*) FROM cells") > 1000);
    // It belongs to a database that is no more.
    let said = said(pull(&pod, &file).output().expect("it runs"));
    assert!(said.contains("Resuming"), "{said}");
    let own = Connection::open(&file).expect("a database");
    let digest = format!("SELECT {DIGEST} || ' of ' || max(n) FROM versions");
    let noted = "SELECT digest || ' of ' || n FROM versions ORDER BY n DESC LIMIT 1";
    assert_eq!(rows(&own, &digest), rows(&own, noted));
}

/// Waits until a part of the file is there; whether it came to that before the end.
fn until_partial(command: &mut Child, file: &Path) -> bool {
    let partial = file.with_extension("sqlite.partial");
    let began = Instant::now();
    while fs::metadata(&partial).map_or(0, |partial| partial.len()) < 2 << 20 {
        if command.try_wait().expect("its state").is_some() {
            return false;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing comes");
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// A pull that is killed half-way. One that came to its end before this process saw its beginning is no failure: another is killed.
#[track_caller]
fn pull_half(pod: &str, file: &Path) {
    let is_killed = (0..20).any(|_| {
        let _ = fs::remove_file(file);
        let mut killed = pull(pod, file)
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let is_partial = until_partial(&mut killed, file);
        let _ = killed.kill();
        killed.wait().expect("it ends");
        is_partial && !file.exists()
    });
    assert!(is_killed, "it was too fast to be killed");
}

fn a_pull_goes_on_after_its_end_or_the_servers() {
    let pod = server::unique("open-large");
    fill(&pod, 20);
    let (_folder, file) = place();
    pull_half(&pod, &file);
    run(&pod, "DELETE FROM notes WHERE id > 5");

    let mut goes_on = pull(&pod, &file)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    thread::sleep(Duration::from_millis(30));
    server().kill().expect("it is this process's own");
    thread::sleep(Duration::from_millis(200));
    server().start_again().expect("it starts again");
    let said = match goes_on.wait().expect("it ends").success() {
        true => said(goes_on.wait_with_output().expect("it has ended")),
        // It came to ask for the first time while nobody was there.
        false => said(pull(&pod, &file).output().expect("it runs")),
    };
    assert!(said.contains("Resuming"), "{said}");
    let own = Connection::open(&file).expect("a database");
    assert_eq!(
        rows(&own, "SELECT count(*) || '' FROM notes"),
        [if server::is_native() { "21" } else { "5" }],
        "of the version of its beginning, or its end"
    );
    let beside = fs::read_dir(file.parent().expect("a folder"))
        .expect("it is there")
        .count();
    assert_eq!(beside, 1, "what it was made of is removed");
}

fn a_pulled_file_is_a_pod() {
    let pod = server::unique("open-source");
    for text in ["one", "two"] {
        add(call_in(&pod, "addNote"), text);
    }
    let (folder, file) = place();
    drop(pulled(&pod, &file));
    // Whichever host it was pulled from, natively it is put in its place.
    let native = server().beside(|data| {
        let pods = data.join("data.pods");
        fs::create_dir_all(&pods).expect("a folder");
        fs::copy(&file, pods.join("open-target.sqlite")).expect("it is a file");
    });
    let native = native.expect("a server beside");
    let call = |name: &str| native.call(name).header("x-edgepod-pod", "open-target");
    assert_eq!(call("getNotes").ok(), json!(["one", "two"]));
    add(call("addNote"), "three");
    assert_eq!(call("getNotes").ok(), json!(["one", "two", "three"]));
    let connection = Connection::open(&file).expect("a database");
    assert_eq!(
        rows(&connection, "SELECT text FROM notes ORDER BY id"),
        ["one", "two"]
    );
    drop(folder);
}

fn nothing_is_pulled_over_a_file_or_of_a_pod_that_is_not_there() {
    let (_folder, file) = place();
    let said = refused(pull("open-nobody", &file));
    assert!(said.contains("no pod of this name"), "{said}");
    assert!(!file.exists());
    fs::write(&file, "mine").expect("a file");
    let said = refused(pull("open", &file));
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "mine");
    let copies: Value = call_in("open", "getNotes").ok();
    assert!(copies.is_array());
}

fn a_file_comes_in_the_place_of_a_pods_data_and_screens_are_told() {
    let (from, to) = (server::unique("open-from"), server::unique("open-to"));
    for text in ["one", "two"] {
        add(call_in(&from, "addNote"), text);
    }
    let (_folder, file) = place();
    drop(pulled(&from, &file));

    // Into a pod that nobody has called: then the directory has it.
    said(
        data(&["push", "--pod", &to], &file)
            .output()
            .expect("it runs"),
    );
    until_listed(&to);
    assert_eq!(call_in(&to, "getNotes").ok(), json!(["one", "two"]));
    add(call_in(&to, "addNote"), "three");

    // Over one that has data, only where that is said.
    let said = refused(data(&["push", "--pod", &to], &file));
    assert!(said.contains("has data, which stays as it is"), "{said}");
    let kept = || call_in(&to, "getNotes").send().json();
    let before = [kept(), kept(), kept()];
    assert_eq!(before[2]["data"], json!(["one", "two", "three"]));
    let session = server::unique("session");
    let url = server().socket_url(&server().key, &session) + "&pod=" + &to;
    let mut socket = Socket::open(&url).expect("a socket");
    push(&to, &file);
    // An object ends, and its sockets with it.
    let heard = socket.next_within(PATIENCE);
    let ended = matches!(heard, Some(Heard::Closed(Some(1012)) | Heard::Broken));
    assert!(ended, "{heard:?}");
    let after = kept();
    assert_eq!(after["data"], json!(["one", "two"]), "{after}");
    let life = |reply: &Value| reply["meta"]["version"].to_string()[..18].to_owned();
    assert_ne!(life(&after), life(&before[2]), "{after}");
    // It is a pod as others are.
    add(call_in(&to, "addNote"), "four");
    assert_eq!(call_in(&to, "getNotes").ok(), json!(["one", "two", "four"]));
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");
    assert_eq!(call_in(&to, "getNotes").ok(), json!(["one", "two", "four"]));
}

fn jobs_of_a_file_may_be_left_out() {
    let from = server::unique("open-from");
    let args = json!({ "text": "later", "millis": 600_000 });
    call_in(&from, "addNoteLater").args(args).ok();
    add(call_in(&from, "addNote"), "one");
    let (_folder, file) = place();
    drop(pulled(&from, &file));
    let jobs = |pod: &str| {
        until_listed(pod);
        let jobs = admin("GET", "/jobs").query("pod", pod).ok();
        jobs["jobs"].as_array().map(Vec::len)
    };
    for (more, left) in [(&["push"][..], 1), (&["push", "--without-jobs"], 0)] {
        let to = server::unique("open-to");
        let arguments = [more, &["--pod", &to]].concat();
        said(data(&arguments, &file).output().expect("it runs"));
        assert_eq!(jobs(&to), Some(left), "{more:?}");
        assert_eq!(call_in(&to, "getNotes").ok(), json!(["one"]));
    }
    // The file stays as it is.
    let there = "SELECT function FROM _edgepod_jobs";
    assert_eq!(
        rows(&Connection::open(&file).expect("a database"), there).len(),
        1
    );
}

fn a_file_that_does_not_fit_changes_nothing() {
    let pod = server::unique("open-fit");
    add(call_in(&pod, "addNote"), "kept");
    let (folder, file) = place();
    drop(pulled(&pod, &file));
    let other = |name: &str, sql: &str| {
        let other = folder.path().join(name);
        fs::copy(&file, &other).expect("it is a file");
        let connection = Connection::open(&other).expect("a database");
        connection.execute_batch(sql).expect("it runs");
        other
    };
    let columns = other("columns", "ALTER TABLE notes ADD COLUMN spoiled TEXT");
    let damaged = other(
        "damaged",
        "INSERT INTO notes (text) VALUES (hex(zeroblob(50000)))",
    );
    let mut bytes = fs::read(&damaged).expect("it is there");
    bytes[4096..8192].fill(0xff);
    fs::write(&damaged, bytes).expect("it is written");
    let text = folder.path().join("text");
    fs::write(&text, "no database at all").expect("it is written");
    for (file, words) in [
        (&columns, "spoiled"),
        (&damaged, "damaged"),
        (&text, "not a database"),
        (&folder.path().join("nothing"), "unable to open"),
    ] {
        let said = refused(data(&["push", "--pod", &pod, "--replace"], file));
        assert!(said.contains(words), "{said}");
        assert_eq!(call_in(&pod, "getNotes").ok(), json!(["kept"]));
    }
    let said = refused(data(&["push", "--pod", "two words"], &file));
    assert!(said.contains("visible ASCII"), "{said}");
    let new = server::unique("open-unfit");
    refused(data(&["push", "--pod", &new], &columns));
    let said = refused(pull(&new, &folder.path().join("none")));
    assert!(said.contains("no pod of this name"), "{said}");
}

/// Whoever goes back to a copy may have lost what it replaces.
fn a_pod_that_is_damaged_is_replaced() {
    // On Workers nobody but the platform can damage it.
    if !server::is_native() {
        return;
    }
    let (from, pod) = (server::unique("open-good"), server::unique("open-bad"));
    add(call_in(&from, "addNote"), "copied");
    add(call_in(&pod, "addNote"), "lost");
    let (_folder, file) = place();
    drop(pulled(&from, &file));
    server().kill().expect("it is this process's own");
    let own = |end: &str| {
        let name = format!("data.pods/{pod}.sqlite{end}");
        server().data_folder().join(name)
    };
    fs::write(own(""), "no database at all").expect("it is written");
    // SQLite would take the pages from here.
    fs::remove_file(own("-wal")).expect("the kill left it");
    server().start_again().expect("it starts again");
    call_in(&pod, "getNotes").error(503);
    let said = refused(data(&["push", "--pod", &pod], &file));
    assert!(said.contains("not a database"), "{said}");
    push(&pod, &file);
    crate::until_open(&pod);
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["copied"]));
}

/// An engine that opens on a file adds to it: the commit that comes again, as its answer was lost or the pod was busy, finds more
/// bytes than came.
fn data_that_an_engine_has_opened_is_still_whole() {
    if !server::is_native() {
        return;
    }
    let pod = server::unique("open-again");
    let (_folder, file) = place();
    Connection::open(&file)
        .and_then(|made| made.execute_batch("PRAGMA user_version = 1; CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, text TEXT NOT NULL)"))
        .expect("a database");
    let bytes = fs::read(&file).expect("it is there");
    let asked = |path: &str| admin("POST", path).query("pod", &pod);
    let id = asked("/data/push").ok()["id"]
        .as_str()
        .expect("a name")
        .to_owned();
    let put = asked("/data/put").query("id", &id).query("at", "0");
    put.body(bytes.clone()).ok();
    let commit = |bytes: usize| {
        let commit = asked("/data/commit").query("id", &id);
        commit.query("bytes", &bytes.to_string())
    };
    let error = commit(bytes.len() + 1).error(409);
    assert!(error["message"].to_string().contains("missing"), "{error}");
    assert_eq!(commit(bytes.len() - 1).ok(), true);
    assert_eq!(commit(bytes.len()).ok(), true, "it is known again");
    assert_eq!(call_in(&pod, "getNotes").ok(), json!([]));
}
