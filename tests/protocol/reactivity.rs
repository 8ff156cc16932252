//! Who is told that what they read has changed.

use std::collections::BTreeSet;

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server};
use serde_json::{Value, json};

cases![
    a_reader_is_told_of_a_write,
    the_signal_carries_no_row,
    who_read_nothing_is_told_nothing,
    who_read_another_table_is_told_nothing,
    who_writes_is_told_like_everybody,
    writing_alone_does_not_subscribe,
    every_reader_is_told,
    a_reader_with_get_is_told,
    a_read_that_found_nothing_is_told,
    a_reader_is_told_again_after_reading_again,
    a_reader_of_two_tables_is_told_of_each,
    deleting_a_user_makes_posts_stale_for_who_reads_posts_only,
    a_function_that_failed_announces_nothing,
    a_function_that_wrote_nothing_announces_nothing,
    a_read_announces_nothing,
    a_call_without_a_session_subscribes_nobody,
    a_call_that_is_not_reactive_subscribes_nobody,
    a_refused_call_subscribes_nobody,
    a_read_before_the_socket_counts,
    a_write_between_the_read_and_the_socket_is_announced,
    a_second_socket_of_a_session_is_told,
    a_closed_socket_stops_nobody,
    the_write_is_visible_when_the_signal_comes,
    a_reader_is_told_after_a_long_silence,
];

/// A session with an open socket that has read this much.
struct Session {
    id: String,
    socket: Socket,
}

impl Session {
    #[track_caller]
    fn new(name: &str) -> Self {
        let id = server::unique(name);
        let socket = server().socket(&id);
        Self { id, socket }
    }

    #[track_caller]
    fn that_read(queries: &[&str]) -> Self {
        let session = Self::new("reader");
        for query in queries {
            session.read(query);
        }
        session
    }

    #[track_caller]
    fn read(&self, query: &str) {
        server().call(query).session(&self.id).ok();
    }
}

fn email() -> String {
    format!("{}@example.com", server::unique("reactive"))
}

#[track_caller]
fn insert_user() -> Value {
    server()
        .call("insertUser")
        .args(json!({"email": email()}))
        .ok()
}

#[track_caller]
fn create_post(author: &Value) -> Value {
    server()
        .call("createPost")
        .args(json!({"author_id": author["id"], "title": "A title"}))
        .ok()
}

fn only(table: &str) -> BTreeSet<String> {
    BTreeSet::from([table.to_owned()])
}

fn a_reader_is_told_of_a_write() {
    let mut reader = Session::that_read(&["getUsers"]);
    insert_user();
    assert_eq!(reader.socket.stale(), only("users"));
}

fn the_signal_carries_no_row() {
    let mut reader = Session::that_read(&["getUsers"]);
    let email = email();
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
    match reader.socket.next_within(PATIENCE) {
        Some(Heard::Text(text)) => assert!(!text.contains(&email), "{text}"),
        other => panic!("{other:?}"),
    }
}

fn who_read_nothing_is_told_nothing() {
    let mut stranger = Session::new("stranger");
    insert_user();
    stranger.socket.assert_silent();
}

fn who_read_another_table_is_told_nothing() {
    let author = insert_user();
    let mut reader = Session::that_read(&["getPosts"]);
    insert_user();
    reader.socket.assert_silent();
    create_post(&author);
    assert_eq!(reader.socket.stale(), only("posts"));
}

fn who_writes_is_told_like_everybody() {
    let mut writer = Session::that_read(&["getUsers"]);
    server()
        .call("insertUser")
        .args(json!({"email": email()}))
        .session(&writer.id)
        .ok();
    assert_eq!(writer.socket.stale(), only("users"));
}

fn writing_alone_does_not_subscribe() {
    let mut writer = Session::new("writer");
    server()
        .call("insertUser")
        .args(json!({"email": email()}))
        .session(&writer.id)
        .ok();
    insert_user();
    writer.socket.assert_silent();
}

fn every_reader_is_told() {
    let mut readers = [
        Session::that_read(&["getUsers"]),
        Session::that_read(&["getUsers"]),
        Session::that_read(&["getUsers"]),
    ];
    insert_user();
    for reader in &mut readers {
        assert_eq!(reader.socket.stale(), only("users"));
    }
}

/// The id that the next user is going to have.
#[track_caller]
fn next_id() -> i64 {
    insert_user()["id"].as_i64().expect("a number") + 1
}

fn a_reader_with_get_is_told() {
    let mut reader = Session::new("get");
    server()
        .get("getUserById", &json!({"id": next_id()}))
        .session(&reader.id)
        .ok();
    insert_user();
    assert_eq!(reader.socket.stale(), only("users"));
}

fn a_read_that_found_nothing_is_told() {
    let mut reader = Session::new("nothing");
    server()
        .call("getUserById")
        .args(json!({"id": next_id()}))
        .session(&reader.id)
        .ok();
    insert_user();
    assert_eq!(reader.socket.stale(), only("users"));
}

fn a_reader_is_told_again_after_reading_again() {
    let mut reader = Session::new("again");
    for _ in 0..3 {
        reader.read("getUsers");
        insert_user();
        assert_eq!(reader.socket.stale(), only("users"));
    }
}

fn a_reader_of_two_tables_is_told_of_each() {
    let author = insert_user();
    let mut reader = Session::that_read(&["getUsers", "getPosts"]);
    create_post(&author);
    assert_eq!(reader.socket.stale(), only("posts"));
    reader.read("getPosts");
    insert_user();
    assert_eq!(reader.socket.stale(), only("users"));
}

fn deleting_a_user_makes_posts_stale_for_who_reads_posts_only() {
    let author = insert_user();
    create_post(&author);
    let mut reader = Session::that_read(&["getPosts"]);
    server()
        .call("deleteUser")
        .args(json!({"id": author["id"]}))
        .ok();
    reader.socket.stale_of("posts");
}

fn a_function_that_failed_announces_nothing() {
    let user = insert_user();
    let mut reader = Session::that_read(&["getUsers", "getPosts"]);
    server()
        .call("insertUser")
        .args(json!({"email": user["email"]}))
        .error(409);
    server()
        .call("createPost")
        .args(json!({"author_id": -1, "title": "Nobody's"}))
        .error(409);
    server().call("insertUser").args(json!({})).error(400);
    server()
        .call("deleteUser")
        .args(json!({"id": "one"}))
        .error(400);
    reader.socket.assert_silent();
}

fn a_function_that_wrote_nothing_announces_nothing() {
    let mut reader = Session::that_read(&["getUsers", "getPosts"]);
    server()
        .call("deleteUser")
        .args(json!({"id": -1}))
        .error(404);
    reader.socket.assert_silent();
}

fn a_read_announces_nothing() {
    let mut reader = Session::that_read(&["getUsers", "getPosts"]);
    server().call("getUsers").ok();
    server().call("getPosts").session(&reader.id).ok();
    reader.socket.assert_silent();
}

fn a_call_without_a_session_subscribes_nobody() {
    let mut session = Session::new("apart");
    server().call("getUsers").ok();
    insert_user();
    session.socket.assert_silent();
}

fn a_call_that_is_not_reactive_subscribes_nobody() {
    let mut session = Session::new("still");
    server()
        .call("getUsers")
        .session(&session.id)
        .header("x-edgepod-reactive", "false")
        .ok();
    insert_user();
    session.socket.assert_silent();
}

fn a_refused_call_subscribes_nobody() {
    let mut session = Session::new("refused");
    server()
        .call("getUsers")
        .session(&session.id)
        .header("x-edgepod-key", "ep_pk_wrong")
        .error(401);
    insert_user();
    session.socket.assert_silent();
}

fn a_read_before_the_socket_counts() {
    let id = server::unique("early");
    server().call("getUsers").session(&id).ok();
    let mut socket = server().socket(&id);
    socket.assert_silent();
    insert_user();
    assert_eq!(socket.stale(), only("users"));
}

fn a_write_between_the_read_and_the_socket_is_announced() {
    let id = server::unique("between");
    server().call("getUsers").session(&id).ok();
    insert_user();
    let mut socket = server().socket(&id);
    assert_eq!(socket.stale(), only("users"));
}

fn a_second_socket_of_a_session_is_told() {
    // A page that reconnects may be back before the server has noticed that its first socket is gone.
    let first = Session::that_read(&["getUsers"]);
    let mut second = server().socket(&first.id);
    first.read("getUsers");
    insert_user();
    second.stale_of("users");
}

fn a_closed_socket_stops_nobody() {
    let gone = Session::that_read(&["getUsers"]);
    let mut there = Session::that_read(&["getUsers"]);
    drop(gone.socket);
    insert_user();
    assert_eq!(there.socket.stale(), only("users"));
}

fn the_write_is_visible_when_the_signal_comes() {
    let mut reader = Session::that_read(&["getUsers"]);
    for _ in 0..5 {
        let email = email();
        let wanted = email.clone();
        let writer = std::thread::spawn(move || {
            server()
                .call("insertUser")
                .args(json!({"email": email}))
                .ok()
        });
        reader.socket.stale_of("users");
        let users = server().call("getUsers").session(&reader.id).ok();
        let there = users
            .as_array()
            .into_iter()
            .flatten()
            .any(|user| user["email"] == wanted.as_str());
        assert!(there, "the signal came before {wanted} could be read");
        writer.join().expect("the insert succeeds");
        reader.socket.drain();
    }
}

fn a_reader_is_told_after_a_long_silence() {
    let mut reader = Session::that_read(&["getUsers"]);
    let mut stranger = Session::new("asleep");
    // Longer than the ten seconds after which an idle Durable Object leaves memory; its sockets stay.
    std::thread::sleep(std::time::Duration::from_secs(13));
    reader.socket.ping();
    insert_user();
    assert_eq!(reader.socket.stale(), only("users"));
    stranger.socket.assert_silent();
    stranger.read("getPosts");
    create_post(&insert_user());
    assert_eq!(stranger.socket.stale(), only("posts"));
}
