//! What a call that fails returns.

use std::collections::HashSet;

use edgepod_tests::{Reply, cases, http::names, server};
use serde_json::json;

cases![
    what_is_not_there_is_not_found,
    a_value_that_is_taken_conflicts_and_the_column_is_named,
    a_row_that_refers_to_nothing_conflicts,
    what_a_function_refuses_is_a_bad_request,
    every_error_has_a_trace_id_of_its_own,
    every_reply_has_a_trace_id_whatever_it_says,
    an_error_shows_no_sql,
    a_failed_function_leaves_no_rows,
];

fn what_is_not_there_is_not_found() {
    let error = server()
        .call("deleteUser")
        .args(json!({"id": -1}))
        .error(404);
    assert_eq!(error["code"], "NOT_FOUND");
}

fn a_value_that_is_taken_conflicts_and_the_column_is_named() {
    let email = format!("{}@example.com", server::unique("taken"));
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
    let error = server()
        .call("insertUser")
        .args(json!({"email": email, "name": "Second"}))
        .error(409);
    assert_eq!(error["code"], "CONFLICT");
    assert!(names(&error.to_string(), "email"), "{error}");
    server().assert_serving();
}

fn a_row_that_refers_to_nothing_conflicts() {
    let error = server()
        .call("createPost")
        .args(json!({"author_id": -1, "title": "Nobody's"}))
        .error(409);
    assert_eq!(error["code"], "CONFLICT");
    assert!(names(&error.to_string(), "author_id"), "{error}");
    server().assert_serving();
}

fn what_a_function_refuses_is_a_bad_request() {
    for args in [
        json!({}),
        json!({"email": null}),
        json!({"email": null, "name": null}),
    ] {
        let error = server().call("insertUser").args(args).error(400);
        assert_eq!(error["code"], "BAD_REQUEST");
    }
}

fn every_error_has_a_trace_id_of_its_own() {
    let first = server()
        .call("deleteUser")
        .args(json!({"id": -1}))
        .error(404);
    let second = server()
        .call("deleteUser")
        .args(json!({"id": -1}))
        .error(404);
    assert_ne!(first["trace_id"], second["trace_id"]);
}

fn every_reply_has_a_trace_id_whatever_it_says() {
    let trace_id = |reply: &Reply, part: &str| {
        let body = reply.json();
        let trace_id = body[part]["trace_id"].as_str().unwrap_or_default();
        assert!(!trace_id.is_empty(), "{} without: {body}", reply.status);
        trace_id.to_owned()
    };
    let mut seen = HashSet::new();
    for reply in [
        server().call("getUsers").send(),
        server().request("GET", "/rpc/getUsers").send(),
        server()
            .request("POST", "/rpc")
            .args(json!({"calls": [{"name": "getUsers"}]}))
            .send(),
    ] {
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(seen.insert(trace_id(&reply, "meta")));
    }
    let wrong = |status: u16, reply: Reply| {
        reply.assert_error(status);
        trace_id(&reply, "error")
    };
    for trace_id in [
        wrong(400, server().call("insertUser").body("{").send()),
        wrong(
            400,
            server().call("insertUser").body(b"\xff".as_slice()).send(),
        ),
        wrong(401, server().call("getUsers").without_key().send()),
        wrong(404, server().call("getUnicorns").send()),
        wrong(404, server().request("GET", "/nothing").send()),
        wrong(405, server().request("PUT", "/rpc/getUsers").send()),
        wrong(
            426,
            server()
                .request("GET", "/ws")
                .query("sessionId", "x")
                .send(),
        ),
        wrong(400, server().request("POST", "/rpc").body("[]").send()),
    ] {
        assert!(seen.insert(trace_id));
    }
}

fn an_error_shows_no_sql() {
    let email = format!("{}@example.com", server::unique("sql"));
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
    let reply = server()
        .call("insertUser")
        .args(json!({"email": email}))
        .send();
    let text = reply.text().to_uppercase();
    for word in ["INSERT", "SQLITE", "CONSTRAINT FAILED", ".RS:"] {
        assert!(!text.contains(word), "{}", reply.text());
    }
}

fn a_failed_function_leaves_no_rows() {
    let email = format!("{}@example.com", server::unique("failed"));
    server()
        .call("insertUser")
        .args(json!({"email": email, "name": "First"}))
        .ok();
    server()
        .call("insertUser")
        .args(json!({"email": email, "name": "Second"}))
        .error(409);
    let users = server().call("getUsers").ok();
    let same: Vec<_> = users
        .as_array()
        .into_iter()
        .flatten()
        .filter(|user| user["email"] == email)
        .collect();
    assert_eq!(same.len(), 1, "{same:?}");
    assert_eq!(same[0]["name"], "First");
}
