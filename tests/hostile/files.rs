//! The database's file: who may read it, who serves it, who holds it.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    process::Command,
    time::Instant,
};

use edgepod_tests::{cases, server};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    native::{self, Native, command},
    raw::PATIENCE,
};

cases![
    a_second_server_refuses,
    a_server_that_was_killed_leaves_no_lock,
    a_database_that_another_holds_is_unavailable,
    a_database_is_its_owners,
    a_damaged_file_is_found,
    a_damaged_log_is_not_forgotten,
    a_panic_writes_one_line,
];

fn a_second_server_refuses() {
    let native = Native::start(&[]);
    let port = server::free_port().expect("a port");
    let second = command(port, native.folder.path(), &[])
        .output()
        .expect("the process starts");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("Another server serves"), "{said}");
    // Who only looks is let in.
    let status = command(port, native.folder.path(), &[("EDGEPOD_MIGRATE", "status")])
        .output()
        .expect("the process starts");
    assert!(status.status.success());
    native.call("getNotes").ok();
}

fn a_server_that_was_killed_leaves_no_lock() {
    let mut native = Native::start(&[]);
    native.call("addNote").args(json!({"text": "kept"})).ok();
    let folder = std::mem::replace(&mut native.folder, tempfile::tempdir().expect("a folder"));
    drop(native);
    let again = Native::start_in(folder, &[]);
    let count = again.call("countNotes").args(json!({"text": "kept"})).ok();
    assert_eq!(count, 1);
}

fn a_database_that_another_holds_is_unavailable() {
    let native = Native::start(&[]);
    let other =
        rusqlite::Connection::open(native.folder.path().join("data.sqlite")).expect("the database");
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody holds it");
    let began = Instant::now();
    let reply = native.call("addNote").args(json!({"text": "a"})).send();
    reply.assert_error(503);
    assert!(reply.header("retry-after").is_some());
    assert!(began.elapsed() < PATIENCE);
    drop(other);
    native.call("addNote").args(json!({"text": "a"})).ok();
}

#[cfg(unix)]
fn a_database_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;

    let native = Native::start(&[]);
    native.call("addNote").args(json!({"text": "a"})).ok();
    let mut files = 0;
    for entry in std::fs::read_dir(native.folder.path()).expect("a folder") {
        let entry = entry.expect("a file");
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("data.sqlite") {
            files += 1;
            let mode = entry.metadata().expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    assert!(files >= 3, "the database, its log and its lock: {files}");
}

#[cfg(not(unix))]
fn a_database_is_its_owners() {}

/// A folder with a database whose last writes are in its log, as a server leaves it that was killed.
fn left_by_a_killed_server() -> TempDir {
    let mut native = Native::start(&[]);
    for _ in 0..50 {
        let text = "kept ".repeat(500);
        native.call("addNote").args(json!({ "text": text })).ok();
    }
    std::mem::replace(&mut native.folder, tempfile::tempdir().expect("a folder"))
}

/// What `edgepod doctor --data` says of a folder, and whether all is well.
fn doctor(folder: &Path) -> (bool, String) {
    let output = Command::new(native::built().0)
        .args(["doctor", "--data"])
        .arg(folder)
        .output()
        .expect("the command runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Turns bytes of a file into others.
fn damage(path: &Path, place: u64, bytes: &[u8]) {
    let mut file = File::options().write(true).open(path).expect("the file");
    file.seek(SeekFrom::Start(place))
        .expect("the place is there");
    file.write_all(bytes).expect("the file is writable");
}

/// What a server says that must not start on this folder.
fn refusal(folder: &Path) -> String {
    let port = server::free_port().expect("a port");
    let output = command(port, folder, &[])
        .output()
        .expect("the process starts");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn a_damaged_file_is_found() {
    let folder = left_by_a_killed_server();
    let file = folder.path().join("data.sqlite");
    let (whole, said) = doctor(folder.path());
    assert!(whole && said.contains("is whole"), "{said}");
    // Doctor was the last to close it, so the log is in the file now.
    let pages = std::fs::metadata(&file).expect("the file").len() / 4096;
    assert!(pages > 20, "{pages}");
    for page in 5..10 {
        damage(&file, page * 4096, &[0; 4096]);
    }
    let (whole, said) = doctor(folder.path());
    assert!(!whole && said.contains("DAMAGED"), "{said}");
    let said = refusal(folder.path());
    assert!(said.contains("damaged"), "{said}");
}

fn a_damaged_log_is_not_forgotten() {
    let folder = left_by_a_killed_server();
    let log = folder.path().join("data.sqlite-wal");
    let before = std::fs::read(&log).expect("a log");
    assert!(before.len() > 100_000, "{}", before.len());
    damage(&log, 32 + 2 * (24 + 4096) + 1000, b"damaged");
    for said in [refusal(folder.path()), doctor(folder.path()).1] {
        assert!(said.contains("write-ahead log"), "{said}");
        assert!(said.contains("frame 3 is broken"), "{said}");
    }
    // Neither has made it worse: put right, all is there.
    std::fs::write(&log, &before).expect("the log is writable");
    let again = Native::start_in(folder, &[]);
    let text = "kept ".repeat(500);
    let count = again.call("countNotes").args(json!({ "text": text })).ok();
    assert_eq!(count, 50);
}

fn a_panic_writes_one_line() {
    let native = Native::start(&[]);
    let words = "broken\nERROR forged a8e7d20c00000012: all is lost\u{1b}[2J";
    native
        .call("panicWith")
        .args(json!({ "words": words }))
        .send()
        .assert_error(500);
    let log = native.log();
    assert!(log.contains("broken\\nERROR forged"), "{log}");
    assert!(
        !log.lines().any(|line| line.starts_with("ERROR forged")),
        "{log}"
    );
    assert!(!log.contains('\u{1b}'), "{log}");
    // Where it happened.
    assert!(log.contains("hostile/src/lib.rs:"), "{log}");
}
