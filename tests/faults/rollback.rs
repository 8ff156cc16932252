//! A function is all or nothing.

use edgepod_tests::{cases, http::names, server};
use serde_json::json;

use crate::{notes, reader};

cases![
    what_a_failed_function_wrote_is_gone,
    a_failed_function_tells_nobody,
    a_function_that_waits_is_told_to_be_an_action,
];

fn what_a_failed_function_wrote_is_gone() {
    let text = server::unique("failed");
    let error = server()
        .call("addNoteAndFail")
        .args(json!({"text": text}))
        .error(400);
    assert_eq!(error["message"], "It was not meant to be.");
    assert_eq!(notes(&text), 0);
}

fn a_failed_function_tells_nobody() {
    let mut socket = reader();
    server()
        .call("addNoteAndFail")
        .args(json!({"text": "untold"}))
        .error(400);
    server()
        .call("addNoteAndPanic")
        .args(json!({"text": "untold"}))
        .error(500);
    server()
        .call("addNoteAndWait")
        .args(json!({"text": "untold"}))
        .error(500);
    socket.assert_silent();
    server().call("addNote").args(json!({"text": "told"})).ok();
    socket.stale_of("notes");
}

fn a_function_that_waits_is_told_to_be_an_action() {
    let text = server::unique("waited");
    server()
        .call("addNoteAndWait")
        .args(json!({"text": text}))
        .error(500);
    assert_eq!(notes(&text), 0);
    let log = server().log();
    assert!(
        names(&log, "action"),
        "the log should say what to do instead: {log}"
    );
}
