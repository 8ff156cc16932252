//! A build whose migrations are not those that a database has applied serves nothing and changes nothing, on both hosts.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use edgepod_cli::{
    app::App,
    build::{self, Profile, Worker},
    workerd::Workerd,
};

use super::scratch::Scratch;

const KEY: &str = "ep_pk_refusals";
const PATIENCE: Duration = Duration::from_secs(120);
const SECOND: &str = "migrations/0002_fill.sql";
const THIRD_FUNCTION: &str = "#[edgepod::migration(\"0003_slugs\")]\nfn slugs(_: &edgepod::MigrationDb<'_>) -> Result<()> {\n    Ok(())\n}\n";

#[test]
fn what_does_not_fit_the_database_is_refused_on_both_hosts_and_changes_nothing() {
    let app = scratch();
    let data = tempfile::tempdir().unwrap();
    let hosts = [Host::Native, Host::Workerd];
    for host in hosts {
        let answer = start(&app, host, data.path());
        assert_eq!(answer.as_deref(), Ok("{\"data\":2"), "{host:?}");
    }
    let before = files(data.path());

    let text = read(&app, SECOND);
    let library = read(&app, "src/lib.rs");
    let check = |what: &str, expected: &[&str]| {
        for host in hosts {
            let said =
                start(&app, host, data.path()).expect_err(&format!("{what} is served {host:?}"));
            for word in expected.iter().chain(&["Nothing was changed"]) {
                assert!(
                    said.contains(word),
                    "{what} {host:?}: no `{word}` in: {said}"
                );
            }
        }
        assert_eq!(files(data.path()), before, "{what} touched the database");
    };

    app.write(SECOND, &text.replace("tea", "milk"));
    check("an edited migration", &["0002_fill", "was edited"]);

    fs::rename(app.path(SECOND), app.path("migrations/0002_other.sql")).unwrap();
    app.write("migrations/0002_other.sql", &text);
    check("a renamed migration", &["0002_other", "0002_fill"]);

    fs::remove_file(app.path("migrations/0002_other.sql")).unwrap();
    check(
        "a missing migration",
        &["0002_fill", "not in this build", "version control"],
    );

    // A file and a function: the compiler sees one of them at a time, so it is the start that refuses.
    app.write(SECOND, &text);
    app.write("migrations/0003_tags.sql", "SELECT 1;\n");
    app.write(
        "src/lib.rs",
        &library.replace(
            "edgepod::app!();",
            &format!("{THIRD_FUNCTION}\nedgepod::app!();"),
        ),
    );
    check(
        "one number twice",
        &[
            "Two migrations have the number 3",
            "0003_tags",
            "0003_slugs",
        ],
    );

    // Put right, it goes on as if nothing had been.
    fs::remove_file(app.path("migrations/0003_tags.sql")).unwrap();
    app.write("src/lib.rs", &library);
    for host in hosts {
        let answer = start(&app, host, data.path());
        assert_eq!(answer.as_deref(), Ok("{\"data\":2"), "{host:?}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Host {
    Native,
    Workerd,
}

/// What the app is.
const LIB: &str = "#![allow(dead_code)]\nuse edgepod::prelude::*;\n\n#[edgepod::table(name = \"tasks\")]\npub struct Task {\n    \
             #[primary_key]\n    #[auto_inc]\n    pub id: i64,\n    pub title: String,\n}\n\n#[edgepod::query]\npub async fn \
             count_tasks(ctx: &QueryCtx) -> Result<u64> {\n    ctx.db.select::<Task>().count()\n}\n\nedgepod::app!();\n";

/// An app of one table and two migrations.
fn scratch() -> Scratch {
    let app = Scratch::new("refusals", LIB);
    app.write(
        "migrations/0001_first.sql",
        "CREATE TABLE \"tasks\" (\n  \"id\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,\n  \"title\" TEXT NOT NULL\n);\n",
    );
    app.write(
        SECOND,
        "INSERT INTO tasks (title) VALUES ('tea'), ('bread');\n",
    );
    app
}

fn read(app: &Scratch, file: &str) -> String {
    fs::read_to_string(app.path(file)).unwrap()
}

/// Builds the app, starts it with the databases in `data`, and calls it: the beginning of its answer, or what is said
/// instead of one. It is stopped again.
fn start(app: &Scratch, host: Host, data: &Path) -> Result<String, String> {
    let app = App::find(app.folder()).unwrap();
    match host {
        Host::Native => native(&build::native(&app, Profile::Dev).unwrap(), data),
        Host::Workerd => workerd(&Worker::build(&app, Profile::Dev).unwrap(), data),
    }
}

fn native(library: &Path, data: &Path) -> Result<String, String> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .arg("__run")
        .arg(library)
        .env("EDGEPOD_LISTEN", format!("127.0.0.1:{port}"))
        .env("EDGEPOD_DATABASE", data.join("data.sqlite"))
        .env("EDGEPOD_API_KEY", KEY)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    loop {
        if let Some(status) = server.try_wait().unwrap() {
            assert!(!status.success());
            return Err(std::io::read_to_string(server.stderr.take().unwrap()).unwrap());
        }
        if let Ok(answer) = call(port) {
            server.kill().unwrap();
            server.wait().unwrap();
            return Ok(answer);
        }
        assert!(started.elapsed() < PATIENCE, "neither served nor refused");
        thread::sleep(Duration::from_millis(20));
    }
}

fn workerd(worker: &Worker, data: &Path) -> Result<String, String> {
    let log = Arc::new(Mutex::new(String::new()));
    let lines = log.clone();
    let server = Workerd::of_modules(&worker.folder)
        .var("EDGEPOD_API_KEY", KEY)
        .storage(data.join("objects"))
        .on_log(move |line| lines.lock().unwrap().push_str(&format!("{line}\n")))
        .start()
        .unwrap();
    match call(server.address().port()) {
        Ok(answer) => Ok(answer),
        Err(reply) => {
            // The caller learns that it failed; what failed is in the log.
            assert!(reply.contains("503"), "{reply}");
            server.stop();
            Err(log.lock().unwrap().clone())
        }
    }
}

/// The beginning of the reply of `countTasks`.
fn call(port: u16) -> Result<String, String> {
    let url = format!("http://127.0.0.1:{port}/rpc/countTasks?key={KEY}");
    let mut reply = ureq::get(url).call().map_err(|error| error.to_string())?;
    let text = reply.body_mut().read_to_string().unwrap();
    Ok(text.split(',').next().unwrap_or_default().to_owned())
}

/// The databases in the folder: every row of every table.
fn files(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".sqlite") && name != "metadata.sqlite" {
                rows.extend(dump(&path));
            }
        }
    }
    rows
}

fn dump(file: &Path) -> Vec<String> {
    // A copy: looking at the file itself could tidy its log.
    let copies = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let mut from = file.to_owned().into_os_string();
        from.push(suffix);
        if Path::new(&from).is_file() {
            fs::copy(&from, copies.path().join(format!("copy.sqlite{suffix}"))).unwrap();
        }
    }
    let connection = rusqlite::Connection::open(copies.path().join("copy.sqlite")).unwrap();
    [
        "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY 1",
        "SELECT id || title FROM tasks ORDER BY 1",
        "SELECT number || name || checksum FROM _edgepod_migrations ORDER BY 1",
    ]
    .iter()
    .flat_map(|sql| {
        let mut statement = connection.prepare(sql).unwrap();
        let texts = statement
            .query_map((), |row| row.get::<_, String>(0))
            .unwrap();
        texts.map(Result::unwrap).collect::<Vec<_>>()
    })
    .collect()
}
