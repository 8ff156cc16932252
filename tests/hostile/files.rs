//! The database's file: who may read it, who serves it, who holds it.

use std::time::Instant;

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::native::{Native, command};
use crate::raw::PATIENCE;

cases![
    a_second_server_refuses,
    a_server_that_was_killed_leaves_no_lock,
    a_database_that_another_holds_is_unavailable,
    a_database_is_its_owners,
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
