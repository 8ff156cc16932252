//! The version in replies and signals, and a socket that says which one its client knows.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server};
use serde_json::{Value, json};
use tungstenite::Message;

cases![
    a_write_counts_one_and_a_read_shows_the_same,
    a_write_that_failed_counts_nothing,
    the_signal_names_the_version_of_the_write,
    a_first_socket_is_greeted_and_told_nothing,
    a_socket_that_names_no_version_is_not_greeted,
    who_missed_nothing_is_told_nothing,
    who_missed_a_write_is_told_its_table,
    a_table_is_judged_by_the_version_of_its_own_data,
    what_the_client_does_not_read_is_not_told,
    a_read_whose_reply_is_on_its_way_is_told,
    since_an_unknown_version_what_the_client_reads_is_stale,
    the_tables_of_the_socket_are_subscribed,
    the_messages_of_a_socket_are_counted,
    a_ping_after_a_greeting_is_answered_with_what_changed_last,
];

fn insert_user() -> Value {
    let email = format!("{}@example.com", server::unique("version"));
    let call = server().call("insertUser").args(json!({"email": email}));
    call.send().json()
}

/// The version of a reply.
fn version(reply: &Value) -> String {
    let version = reply["meta"]["version"].as_str();
    version
        .unwrap_or_else(|| panic!("a version in {reply}"))
        .to_owned()
}

fn now() -> String {
    version(&server().call("getPosts").send().json())
}

/// The part that names the engine's life, and the count in it.
fn parts(version: &str) -> (String, u64) {
    let (epoch, count) = version.rsplit_once('.').expect("<epoch>.<count>");
    (epoch.to_owned(), count.parse().expect("a count"))
}

/// A new session's socket, of a client that knows this version and reads these tables; and what it is told first.
fn resume(since: &str, tables: &[&str]) -> (Socket, Value) {
    resume_as(&server::unique("resumed"), since, tables)
}

fn resume_as(session: &str, since: &str, tables: &[&str]) -> (Socket, Value) {
    let mut session = format!("{session}&since={since}");
    for table in tables {
        session.push_str(&format!("&table={table}"));
    }
    let mut socket = server().socket(&session);
    let hello = message(&mut socket);
    assert_eq!(hello["type"], json!("hello"), "{hello}");
    assert_eq!(hello["seq"], json!(0), "{hello}");
    (socket, hello)
}

fn message(socket: &mut Socket) -> Value {
    match socket.next_within(PATIENCE) {
        Some(Heard::Text(text)) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

/// What a ping of a socket that was greeted is answered with.
fn pong(socket: &mut Socket) -> Value {
    // The sockets of other cases, which expect `pong`, may not be gone yet.
    for _ in 0..100 {
        socket.send(Message::text("ping"));
        match socket.next_within(PATIENCE) {
            Some(Heard::Text(text)) if text == "pong" => {}
            Some(Heard::Text(text)) => return serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("a socket that was greeted hears `pong`, as if it was not");
}

fn only(table: &str) -> BTreeSet<String> {
    BTreeSet::from([table.to_owned()])
}

fn a_write_counts_one_and_a_read_shows_the_same() {
    let (epoch, before) = parts(&now());
    let written = parts(&version(&insert_user()));
    assert_eq!(written, (epoch, before + 1));
    assert_eq!(parts(&now()), written);
}

fn a_write_that_failed_counts_nothing() {
    let user = insert_user();
    let before = now();
    server()
        .call("insertUser")
        .args(json!({"email": user["data"]["email"]}))
        .error(409);
    assert_eq!(now(), before);
}

fn the_signal_names_the_version_of_the_write() {
    let (mut reader, hello) = resume(&now(), &["users"]);
    assert_eq!(hello["tables"], json!([]), "{hello}");
    let written = version(&insert_user());
    let signal = message(&mut reader);
    assert_eq!(signal["type"], json!("stale"), "{signal}");
    assert_eq!(signal["version"], json!(written), "{signal}");
}

fn a_first_socket_is_greeted_and_told_nothing() {
    let written = version(&insert_user());
    let (mut socket, hello) = resume("", &[]);
    assert_eq!(hello["tables"], json!([]), "{hello}");
    assert_eq!(hello["version"], json!(written), "{hello}");
    socket.assert_silent();
}

fn a_socket_that_names_no_version_is_not_greeted() {
    insert_user();
    server().socket(&server::unique("first")).assert_silent();
}

fn who_missed_nothing_is_told_nothing() {
    insert_user();
    let (mut socket, hello) = resume(&now(), &["users"]);
    assert_eq!(hello["tables"], json!([]), "{hello}");
    socket.assert_silent();
}

fn who_missed_a_write_is_told_its_table() {
    let since = now();
    let written = version(&insert_user());
    for tables in [&["posts", "users"][..], &[]] {
        let (mut socket, hello) = resume(&since, tables);
        assert_eq!(hello["tables"], json!(["users"]), "{hello}");
        assert_eq!(hello["version"], json!(written), "{hello}");
        socket.assert_silent();
    }
}

fn a_table_is_judged_by_the_version_of_its_own_data() {
    let before = now();
    insert_user();
    let after = now();
    // The client has heard of the write but holds data from before: its signal was lost, or its refetch failed.
    let (_, hello) = resume(&after, &[&format!("users@{before}"), "posts"]);
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");
    // The client has heard nothing, but has read since.
    let (_, hello) = resume(&before, &[&format!("users@{after}")]);
    assert_eq!(hello["tables"], json!([]), "{hello}");
    let (_, hello) = resume(
        "",
        &[&format!("users@{before}"), &format!("posts@{before}")],
    );
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");
}

fn what_the_client_does_not_read_is_not_told() {
    let since = now();
    insert_user();
    let (mut socket, hello) = resume(&since, &["posts"]);
    assert_eq!(hello["tables"], json!([]), "{hello}");
    socket.assert_silent();
}

fn a_read_whose_reply_is_on_its_way_is_told() {
    let session = server::unique("reading");
    let since = now();
    // The session's first socket is half open: signals to it reach nobody.
    let (_lost, _) = resume_as(&session, &since, &[]);
    server().call("getUsers").session(&session).ok();
    insert_user();
    let (_, hello) = resume_as(&session, &since, &[&format!("posts@{since}")]);
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");

    // The call came before the socket.
    let session = server::unique("reading");
    server().call("getUsers").session(&session).ok();
    insert_user();
    let (_, hello) = resume_as(&session, "", &[]);
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");
}

fn since_an_unknown_version_what_the_client_reads_is_stale() {
    let (epoch, count) = parts(&now());
    let future = format!("{epoch}.{}", count + 1000);
    for unknown in ["another.0", "nonsense", &future] {
        let (_, hello) = resume(unknown, &["users"]);
        assert_eq!(hello["tables"], json!(["users"]), "{unknown}: {hello}");
        let (_, hello) = resume(unknown, &[]);
        assert_eq!(hello["tables"], json!(["*"]), "{unknown}: {hello}");
    }
    let (_, hello) = resume("", &["users"]);
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");
}

fn the_tables_of_the_socket_are_subscribed() {
    let (mut reader, _) = resume(&now(), &["users"]);
    reader.assert_silent();
    insert_user();
    assert_eq!(reader.stale(), only("users"));
}

fn the_messages_of_a_socket_are_counted() {
    let (mut reader, _) = resume(&now(), &["users"]);
    let session = server::unique("counted");
    let mut other = server().socket(&session);
    insert_user();
    server().call("getUsers").session(&session).ok();
    for number in 1..=3 {
        insert_user();
        assert_eq!(message(&mut other)["seq"], json!(number));
    }
    for number in 1..=4 {
        assert_eq!(message(&mut reader)["seq"], json!(number));
    }
}

fn a_ping_after_a_greeting_is_answered_with_what_changed_last() {
    let user = insert_user();
    let users = version(&user);
    // It reads nothing, so no signal comes: the answer is about all tables.
    let (mut reader, _) = resume(&now(), &[]);
    let answer = pong(&mut reader);
    assert_eq!(answer["type"], json!("pong"), "{answer}");
    assert_eq!(answer["changed"]["users"], json!(users), "{answer}");
    let post = json!({"author_id": user["data"]["id"], "title": "Changed last"});
    let posts = version(&server().call("createPost").args(post).send().json());
    let answer = pong(&mut reader);
    assert_eq!(answer["changed"]["users"], json!(users), "{answer}");
    assert_eq!(answer["changed"]["posts"], json!(posts), "{answer}");
    // Who was not greeted knows `pong` only.
    let mut plain = server().socket(&server::unique("plain"));
    plain.ping();
    drop(plain);
    // Longer than the ten seconds after which an idle Durable Object leaves memory.
    std::thread::sleep(Duration::from_secs(13));
    assert_eq!(pong(&mut reader), answer);
    // In its next life it knows what its last one did.
    let users = version(&insert_user());
    let answer = pong(&mut reader);
    assert_eq!(answer["changed"]["users"], json!(users), "{answer}");
    assert_eq!(answer["changed"]["posts"], json!(posts), "{answer}");
}
