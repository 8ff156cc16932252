//! Tables that a socket's address names.

use edgepod_tests::{cases, server};

use crate::raw::Raw;

cases![
    thousands_of_tables_are_refused,
    names_that_are_invented_are_not_kept,
    columns_that_are_invented_break_no_write,
    a_topic_gives_nothing_away,
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

/// A topic that no reply has named: of a column that the table has not.
fn columns_that_are_invented_break_no_write() {
    let args = serde_json::json!({"text": "before"});
    let reply = server().call("addNote").args(args.clone()).send();
    let version = reply.json()["meta"]["version"]
        .as_str()
        .expect("a version")
        .to_owned();
    for column in [2, 3, 116, 65_535] {
        let mut raw = Raw::connect(server().authority());
        let target = format!(
            "/ws?key={}&sessionId={}&since={version}&topic=notes%23{column}.AAAAAAAAAAAAAAAA@{version}&table=invented%23*@{version}",
            server().key,
            server::unique("column"),
        );
        assert_eq!(raw.upgrade(&target), 101);
        let (_, hello) = raw.frame().expect("a greeting");
        let hello = String::from_utf8_lossy(&hello).into_owned();
        // Its client shall read again what there is not.
        assert!(hello.contains(&format!("notes#{column}.")), "{hello}");
        server().call("addNote").args(args.clone()).ok();
    }
}

/// Whoever is told of a value's topic learns neither the value, nor how to ask for another one: the digest is keyed.
fn a_topic_gives_nothing_away() {
    let secret = server::unique("secret");
    let args = serde_json::json!({"text": secret});
    let topics = |text: &str| {
        let reply = server()
            .call("countNotes")
            .args(serde_json::json!({ "text": text }))
            .session(&server::unique("topics"))
            .send();
        reply.json()["meta"]["topics"].to_string()
    };
    let own = topics(&secret);
    assert!(own.contains("notes#"), "{own}");
    assert!(!own.contains(&secret), "{own}");
    assert_ne!(own, topics("another"));
    let digest = own
        .rsplit_once('.')
        .map(|(_, digest)| digest.trim_end_matches(['"', ']']))
        .expect("a digest");
    assert_eq!(digest.len(), 16, "{own}");
    // One who reads other values hears nothing of this one, and nothing of it is in what one hears who reads the table.
    let (stranger, reader) = (server::unique("stranger"), server::unique("reader"));
    let open = |session: &str| {
        let mut raw = Raw::connect(server().authority());
        let target = format!("/ws?key={}&sessionId={session}", server().key);
        assert_eq!(raw.upgrade(&target), 101);
        raw
    };
    let (mut of_stranger, mut of_reader) = (open(&stranger), open(&reader));
    let other = server::unique("other");
    server()
        .call("countNotes")
        .args(serde_json::json!({ "text": other }))
        .session(&stranger)
        .ok();
    server().call("getNotes").session(&reader).ok();
    server().call("addNote").args(args).ok();
    server()
        .call("addNote")
        .args(serde_json::json!({ "text": other }))
        .ok();
    let next = |raw: &mut Raw| {
        let (_, signal) = raw.frame().expect("a signal");
        String::from_utf8_lossy(&signal).into_owned()
    };
    // The first that the stranger hears is of its own value.
    let told = next(&mut of_stranger);
    assert!(!told.contains(digest) && told.contains("notes#"), "{told}");
    let told = next(&mut of_reader);
    assert!(!told.contains(&secret) && !told.contains(digest), "{told}");
}
