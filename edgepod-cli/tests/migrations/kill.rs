//! A process that is killed while it migrates leaves what one of the migrations made, never something between.

use std::{
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use edgepod_cli::{
    app::App,
    build::{self, Profile, Worker},
    workerd::Workerd,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rusqlite::{Connection, OpenFlags};

const ROUNDS: usize = 24;
const NOTES: i64 = 20_000;
const PATIENCE: Duration = Duration::from_secs(120);
const KEY: &str = "ep_pk_kill";

fn app() -> App {
    App::find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/migrations")).unwrap()
}

#[test]
fn a_killed_native_server_leaves_whole_migrations() {
    let library = build::native(&app(), Profile::Dev).unwrap();
    rounds("native", |folder| Native::start(&library, folder));
}

#[test]
fn a_killed_workerd_leaves_whole_migrations() {
    let worker = Worker::build(&app(), Profile::Dev).unwrap();
    rounds("workerd", |folder| Object::start(&worker, folder));
}

/// A server that migrates a database in a folder.
trait Host {
    fn kill(self);
}

/// Kills a server at random moments of its start, each time on an empty database, looks, and lets the next one finish.
fn rounds<H: Host>(host: &str, start: impl Fn(&Path) -> H) {
    let mut whole = Duration::ZERO;
    // The first start fills the file cache; the second is like those that are killed.
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let started = Instant::now();
        let server = start(folder.path());
        wait_until_migrated(folder.path());
        whole = started.elapsed();
        server.kill();
        assert_eq!(state(folder.path()), 4);
    }

    let mut seen = [0; 5];
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path());
        thread::sleep(whole.mul_f64(rand::random_range(0.1..1.0)));
        server.kill();
        let reached = state(folder.path());
        seen[reached] += 1;
        // A machine that is busy now and idle then: too late is followed by earlier, too early by later.
        match reached {
            0 => whole = whole.mul_f64(1.1),
            4 => whole = whole.mul_f64(0.75),
            _ => {}
        }
        let server = start(folder.path());
        wait_until_migrated(folder.path());
        server.kill();
        assert_eq!(state(folder.path()), 4);
    }
    println!(
        "{host}: {ROUNDS} rounds of up to {whole:?}; killed after 0, 1, … migrations: {seen:?}"
    );
    assert!(
        seen[0] < ROUNDS && seen[4] < ROUNDS,
        "no kill was early enough, or none late enough: {seen:?}"
    );
}

struct Native(Child);

impl Native {
    fn start(library: &Path, folder: &Path) -> Self {
        Self(
            Command::new(env!("CARGO_BIN_EXE_edgepod"))
                .arg("__run")
                .arg(library)
                .env("EDGEPOD_LISTEN", "127.0.0.1:0")
                .env("EDGEPOD_DATABASE", folder.join("data.sqlite"))
                .env("EDGEPOD_API_KEY", KEY)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Host for Native {
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

struct Object(Workerd);

impl Object {
    fn start(worker: &Worker, folder: &Path) -> Self {
        let server = Workerd::of_modules(&worker.folder)
            .var("EDGEPOD_API_KEY", KEY)
            .storage(folder)
            .start()
            .unwrap();
        // The object starts with its first request.
        let url = format!("http://{}/rpc/countNotes?key={KEY}", server.address());
        thread::spawn(move || drop(ureq::get(url).call()));
        Self(server)
    }
}

impl Host for Object {
    fn kill(self) {
        let id = Pid::from_raw(self.0.process().id().try_into().unwrap());
        kill(id, Signal::SIGKILL).unwrap();
        self.0.process().wait().unwrap();
    }
}

fn wait_until_migrated(folder: &Path) {
    let started = Instant::now();
    while database(folder).is_none_or(|file| applied(&open(&file)) != Ok(4)) {
        assert!(
            started.elapsed() < PATIENCE,
            "the migrations are not applied"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// The one database in the folder, on either host.
fn database(folder: &Path) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "sqlite")
                && path
                    .file_name()
                    .is_some_and(|name| name != "metadata.sqlite")
            {
                return Some(path);
            }
        }
    }
    None
}

fn open(file: &Path) -> Connection {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn applied(connection: &Connection) -> Result<usize, String> {
    let count = |sql| {
        connection
            .query_row(sql, (), |row| row.get::<_, u32>(0))
            .map(|count| count as usize)
            .map_err(|error| error.to_string())
    };
    if count("SELECT count(*) FROM sqlite_schema WHERE name = '_edgepod_migrations'")? == 0 {
        return Ok(0);
    }
    count("SELECT count(*) FROM _edgepod_migrations")
}

/// How many migrations a database that nobody uses has applied; all that there is must be what that many make.
fn state(folder: &Path) -> usize {
    let Some(file) = database(folder) else {
        return 0;
    };
    // A copy, so that the next server recovers the file itself.
    let copies = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let mut from = file.clone().into_os_string();
        from.push(suffix);
        if Path::new(&from).is_file() {
            fs::copy(&from, copies.path().join(format!("copy.sqlite{suffix}"))).unwrap();
        }
    }
    let connection = Connection::open(copies.path().join("copy.sqlite")).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let number = |sql: &str| -> i64 { connection.query_row(sql, (), |row| row.get(0)).unwrap() };
    fn same<T: PartialEq + Debug>(n: usize, what: &str, is: T, should_be: T) {
        assert_eq!(is, should_be, "{what} after {n} migrations");
    }

    let n = applied(&connection).unwrap();
    same(
        n,
        "integrity",
        texts("PRAGMA integrity_check"),
        vec!["ok".to_owned()],
    );
    let tables = texts(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'index') AND name NOT LIKE '\\_cf%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_edgepod\\_%' ESCAPE '\\' ORDER BY name",
    );
    if n == 0 {
        same(n, "tables", tables, Vec::new());
        return n;
    }
    same(
        n,
        "tables",
        tables,
        ["authors", "notes", "notes_author_id_index"]
            .map(str::to_owned)
            .to_vec(),
    );
    let columns =
        texts("SELECT name || ' ' || \"notnull\" FROM pragma_table_info('notes') ORDER BY name");
    let slug = [None, None, None, Some("slug 0"), Some("slug 1")][n];
    let expected = ["author_id 1", "body 1", "id 1"].into_iter().chain(slug);
    same(n, "columns", columns, expected.map(str::to_owned).collect());
    same(
        n,
        "notes",
        number("SELECT count(*) FROM notes"),
        if n == 1 { 0 } else { NOTES },
    );
    same(
        n,
        "authors",
        number("SELECT count(*) FROM authors"),
        if n == 1 { 0 } else { 100 },
    );
    if n >= 3 {
        same(
            n,
            "slugs",
            number("SELECT count(*) FROM notes WHERE slug IS 'note-' || id"),
            NOTES,
        );
    }
    if n >= 2 {
        same(
            n,
            "counter",
            number("SELECT seq FROM sqlite_sequence WHERE name = 'notes'"),
            NOTES,
        );
    }
    same(n, "orphans", texts("PRAGMA foreign_key_check"), Vec::new());
    n
}
