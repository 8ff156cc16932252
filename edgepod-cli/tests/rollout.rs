//! Twelve generated histories of schemas are rolled out over many pods, of which three have data that a migration fails on, while
//! the server is killed: `edgepod pods` goes on, says which failed and why, and every other pod serves the new schema, with its data as
//! SQLite alone would have it. `EDGEPOD_ROLLOUT_SEED=7` for others.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use edgepod_cli::{
    app::App,
    build::{self, Profile, Worker},
    workerd::Workerd,
};
use rusqlite::Connection;
use serde_json::{Value, json};

use self::{history::Histories, scratch::Scratch};

#[path = "rollout/history.rs"]
mod history;
mod scratch;

const KEY: &str = "ep_pk_rollout";
const ADMIN_KEY: &str = "the-admin-key-of-the-rollout-0123456789";
const PATIENCE: Duration = Duration::from_secs(120);

/// The migrations of the first build, those that the second adds, and the one among them that fails where a task has its number.
const FIRST: usize = 3;
const ALL: usize = 8;
const FAILS: usize = 6;

/// A row that it adds as well.
const SPOIL: &str = "INSERT INTO tasks (id, title) VALUES (1000, 'spoiled')";

/// Pods have as many rows in each table as their number leaves, divided by this.
const KINDS: usize = 3;

#[test]
fn histories_roll_out_over_a_hundred_pods_though_a_native_server_is_killed() {
    let app = Scratch::new("rollout", LIB);
    let data = tempfile::tempdir().unwrap();
    let library = app.path("served.so");
    let build = || {
        let app = App::find(app.folder()).unwrap();
        fs::copy(build::native(&app, Profile::Dev).unwrap(), &library).unwrap();
    };
    let start = |port| Server::Native(native(&library, data.path(), port));
    rollout(&app, 100, build, start);
}

#[test]
fn histories_roll_out_over_twenty_objects_though_workerd_is_killed() {
    let app = Scratch::new("rollout", LIB);
    let data = tempfile::tempdir().unwrap();
    let built = std::cell::RefCell::new(None);
    let build = || {
        let app = App::find(app.folder()).unwrap();
        *built.borrow_mut() = Some(Worker::build(&app, Profile::Dev).unwrap());
    };
    let start = |port| {
        let built = built.borrow();
        let worker = built.as_ref().unwrap();
        Server::Workerd(
            Workerd::of_modules(&worker.folder)
                .var("EDGEPOD_API_KEY", KEY)
                .var("EDGEPOD_ADMIN_KEY", ADMIN_KEY)
                .storage(data.path().join("objects"))
                .port(port)
                .on_log(|_| {})
                .start()
                .unwrap(),
        )
    };
    rollout(&app, 20, build, start);
}

fn rollout(app: &Scratch, pods: usize, build: impl Fn(), start: impl Fn(u16) -> Server) {
    let seed = std::env::var("EDGEPOD_ROLLOUT_SEED");
    let seed = seed.map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let histories = Histories::generate(&mut random, ALL);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}");
    let names: Vec<String> = (0..pods).map(|number| format!("p{number:03}")).collect();
    let spoiled = [&names[3], &names[pods / 2], &names[pods - 1]];
    let migrations: Vec<String> = (1..=ALL)
        .map(|number| migration(&histories, number))
        .collect();
    for (place, sql) in migrations[..FIRST].iter().enumerate() {
        app.write(&format!("migrations/{:04}_step.sql", place + 1), sql);
    }

    build();
    let server = start(port);
    for (number, name) in names.iter().enumerate() {
        let sql = histories.rows(FIRST, number % KINDS);
        for sql in ["INSERT INTO tasks (title) VALUES ('tea')"]
            .into_iter()
            .chain(sql.iter().map(String::as_str))
        {
            assert_eq!(until_answered(&url, name, "run", sql).0, 200, "{sql}");
        }
    }
    for name in spoiled {
        assert_eq!(call(&url, name, "run", SPOIL).unwrap().0, 200);
    }
    until_listed(&url, pods);
    server.kill();

    for (place, sql) in migrations.iter().enumerate().skip(FIRST) {
        app.write(&format!("migrations/{:04}_step.sql", place + 1), sql);
    }
    build();
    let server = start(port);
    // Some are open, the others asleep.
    for name in names.iter().take(pods / 5) {
        until_answered(&url, name, "ask", "SELECT 'open'");
    }
    let command = pods_command(&url, &["migrate", "--all", "--parallel", "4"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(random.u64(50..600)));
    server.kill();
    thread::sleep(Duration::from_millis(300));
    let server = start(port);
    let mut output = command.wait_with_output().unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("nothing answers") {
        // It had not begun when nobody was there.
        output = pods_command(&url, &["migrate", "--all"]).output().unwrap();
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("Migrated {} pods", pods - 3)),
        "{said}"
    );
    for name in &names {
        let is_named = said.contains(&format!(
            "the pod {name} does not migrate: The migration {FAILS:04}_step fails"
        ));
        assert_eq!(is_named, spoiled.contains(&name), "{name}: {said}");
    }
    assert!(
        said.contains("UNIQUE constraint failed") && !said.contains(ADMIN_KEY),
        "{said}"
    );

    let expected: Vec<String> = (0..KINDS)
        .map(|kind| {
            let database = Connection::open_in_memory().unwrap();
            for (place, sql) in migrations.iter().enumerate() {
                if place == FIRST {
                    database
                        .execute_batch(&histories.rows(FIRST, kind).join(";"))
                        .unwrap();
                }
                database
                    .execute_batch(sql)
                    .unwrap_or_else(|error| panic!("seed {seed}: {error}: {sql}"));
            }
            database
                .query_row(&histories.dump(ALL), (), |row| row.get(0))
                .unwrap()
        })
        .collect();
    assert_ne!(expected[0], expected[1]);
    let statuses = statuses(&url);
    assert_eq!(statuses.len(), pods);
    for (number, name) in names.iter().enumerate() {
        let status = &statuses[name];
        let (code, body) = call(&url, name, "ask", &histories.dump(ALL)).unwrap();
        if spoiled.contains(&name) {
            assert_eq!(code, 503, "{name}: {body}");
            assert!(!body.contains("_step"), "the reason is the admin's: {body}");
            assert_eq!(status["applied"], FAILS - 1, "{status}");
            assert_eq!(status["pending"][0], format!("{FAILS:04}_step"), "{status}");
        } else {
            assert_eq!(code, 200, "{name}: {body}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                body["data"],
                expected[number % KINDS],
                "{name}, seed {seed}"
            );
            assert_eq!(
                (&status["state"], &status["applied"]),
                (&"ready".into(), &ALL.into()),
                "{status}"
            );
        }
    }
    // Once more it is the same three.
    let again = pods_command(&url, &["migrate", "--all"]).output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(said.matches("does not migrate").count(), 3, "{said}");
    server.kill();
}

/// A step of each history, and what is done to the table of the app.
fn migration(histories: &Histories, number: usize) -> String {
    let mut sql = histories.step(number - 1);
    if number == 1 {
        sql.push_str("CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, title TEXT NOT NULL);\n");
    }
    if number == FAILS {
        sql.push_str("INSERT INTO tasks (id, title) VALUES (1000, 'of the migration');\n");
    }
    sql
}

/// A server that is killed, and not asked to end.
enum Server {
    Native(Child),
    Workerd(Workerd),
}

impl Server {
    fn kill(self) {
        match self {
            Self::Native(mut child) => {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            Self::Workerd(workerd) => {
                let id = i32::try_from(workerd.process().id()).unwrap();
                let id = nix::unistd::Pid::from_raw(id);
                nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGKILL).unwrap();
                workerd.stop();
            }
        }
    }
}

fn native(library: &Path, data: &Path, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .arg("__run")
        .arg(library)
        .env("EDGEPOD_LISTEN", format!("127.0.0.1:{port}"))
        .env("EDGEPOD_DATABASE", data.join("data.sqlite"))
        .env("EDGEPOD_API_KEY", KEY)
        .env("EDGEPOD_ADMIN_KEY", ADMIN_KEY)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn pods_command(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgepod"));
    command
        .arg("pods")
        .args(arguments)
        .args(["--url", url])
        .env("EDGEPOD_ADMIN_KEY", ADMIN_KEY)
        .stdin(Stdio::null());
    command
}

fn text(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn statuses(url: &str) -> BTreeMap<String, Value> {
    let all = text(pods_command(url, &["status", "--json"]).output().unwrap());
    all.lines()
        .map(|line| {
            let status: Value = serde_json::from_str(line).unwrap();
            (status["pod"].as_str().unwrap().to_owned(), status)
        })
        .collect()
}

/// Waits until the directory has all pods: it is told beside the calls.
fn until_listed(url: &str, pods: usize) {
    let began = Instant::now();
    loop {
        let all = text(pods_command(url, &["list"]).output().unwrap());
        if all.lines().count() == pods {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{all}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn until_answered(url: &str, pod: &str, name: &str, sql: &str) -> (u16, String) {
    let began = Instant::now();
    loop {
        match call(url, pod, name, sql) {
            Ok(answer) => return answer,
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn call(url: &str, pod: &str, name: &str, sql: &str) -> Result<(u16, String), ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut reply = agent
        .post(format!("{url}/rpc/{name}"))
        .header("x-edgepod-key", KEY)
        .header("x-edgepod-pod", pod)
        .send(json!({ "sql": sql }).to_string())?;
    Ok((reply.status().as_u16(), reply.body_mut().read_to_string()?))
}

const LIB: &str = "
use edgepod::{db::Value, prelude::*};

/// What the migrations of the app make.
#[edgepod::table(name = \"tasks\")]
pub struct Task {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub title: String,
}

#[edgepod::function]
pub async fn run(ctx: &Ctx, sql: String) -> Result<()> {
    ctx.unsafe_raw_db.run(&sql, &[]).map(drop)
}

#[edgepod::function]
pub async fn ask(ctx: &Ctx, sql: String) -> Result<String> {
    let rows = ctx.unsafe_raw_db.run(&sql, &[])?;
    match rows.iter().next() {
        Some([Value::Text(text)]) => Ok(text.clone()),
        other => Err(Error::internal(format!(\"{other:?}\"))),
    }
}

edgepod::app!(pod = asked);
";
