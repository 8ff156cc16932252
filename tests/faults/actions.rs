//! An action commits what it says, when it says it.

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::{notes, reader};

cases![
    what_an_action_committed_stays_when_it_fails,
    what_an_action_rolled_back_is_gone_and_untold,
    a_get_does_not_reach_an_action,
    an_action_takes_no_idempotency_key,
];

fn what_an_action_committed_stays_when_it_fails() {
    let text = server::unique("committed");
    let mut socket = reader();
    server()
        .call("commitAndFail")
        .args(json!({"text": text}))
        .error(400);
    socket.stale_of("notes");
    assert_eq!(notes(&text), 1);
}

fn what_an_action_rolled_back_is_gone_and_untold() {
    let text = server::unique("rolled-back");
    let mut socket = reader();
    let words = server().call("rollBack").args(json!({"text": text})).ok();
    assert!(
        words
            .as_str()
            .is_some_and(|words| words.contains("not meant to be")),
        "{words}"
    );
    socket.assert_silent();
    assert_eq!(notes(&text), 0);
}

fn a_get_does_not_reach_an_action() {
    server().get("rollBack", &json!({"text": "x"})).error(405);
}

fn an_action_takes_no_idempotency_key() {
    let text = server::unique("keyed");
    let error = server()
        .call("commitAndFail")
        .header("x-edgepod-idempotency-key", &server::unique("key"))
        .args(json!({"text": text}))
        .error(400);
    assert!(error["message"].to_string().contains("action"), "{error}");
    assert_eq!(notes(&text), 0);
}
