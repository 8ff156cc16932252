//! Large numbers come back as they were sent, and many of them in part, with a warning.

use edgepod_tests::{cases, server};
use serde_json::json;

cases![every_whole_number_is_exact, a_result_that_was_cut_says_so];

fn every_whole_number_is_exact() {
    for value in [
        0,
        -1,
        i64::MAX,
        i64::MIN,
        (1 << 53) + 1,
        (1 << 53) - 1,
        1 << 53,
        1 << 60,
        -(1 << 53) + 1,
        -(1 << 53),
        -(1 << 53) - 1,
        i64::MAX - 1,
    ] {
        let reply = server()
            .call("keepNumber")
            .body(format!("{{\"value\": \"{value}\"}}"))
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        // As text: a parser might round it too.
        let text = reply.text();
        assert!(
            text.contains(&format!("\"value\":\"{value}\"")),
            "{value} became {text}"
        );
        // As a number it goes out only where a client's numbers are all exact.
        let plain = server()
            .call("getNumberPlain")
            .args(json!({"id": reply.json()["data"]["id"]}))
            .send();
        if value.unsigned_abs() < 1 << 53 {
            assert_eq!(plain.json()["data"], json!(value));
        } else {
            assert_eq!(plain.status, 500, "{}", plain.text());
        }
    }
}

fn a_result_that_was_cut_says_so() {
    server()
        .call("keepNumbers")
        .args(json!({"count": 1001}))
        .ok();
    let body = server().call("getNumbers").send().json();
    assert_eq!(body["data"].as_array().map(Vec::len), Some(1000));
    assert!(
        body["warnings"]
            .as_array()
            .is_some_and(|warnings| !warnings.is_empty()),
        "{}",
        body["warnings"]
    );
}
