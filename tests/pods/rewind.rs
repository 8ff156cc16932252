//! A pod goes back to what it was: natively to a copy that the server keeps. workerd has no history, and the command says so.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server, server::is_native};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    add,
    admin::{KEY, until_listed},
    call_in,
    data::{command, refused, run, said},
    data_faults::{KINDS, faults, fill},
};

cases![
    where_there_is_no_history_it_is_said_and_nothing_is_changed,
    what_cannot_be_gone_back_to_is_said,
    a_pod_goes_back_while_screens_watch_and_forth_again,
    copies_are_few_and_of_what_has_changed,
    a_copy_that_the_build_does_not_know_changes_nothing,
    a_pod_that_is_gone_or_damaged_comes_back,
    what_a_push_takes_the_place_of_is_kept,
    a_rewind_is_done_or_not_whenever_the_server_is_killed,
];

fn rewind(pod: &str, to: &[&str]) -> Command {
    command(&[&["rewind", "--pod", pod], to].concat())
}

/// The server, which keeps copies until this is dropped.
struct Keeping;

impl Keeping {
    fn start(copies: &str) -> Self {
        restart(&[("EDGEPOD_KEEP_COPIES", copies)]);
        Self
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if !thread::panicking() {
            restart(&[]);
        }
    }
}

/// Kills the server and starts it again, with this in its environment.
pub(crate) fn restart(vars: &[(&str, &str)]) {
    server().kill().expect("it is this process's own");
    server().start_again_with(vars).expect("it starts again");
}

/// The copies of a pod, as the command lists them.
fn copies(pod: &str) -> Vec<Value> {
    let output = command(&["copies", "--json", "--pod", pod]).output();
    let output = output.expect("it runs");
    let lines = String::from_utf8(output.stdout.clone()).expect("a text");
    said(output);
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON")
}

fn folder_of_copies() -> PathBuf {
    server().data_folder().join("data.kept-copies")
}

/// Waits until a copy of the pod has this note as its last; the copy's name.
fn until_kept(pod: &str, note: &str) -> String {
    let began = Instant::now();
    loop {
        for copy in copies(pod) {
            let at = copy["at"].as_str().expect("a time").to_owned();
            if copy["replaced"] == false && last_note(pod, &at).as_deref() == Some(note) {
                return at;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{note}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn file_of(pod: &str, at: &str) -> Option<PathBuf> {
    let name = at.replace(':', "-");
    let files = fs::read_dir(folder_of_copies().join(pod)).ok()?.flatten();
    let mut files = files.map(|file| file.path());
    files.find(|file| file.to_string_lossy().contains(&name))
}

fn last_note(pod: &str, at: &str) -> Option<String> {
    let connection = Connection::open(file_of(pod, at)?).ok()?;
    let sql = "SELECT text FROM notes ORDER BY id DESC LIMIT 1";
    connection.query_row(sql, (), |row| row.get(0)).ok()
}

/// The command that undoes it, of what the command said.
fn way_back(said: &str) -> Vec<String> {
    let (_, line) = said.split_once("Way back ").expect(said);
    let line = line.lines().next().unwrap_or_default();
    let words = line.strip_prefix("edgepod data ").expect(line);
    words.split(' ').map(str::to_owned).collect()
}

fn where_there_is_no_history_it_is_said_and_nothing_is_changed() {
    let pod = server::unique("open-unkept");
    add(call_in(&pod, "addNote"), "stays");
    until_listed(&pod);
    let life =
        || call_in(&pod, "getNotes").send().json()["meta"]["version"].to_string()[..18].to_owned();
    let before = life();
    for to in [
        ["--at", "1s"],
        [
            "--to",
            "0000007b-0000b26e-00001538-0c3e87bb37b3db5cc52eedb93cd3b96b",
        ],
    ] {
        let said = refused(rewind(&pod, &to));
        let words = match is_native() {
            true => "Start it with EDGEPOD_KEEP_COPIES=24x1h",
            false => "workerd on a machine of your own does not",
        };
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["stays"]));
    assert_eq!(life(), before, "it goes on as it was");
    if is_native() {
        assert!(!folder_of_copies().exists());
        assert_eq!(copies(&pod), Vec::<Value>::new());
    } else {
        let said = refused(command(&["copies", "--pod", &pod]));
        assert!(said.contains("keeps no history"), "{said}");
    }
}

fn what_cannot_be_gone_back_to_is_said() {
    let pod = server::unique("open-mistakes");
    add(call_in(&pod, "addNote"), "stays");
    until_listed(&pod);
    let nobody = server::unique("open-nobody");
    for (pod, to, words) in [
        (&pod, ["--at", "yesterday"], "no time to go back to"),
        (&pod, ["--at", "2100-01-01T00:00:00Z"], "is yet to come"),
        (&nobody, ["--at", "1s"], "no pod of this name"),
    ] {
        let said = refused(rewind(pod, &to));
        assert!(said.contains(words), "{said}");
    }
    let mut without_key = rewind(&pod, &["--at", "1s"]);
    without_key.env_remove("EDGEPOD_ADMIN_KEY");
    let said = refused(without_key);
    assert!(said.contains("EDGEPOD_ADMIN_KEY is not set"), "{said}");
    let said = refused(rewind(&pod, &[]));
    assert!(said.contains("--at <TIME>"), "{said}");
    if !is_native() {
        return;
    }
    let _keeping = Keeping::start("5x1s");
    let first = until_kept(&pod, "stays");
    let said = refused(rewind(&pod, &["--at", "2026-01-01T00:00:00Z"]));
    let words = format!(
        "2026-01-01T00:00:00Z is before the oldest copy, which is of {first}: `--to {first}`"
    );
    assert!(said.contains(&words), "{said}");
    let said = refused(rewind(&pod, &["--to", "2026-01-01T00:00:00Z"]));
    assert!(
        said.contains("there is no copy `2026-01-01T00:00:00Z`"),
        "{said}"
    );
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["stays"]));
}

fn a_pod_goes_back_while_screens_watch_and_forth_again() {
    if !is_native() {
        return;
    }
    let _keeping = Keeping::start("5x1s");
    let pod = server::unique("open-back");
    add(call_in(&pod, "addNote"), "before");
    until_listed(&pod);
    let at = until_kept(&pod, "before");
    for text in ["a mistake", "and more"] {
        add(call_in(&pod, "addNote"), text);
    }
    let reply = || call_in(&pod, "getNotes").send().json();
    let life = |reply: &Value| reply["meta"]["version"].to_string()[..18].to_owned();
    // Also one that is kept.
    let known = [reply(), reply(), reply()];
    let session = server::unique("session");
    let url = server().socket_url(&server().key, &session) + "&pod=" + &pod;
    let open = || Socket::open(&url).expect("a socket");
    let is_told = |mut socket: Socket| {
        let heard = socket.next_within(PATIENCE);
        assert!(
            matches!(heard, Some(Heard::Closed(Some(1012)))),
            "{heard:?}"
        );
    };
    let socket = open();
    let said_of_it = said(rewind(&pod, &["--at", &at]).output().expect("it runs"));
    assert!(
        said_of_it.contains(&format!(
            "{pod} to what it was at {at}, the newest copy not after {at}"
        )),
        "{said_of_it}"
    );
    is_told(socket);
    let rewound = reply();
    assert_eq!(rewound["data"], json!(["before"]), "{rewound}");
    assert_ne!(life(&rewound), life(&known[2]));
    add(call_in(&pod, "addNote"), "afterwards");

    let back = way_back(&said_of_it);
    assert!(!back.iter().any(|word| word == KEY));
    let back: Vec<&str> = back.iter().map(String::as_str).collect();
    let socket = open();
    let mut forth = Command::new(command(&[]).get_program());
    forth.arg("data").args(&back).env("EDGEPOD_ADMIN_KEY", KEY);
    let said_of_it = said(forth.stdin(Stdio::null()).output().expect("it runs"));
    is_told(socket);
    assert_eq!(reply()["data"], json!(["before", "a mistake", "and more"]));
    // And that, too, can be undone.
    let again = way_back(&said_of_it);
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    assert_ne!(again[2], back[2]);
    said(rewind(&pod, &again[1..3]).output().expect("it runs"));
    assert_eq!(reply()["data"], json!(["before", "afterwards"]));
    // It is a pod as others are, and has its data after a restart.
    server().kill().expect("it is this process's own");
    server()
        .start_again_with(&[("EDGEPOD_KEEP_COPIES", "5x1s")])
        .expect("it starts again");
    assert_eq!(reply()["data"], json!(["before", "afterwards"]));
    let replaced = copies(&pod)
        .iter()
        .filter(|copy| copy["replaced"] == true)
        .count();
    assert!(replaced > 0);
}

fn copies_are_few_and_of_what_has_changed() {
    if !is_native() {
        return;
    }
    let (busy, quiet) = (server::unique("open-busy"), server::unique("open-quiet"));
    add(call_in(&quiet, "addNote"), "once");
    add(call_in(&busy, "addNote"), "0");
    let _keeping = Keeping::start("3x1s");
    let times = |pod: &str| -> Vec<String> {
        let of = |copy: Value| copy["at"].as_str().expect("a time").to_owned();
        copies(pod).into_iter().map(of).collect()
    };
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..6 {
        let text = format!("note {n}");
        add(call_in(&busy, "addNote"), &text);
        until_kept(&busy, &text);
        let all = times(&busy);
        assert!(all.len() <= 3, "{all:?}");
        assert!(all.is_sorted());
        seen.extend(all);
        // What only reads is no change.
        assert_eq!(call_in(&quiet, "getNotes").ok(), json!(["once"]));
    }
    assert!(seen.len() >= 6, "{seen:?}");
    assert_eq!(times(&quiet).len(), 1, "it was copied when it began");
    restart(&[("EDGEPOD_KEEP_COPIES", "3x1s")]);
    add(call_in(&busy, "addNote"), "in another life");
    until_kept(&busy, "in another life");
    assert_eq!(times(&quiet).len(), 1, "it has not changed since");
    // Files beside those, such as half of one, are none.
    let files = fs::read_dir(folder_of_copies().join(&busy))
        .expect("a folder")
        .flatten();
    let files = files.filter(|file| !file.path().ends_with("new"));
    assert!(files.count() <= 4);
    let newest = times(&busy).pop().expect("a copy");
    let own = Connection::open(file_of(&busy, &newest).expect("a file")).expect("a database");
    let whole: String = own
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .expect("it runs");
    assert_eq!(whole, "ok");
}

fn a_copy_that_the_build_does_not_know_changes_nothing() {
    if !is_native() {
        return;
    }
    let _keeping = Keeping::start("9x1s");
    let pod = server::unique("open-later");
    add(call_in(&pod, "addNote"), "stays");
    until_listed(&pod);
    let at = until_kept(&pod, "stays");
    let copy = file_of(&pod, &at).expect("a copy");
    let before = left_behind();
    for (time, sql, words) in [
        (
            "2026-01-02T00:00:00.000000Z",
            "CREATE TABLE _edgepod_migrations (number INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, \
             applied_at INTEGER NOT NULL) STRICT; INSERT INTO _edgepod_migrations VALUES (99, '0099_later', 'x', 0)",
            "0099_later",
        ),
        (
            "2026-01-03T00:00:00.000000Z",
            "ALTER TABLE notes ADD COLUMN spoiled TEXT",
            "spoiled",
        ),
    ] {
        let other = copy.with_file_name(format!("{}.sqlite", time.replace(':', "-")));
        fs::copy(&copy, &other).expect("it is a file");
        let connection = Connection::open(&other).expect("a database");
        connection.execute_batch(sql).expect("it runs");
        drop(connection);
        let said = refused(rewind(&pod, &["--to", time]));
        assert!(
            said.contains("Nothing was changed") && said.contains(words),
            "{said}"
        );
        assert_eq!(call_in(&pod, "getNotes").ok(), json!(["stays"]));
    }
    assert_eq!(left_behind(), before);
}

/// How many files of pushes and rewinds are there. Those of a command that was killed stay for a day.
fn left_behind() -> usize {
    let incoming = server().data_folder().join("data.pods/.incoming");
    fs::read_dir(incoming).map_or(0, |files| {
        let files = files.flatten();
        let files = files.filter(|file| file.path().extension().is_none());
        files.count()
    })
}

fn a_pod_that_is_gone_or_damaged_comes_back() {
    if !is_native() {
        return;
    }
    let pod = server::unique("open-lost");
    add(call_in(&pod, "addNote"), "kept");
    let keeping = Keeping::start("5x1s");
    let at = until_kept(&pod, "kept");
    let beside = |end: &str| {
        let name = format!("data.pods/{pod}.sqlite{end}");
        server().data_folder().join(name)
    };
    let own = beside("");
    // The copies are there also when none are made any more.
    drop(keeping);
    server().kill().expect("it is this process's own");
    fs::remove_file(&own).expect("it is there");
    server().start_again().expect("it starts again");
    said(rewind(&pod, &["--to", &at]).output().expect("it runs"));
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["kept"]));
    server().kill().expect("it is this process's own");
    fs::write(&own, "no database at all").expect("it is written");
    server().start_again().expect("it starts again");
    call_in(&pod, "getNotes").error(503);
    let told = said(rewind(&pod, &["--to", &at]).output().expect("it runs"));
    assert!(told.contains("there is no way back"), "{told}");
    crate::until_open(&pod);
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["kept"]));
    let aside = fs::read_dir(folder_of_copies().join(&pod))
        .expect("a folder")
        .flatten();
    let aside = aside
        .map(|file| file.path())
        .find(|file| file.extension().is_some_and(|end| end == "damaged"));
    let aside = fs::read_to_string(aside.expect("it is set aside")).expect("it is there");
    assert_eq!(aside, "no database at all");

    // The same where its log is: of what SQLite opens then it would lose a part.
    add(call_in(&pod, "addNote"), "one");
    add(call_in(&pod, "addNote"), "two");
    server().kill().expect("it is this process's own");
    let mut log = fs::read(beside("-wal")).expect("the kill left it");
    log[40] ^= 1;
    fs::write(beside("-wal"), log).expect("it is written");
    server().start_again().expect("it starts again");
    call_in(&pod, "getNotes").error(503);
    said(rewind(&pod, &["--to", &at]).output().expect("it runs"));
    crate::until_open(&pod);
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["kept"]));
}

fn what_a_push_takes_the_place_of_is_kept() {
    if !is_native() {
        return;
    }
    // So seldom that it makes no other.
    let _keeping = Keeping::start("9x1d");
    let (from, pod) = (server::unique("open-pushed"), server::unique("open-kept"));
    add(call_in(&from, "addNote"), "new");
    add(call_in(&pod, "addNote"), "old");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pushed.sqlite");
    said(crate::data::pull(&from, &file).output().expect("it runs"));
    let push = crate::data::data(&["push", "--pod", &pod, "--replace"], &file).output();
    said(push.expect("it runs"));
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["new"]));
    let copies = copies(&pod);
    let replaced = copies.iter().find(|copy| copy["replaced"] == true);
    let at = replaced
        .and_then(|copy| copy["at"].as_str())
        .expect("a copy");
    said(rewind(&pod, &["--to", at]).output().expect("it runs"));
    assert_eq!(call_in(&pod, "getNotes").ok(), json!(["old"]));
    // Of what it has now there is a copy soon, too: later times are those of this one.
    until_kept(&pod, "old");
}

fn a_rewind_is_done_or_not_whenever_the_server_is_killed() {
    if !is_native() {
        return;
    }
    let (kills, mut random) = faults("EDGEPOD_DATA", 20);
    let keep = [("EDGEPOD_KEEP_COPIES", "20x1s")];
    let _keeping = Keeping::start(keep[0].1);
    let pod = server::unique("open-killed");
    fill(&pod, "old");
    until_listed(&pod);
    let kinds = || call_in(&pod, "ask").args(json!({ "sql": KINDS })).ok();
    let old = kinds();
    // A copy has what was there when it was made, and that is all of it: nobody writes meanwhile.
    let old_at = until_kept(&pod, "old");
    run(&pod, "UPDATE notes SET text = 'new'");
    let new = kinds();
    let new_at = until_kept(&pod, "new");
    let targets = [old_at, new_at].map(|at| {
        // Under a name of its own, which stays however many are made.
        let copy = file_of(&pod, &at).expect("a copy");
        let folder = tempfile::tempdir().expect("a folder");
        let kept = folder.path().join(copy.file_name().expect("a name"));
        fs::copy(&copy, &kept).expect("it is a file");
        (at, copy, kept, folder)
    });
    let known = [old, new];
    let mut seen = [0, 0];
    let began = Instant::now();
    said(
        rewind(&pod, &["--to", &targets[0].0])
            .output()
            .expect("it runs"),
    );
    let took = began.elapsed().as_millis() as u64;
    for kill in 0..kills {
        let (before, after) = (kill % 2, (kill + 1) % 2);
        assert_eq!(kinds(), known[before]);
        let (at, copy, kept, _) = &targets[after];
        if !copy.exists() {
            fs::copy(kept, copy).expect("it is a file");
        }
        let to = ["--to", at.as_str()];
        let mut child = rewind(&pod, &to)
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        thread::sleep(Duration::from_millis(random.u64(0..took + took / 4)));
        server().kill().expect("it is this process's own");
        let is_alone = random.bool();
        if is_alone {
            let _ = child.kill();
        }
        server().start_again_with(&keep).expect("it starts again");
        let has_ended = child.wait().expect("it ends").success();
        let now = kinds();
        let is_new = now == known[after];
        assert!(is_new || now == known[before], "between: {now}");
        assert!(is_new || !has_ended, "it said that it was done");
        seen[usize::from(is_new)] += 1;
        // Once, and again for each time that the copy went as the oldest one before it was taken.
        for attempt in 1.. {
            if kinds() == known[after] {
                break;
            }
            assert!(attempt <= 20, "the pod does not become {}", known[after]);
            // The oldest ones go, and this is one of them.
            fs::copy(kept, copy).expect("it is a file");
            let output = rewind(&pod, &to).output().expect("it runs");
            let words = String::from_utf8_lossy(&output.stderr);
            let is_gone = words.contains("no copy");
            assert!(output.status.success() || is_gone, "{words}");
        }
        // Each of the copies that there are is whole: one of the two.
        for copy in copies(&pod) {
            let at = copy["at"].as_str().expect("a time");
            // It may be removed meanwhile, as the oldest.
            let Some(file) = file_of(&pod, at) else {
                continue;
            };
            let found = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)
                .and_then(|own| own.query_row(KINDS, (), |row| row.get::<_, String>(0)));
            match found {
                Ok(found) => {
                    let is_whole = known.iter().any(|known| known.to_string().contains(&found));
                    assert!(is_whole, "{found} is none of {known:?}");
                }
                Err(error) => assert!(!file.exists(), "{} is damaged: {error}", file.display()),
            }
        }
    }
    println!("{} before, {} after", seen[0], seen[1]);
}
