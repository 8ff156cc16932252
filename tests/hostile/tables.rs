//! Tables that a socket's address names.

use edgepod_tests::{cases, server};

use crate::raw::Raw;

cases![
    thousands_of_tables_are_refused,
    names_that_are_invented_are_not_kept,
];

fn target(session: &str, tables: impl Iterator<Item = String>) -> String {
    let mut target = format!("/ws?key={}&sessionId={session}&since=0.0", server().key);
    for table in tables {
        target.push_str("&table=");
        target.push_str(&table);
    }
    target
}

fn thousands_of_tables_are_refused() {
    let names = (0..4800).map(|i| format!("t{i}"));
    let mut raw = Raw::connect(server().authority());
    assert_eq!(raw.upgrade(&target("many-tables", names)), 400);
    server().assert_serving();
}

/// A name that nobody knows is told as stale, so that its client reads again, and is forgotten.
fn names_that_are_invented_are_not_kept() {
    let session = server::unique("invented");
    let mut raw = Raw::connect(server().authority());
    let names = ["invented_name", "notes"].map(str::to_owned);
    assert_eq!(raw.upgrade(&target(&session, names.into_iter())), 101);
    let (_, hello) = raw.frame().expect("a greeting");
    let hello = String::from_utf8_lossy(&hello).into_owned();
    assert!(hello.contains("invented_name"), "{hello}");
    server()
        .call("invalidate")
        .args(serde_json::json!({"table": "invented_name"}))
        .ok();
    server()
        .call("addNote")
        .args(serde_json::json!({"text": "a note"}))
        .ok();
    let (_, stale) = raw.frame().expect("a signal");
    let stale = String::from_utf8_lossy(&stale).into_owned();
    assert!(
        stale.contains("notes") && !stale.contains("invented_name"),
        "{stale}"
    );
}
