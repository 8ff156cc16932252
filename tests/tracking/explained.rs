//! How a call is answered, in words: what `edgepod call --explain` shows, which only a build for development says.

use edgepod_tests::{cases, http::Call, server};
use serde_json::{Value, json};

cases![
    a_read_names_what_it_depends_on_and_shows_its_plan,
    a_write_names_what_it_touched_and_counts_whom_it_told,
    a_kept_answer_is_explained_as_the_one_that_was_computed,
    who_does_not_ask_is_told_nothing,
];

/// A room that no other case uses.
fn room() -> i64 {
    static NEXT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(9_000_000);
    let room = NEXT.fetch_add(1_000, std::sync::atomic::Ordering::SeqCst);
    write(json!([["room", room, 1], ["new", room, room]])).ok();
    room
}

fn write(steps: Value) -> Call<'static> {
    let args = json!({"steps": steps, "fail": false});
    server().call("writeKept").args(args)
}

fn ask(question: &str, at: i64) -> Call<'static> {
    let args = json!({"question": question, "at": at});
    server().call("askKept").args(args)
}

/// What the reply to a call says of how it was answered.
#[track_caller]
fn explained(call: Call<'_>) -> Value {
    let reply = call.header("x-edgepod-explain", "true").send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["meta"]["explain"].clone()
}

fn a_read_names_what_it_depends_on_and_shows_its_plan() {
    let room = room();
    let explain = explained(ask("room", room));
    let topic = format!("kept_notes.room_id = {room}");
    assert_eq!(explain["reads"], json!([topic]), "{explain}");
    assert_eq!(explain["writes"], json!([]), "{explain}");
    let [statement] = &explain["statements"].as_array().expect("a list")[..] else {
        panic!("{explain}");
    };
    assert_eq!(statement["reads"], json!([topic]));
    assert!(
        statement["sql"].as_str().unwrap().starts_with("SELECT "),
        "{statement}"
    );
    let plan = statement["plan"].to_string();
    assert!(plan.contains("USING INDEX"), "{plan}");
    let everything = explained(ask("liked", room));
    assert_eq!(everything["reads"], json!(["kept_notes"]), "{everything}");
    let plan = everything["statements"][0]["plan"].to_string();
    assert!(plan.contains("SCAN kept_notes"), "{plan}");
}

fn a_write_names_what_it_touched_and_counts_whom_it_told() {
    let room = room();
    let session = server::unique("explained");
    let mut socket = server().socket(&session);
    ask("room", room).session(&session).ok();
    let explain = explained(write(json!([["like", room, 3]])));
    let writes = explain["writes"].to_string();
    assert!(
        writes.contains(&format!("kept_notes.room_id = {room}")),
        "{explain}"
    );
    assert!(!writes.contains("\"kept_notes\""), "{explain}");
    assert_eq!(explain["told"], 1, "{explain}");
    let statements = explain["statements"].as_array().expect("a list");
    let last = statements.last().expect("the update");
    assert!(
        last["sql"].as_str().unwrap().starts_with("UPDATE"),
        "{last}"
    );
    assert_eq!(last["writes"].to_string(), writes);
    socket.stale();
}

fn a_kept_answer_is_explained_as_the_one_that_was_computed() {
    let room = room();
    let first = explained(ask("page", room));
    assert_eq!(first["kept"], true, "{first}");
    let call = ask("page", room).header("x-edgepod-explain", "true");
    let second = call.send().json();
    assert_eq!(second["meta"]["cached"], true, "{second}");
    let explain = &second["meta"]["explain"];
    assert_eq!(explain["statements"], first["statements"], "{second}");
    let args = json!({"what": "clock"});
    let varies = explained(server().call("askBeside").args(args));
    assert_eq!(varies["kept"], false, "{varies}");
}

fn who_does_not_ask_is_told_nothing() {
    let room = room();
    let reply = ask("note", room).send().json();
    assert_eq!(reply["meta"].get("explain"), None, "{reply}");
}
