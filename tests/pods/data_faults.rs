//! The server is killed while data is pulled and pushed: afterwards it is the old or the new, and the command comes to its end.
//! `EDGEPOD_DATA_KILLS=200 EDGEPOD_DATA_SEED=7` for more of them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{cases, server};
use rusqlite::Connection;
use serde_json::json;

use crate::{
    add,
    admin::until_listed,
    call_in,
    data::{data, place, pull, rows, run, said},
};

cases![
    a_pull_is_whole_whenever_the_server_is_killed,
    a_push_is_done_or_not_whenever_the_server_is_killed,
];

/// How often, and with which random numbers: `…_KILLS` and `…_SEED` say others.
pub(crate) fn faults(name: &str, kills: usize) -> (usize, fastrand::Rng) {
    let number = |what: &str, default: usize| {
        let text = std::env::var(format!("{name}_{what}"));
        text.map_or(default, |text| text.parse().expect("a number"))
    };
    let kills = number("KILLS", kills);
    let seed = number("SEED", fastrand::usize(..)) as u64;
    println!("seed {seed}, {kills} kills");
    (kills, fastrand::Rng::with_seed(seed))
}

/// How often, unless it is said. workerd takes ten seconds to be there again on a slow machine.
fn often() -> usize {
    if server::is_native() { 20 } else { 8 }
}

/// Runs a command, kills the server after so long and starts it again, and sometimes ends the command, too. What is left is done by
/// the command, run again.
fn killed(command: impl Fn() -> Command, after: Duration, also: bool) {
    let began = Instant::now();
    let mut child = command().stderr(Stdio::null()).spawn().expect("it runs");
    thread::sleep(after);
    server().kill().expect("it is this process's own");
    if also {
        let _ = child.kill();
    }
    server().start_again().expect("it starts again");
    if child.wait().expect("it ends").success() {
        return;
    }
    loop {
        let output = command().output().expect("it runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(180), "{words}");
    }
}

/// Some MB that say of which kind they are, in two tables.
pub(crate) fn fill(pod: &str, kind: &str) {
    add(call_in(pod, "addNote"), kind);
    run(pod, "CREATE TABLE bulk (kind TEXT, bytes BLOB)");
    for _ in 0..6 {
        run(
            pod,
            &format!("INSERT INTO bulk VALUES ('{kind}', randomblob(1000000))"),
        );
    }
    run(
        pod,
        &format!("INSERT INTO notes (text) SELECT '{kind}' FROM bulk, bulk AS b"),
    );
}

pub(crate) const KINDS: &str = "SELECT (SELECT count(*) FROM notes) || ' ' || (SELECT group_concat(DISTINCT text) FROM notes) || ' ' \
     || (SELECT count(*) || ' ' || group_concat(DISTINCT kind) FROM bulk)";

fn a_pull_is_whole_whenever_the_server_is_killed() {
    let (kills, mut random) = faults("EDGEPOD_DATA", often());
    let pod = server::unique("open-pulled");
    fill(&pod, "old");
    run(&pod, "CREATE TABLE pairs (n INTEGER)");
    until_listed(&pod);
    let took = {
        let (_folder, file) = place();
        let began = Instant::now();
        said(pull(&pod, &file).output().expect("it runs"));
        began.elapsed().as_millis() as u64
    };
    for kill in 0..kills {
        let (_folder, file) = place();
        let after = Duration::from_millis(random.u64(0..took));
        killed(|| pull_or_there(&pod, &file), after, random.bool());
        let own = Connection::open(&file).expect("a database");
        assert_eq!(rows(&own, "PRAGMA integrity_check"), ["ok"]);
        assert_eq!(rows(&own, KINDS), [format!("{} old 6 old", 37 + kill)]);
        let pairs = "SELECT count(*) || '' FROM pairs p JOIN notes t ON t.text = 'old' AND p.n >= 0 WHERE t.id = 1";
        assert_eq!(rows(&own, pairs), [kill.to_string()]);
        // The next is of another version.
        run(&pod, &format!("INSERT INTO pairs VALUES ({kill})"));
        run(&pod, "INSERT INTO notes (text) VALUES ('old')");
    }
}

/// A pull; where an earlier one has come to its end, nothing.
fn pull_or_there(pod: &str, file: &Path) -> Command {
    if file.exists() {
        return Command::new("true");
    }
    pull(pod, file)
}

fn a_push_is_done_or_not_whenever_the_server_is_killed() {
    let (kills, mut random) = faults("EDGEPOD_DATA", often());
    let (folder, _) = place();
    let files: Vec<(&str, PathBuf)> = ["old", "new"]
        .into_iter()
        .map(|kind| {
            let from = server::unique("open-pushed");
            fill(&from, kind);
            until_listed(&from);
            let file = folder.path().join(kind);
            said(pull(&from, &file).output().expect("it runs"));
            (kind, file)
        })
        .collect();
    let pod = server::unique("open-over");
    let push = |file: &Path| data(&["push", "--pod", &pod, "--replace"], file);
    let began = Instant::now();
    said(push(&files[0].1).output().expect("it runs"));
    let took = began.elapsed().as_millis() as u64;
    let kinds = || call_in(&pod, "ask").args(json!({ "sql": KINDS })).ok();
    let known: Vec<_> = files
        .iter()
        .map(|(_, file)| {
            said(push(file).output().expect("it runs"));
            kinds()
        })
        .collect();
    assert_ne!(known[0], known[1]);
    let mut seen = [0, 0];
    for kill in 0..kills {
        let (before, after) = ((kill + 1) % 2, kill % 2);
        let file = &files[after].1;
        assert_eq!(kinds(), known[before]);
        let mut child = push(file).stderr(Stdio::null()).spawn().expect("it runs");
        thread::sleep(Duration::from_millis(random.u64(0..took + took / 4)));
        server().kill().expect("it is this process's own");
        let _ = child.kill();
        let _ = child.wait();
        server().start_again().expect("it starts again");
        let now = kinds();
        let is_new = now == known[after];
        assert!(is_new || now == known[before], "between: {now}");
        seen[usize::from(is_new)] += 1;
        // And with a command that is there all the time.
        if kill % 4 == 0 {
            let after = Duration::from_millis(random.u64(0..took));
            killed(|| push(file), after, false);
        } else if !is_new {
            said(push(file).output().expect("it runs"));
        }
        assert_eq!(kinds(), known[kill % 2]);
    }
    println!("{} old, {} new", seen[0], seen[1]);
}
