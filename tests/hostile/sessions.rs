//! Sessions: how many sockets one has, and what it is worth to know one's id.

use std::time::Duration;

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::raw::{PATIENCE, Raw};

cases![
    a_session_has_sixteen_sockets,
    a_session_is_worth_the_names_of_tables_and_no_more,
    no_session_hears_of_another,
];

fn upgrade(session: &str) -> (Raw, u16) {
    let mut raw = Raw::connect(server().authority());
    let target = format!("/ws?key={}&sessionId={session}", server().key);
    let status = raw.upgrade(&target);
    (raw, status)
}

fn open(session: &str) -> Raw {
    let (raw, status) = upgrade(session);
    assert_eq!(status, 101);
    raw
}

fn text(raw: &mut Raw) -> String {
    let (_, message) = raw.frame().expect("a message");
    String::from_utf8_lossy(&message).into_owned()
}

fn a_session_has_sixteen_sockets() {
    let session = server::unique("sixteen");
    let mut held: Vec<Raw> = (0..16).map(|_| open(&session)).collect();
    let (mut refused, status) = upgrade(&session);
    assert_eq!(status, 429);
    let mut body = [0; 512];
    let read = std::io::Read::read(&mut refused.0, &mut body).expect("a body");
    let body = String::from_utf8_lossy(&body[..read]).into_owned();
    assert!(body.contains("TOO_MANY_REQUESTS"), "{body}");
    // Other sessions have theirs, and one that closes makes room.
    open(&server::unique("another"));
    // Close, masked with zeros.
    held[0].send(b"\x88\x80\0\0\0\0");
    held[0].closed();
    let began = std::time::Instant::now();
    while upgrade(&session).1 != 101 {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What docs/protocol.md says of it: an id is made up by its page, as nobody guesses it, and whoever has it all the same hears
/// which tables change.
fn a_session_is_worth_the_names_of_tables_and_no_more() {
    let session = server::unique("known");
    let secret = server::unique("words");
    let reply = server().call("getNotes").session(&session).send();
    assert!(!reply.text().contains(&session), "a reply tells nobody");
    let mut thief = open(&session);
    server().call("addNote").args(json!({"text": secret})).ok();
    let told = text(&mut thief);
    let message: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(message["tables"], json!(["notes"]));
    assert!(
        !told.contains(&secret) && !told.contains(&session),
        "{told}"
    );
    // What was told is not kept for one who comes later.
    let mut later = open(&session);
    server().call("addNote").args(json!({"text": "next"})).ok();
    assert_eq!(
        text(&mut later).matches("notes").count(),
        text(&mut thief).matches("notes").count()
    );
}

fn no_session_hears_of_another() {
    let (reader, other) = (server::unique("reader"), server::unique("reader"));
    // Neither a part of its id nor one that begins like it is it.
    let mut strangers = [
        open(&other),
        open(&reader[..reader.len() - 1]),
        open(&format!("{reader}0")),
    ];
    let mut own = open(&reader);
    server().call("getNotes").session(&reader).ok();
    server()
        .call("addNote")
        .args(json!({"text": "a note"}))
        .ok();
    assert!(text(&mut own).contains("notes"));
    for stranger in &mut strangers {
        // `ping`, masked with zeros: what was sent before it would come first.
        stranger.send(b"\x81\x84\0\0\0\0ping");
        assert_eq!(text(stranger), "pong");
    }
}
