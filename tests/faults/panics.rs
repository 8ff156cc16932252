//! A panic costs one call, and tells the client nothing.

use edgepod_tests::{Call, cases, server};
use serde_json::json;

use crate::{notes, reader};

cases![
    a_panic_in_a_function_rolls_back,
    a_panic_in_a_query_is_an_internal_error,
    a_panic_in_an_action_is_an_internal_error,
    the_words_of_a_panic_are_in_the_log_only,
    sockets_and_subscriptions_outlive_a_panic,
    many_panics_leave_the_server_serving,
    a_panic_in_a_batch_fails_its_item_only,
    a_panic_under_a_key_is_not_remembered,
];

fn a_panic_in_a_batch_fails_its_item_only() {
    let text = server::unique("batch");
    server().call("addNote").args(json!({"text": text})).ok();
    let names = [
        "getNotes",
        "getNotesAndPanic",
        "getNumbers",
        "getNotesAndPanic",
        "getNotes",
    ];
    let calls: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let session = server::unique("batch");
    let mut socket = server().socket(&session);
    let reply = server()
        .request("POST", "/rpc")
        .session(&session)
        .args(json!({"calls": calls}))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(!reply.text().contains("secret"), "{}", reply.text());
    let reply = reply.json();
    let results = reply["results"].as_array().expect("results");
    let status: Vec<_> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(status, [200, 500, 200, 500, 200]);
    assert_eq!(results[1]["error"]["code"], json!("INTERNAL"));
    assert!(results[0]["data"].to_string().contains(&text));
    assert_eq!(results[0]["data"], results[4]["data"]);
    assert_eq!(results[4]["meta"]["version"], reply["meta"]["version"]);
    server().call("addNote").args(json!({"text": text})).ok();
    socket.stale_of("notes");
}

fn a_panic_under_a_key_is_not_remembered() {
    let (key, text) = (server::unique("key"), server::unique("panicked"));
    for _ in 0..2 {
        assert_internal(
            server()
                .call("addNoteAndPanic")
                .header("x-edgepod-idempotency-key", &key)
                .args(json!({"text": text})),
        );
    }
    assert_eq!(notes(&text), 0);
    // Nothing holds the key: another call may use it.
    server()
        .call("addNote")
        .header("x-edgepod-idempotency-key", &key)
        .args(json!({"text": text}))
        .ok();
    assert_eq!(notes(&text), 1);
}

#[track_caller]
fn assert_internal(call: Call<'_>) {
    let error = call.error(500);
    assert_eq!(error["code"], "INTERNAL");
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn a_panic_in_a_function_rolls_back() {
    let text = server::unique("panicked");
    assert_internal(server().call("addNoteAndPanic").args(json!({"text": text})));
    assert_eq!(notes(&text), 0);
}

fn a_panic_in_a_query_is_an_internal_error() {
    assert_internal(server().call("getNotesAndPanic"));
    assert_internal(server().get("getNotesAndPanic", &json!({})));
    notes("");
}

fn a_panic_in_an_action_is_an_internal_error() {
    assert_internal(server().call("actAndPanic"));
    notes("");
}

fn the_words_of_a_panic_are_in_the_log_only() {
    for (name, args) in [
        ("getNotesAndPanic", json!({})),
        ("addNoteAndPanic", json!({"text": "gone"})),
        ("actAndPanic", json!({})),
    ] {
        let error = server().call(name).args(args).error(500);
        let trace = error["trace_id"].as_str().expect("a trace id");
        assert!(!error.to_string().contains("secret"), "{error}");
        let line = server().log_line(&["the secret in the panic", trace, name]);
        assert!(
            line.contains("ERROR") || line.contains(r#""level":"error""#),
            "{line}"
        );
    }
    // Unless EDGEPOD_LOG asks for it, a call is no line.
    let log = server().log();
    assert!(!log.contains("answered"), "{log}");
}

fn sockets_and_subscriptions_outlive_a_panic() {
    let mut socket = reader();
    assert_internal(server().call("getNotesAndPanic"));
    assert_internal(
        server()
            .call("addNoteAndPanic")
            .args(json!({"text": "gone"})),
    );
    socket.ping();
    server()
        .call("addNote")
        .args(json!({"text": "after the panic"}))
        .ok();
    socket.stale_of("notes");
}

fn many_panics_leave_the_server_serving() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_internal(server().call("getNotesAndPanic"));
                    let text = server::unique("between");
                    server().call("addNote").args(json!({"text": text})).ok();
                }
            });
        }
    });
}
