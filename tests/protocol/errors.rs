//! What a call that fails returns.

use edgepod_tests::{cases, http::names, server};
use serde_json::json;

cases![
    what_is_not_there_is_not_found,
    a_value_that_is_taken_conflicts_and_the_column_is_named,
    a_row_that_refers_to_nothing_conflicts,
    what_a_function_refuses_is_a_bad_request,
    every_error_has_a_trace_id_of_its_own,
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
