//! Many queries in one request.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use edgepod_tests::{Call, Reply, cases, http::send_raw, server};
use serde_json::{Value, json};

cases![
    results_come_in_the_order_of_the_calls,
    a_result_is_what_the_call_alone_returns,
    all_queries_see_one_version,
    an_item_fails_alone,
    a_function_is_refused_and_not_run,
    arguments_may_be_left_out,
    large_integers_arrive_as_they_are,
    one_to_fifty_calls,
    what_is_no_batch_is_a_bad_request,
    a_batch_needs_the_key,
    a_body_beyond_the_limit_is_refused,
    every_item_subscribes,
    a_batch_that_is_not_reactive_subscribes_nobody,
    results_that_are_too_large_together_are_refused_one_by_one,
];

fn batch(calls: &Value) -> Call<'static> {
    server()
        .request("POST", "/rpc")
        .args(json!({ "calls": calls }))
}

#[track_caller]
fn results(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    reply["results"]
        .as_array()
        .unwrap_or_else(|| panic!("results in {reply}"))
        .clone()
}

fn insert_user(name: &str) -> Value {
    let email = format!("{}@example.com", server::unique("batch"));
    let call = server().call("insertUser");
    call.args(json!({"email": email, "name": name})).ok()
}

fn by_id(id: &Value) -> Value {
    json!({"name": "getUserById", "args": {"id": id}})
}

fn results_come_in_the_order_of_the_calls() {
    let (first, second) = (insert_user("First"), insert_user("Second"));
    let reply = batch(&json!([
        by_id(&second["id"]),
        by_id(&json!(-1)),
        by_id(&first["id"])
    ]))
    .send();
    let data: Vec<Value> = results(&reply)
        .into_iter()
        .map(|mut result| {
            assert_eq!(result["status"], json!(200));
            result["data"].take()
        })
        .collect();
    assert_eq!(data, [second, Value::Null, first]);
}

fn a_result_is_what_the_call_alone_returns() {
    let user = insert_user("Alone");
    let reply = batch(&json!([by_id(&user["id"])])).send();
    let mut result = results(&reply).remove(0);
    let call = server().call("getUserById").args(json!({"id": user["id"]}));
    let mut alone = call.send().json();
    for meta in [&mut result["meta"], &mut alone["meta"]] {
        assert!(meta["trace_id"].take().is_string());
        // The second may be the first one's answer, given again.
        meta.as_object_mut().expect("an object").remove("cached");
    }
    alone["status"] = json!(200);
    assert_eq!(result, alone);
}

fn all_queries_see_one_version() {
    let enough = AtomicBool::new(false);
    let mut seen = BTreeSet::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                insert_user("Meanwhile");
            }
        });
        // Also where an assertion fails, or the writer would keep the scope open.
        let _stop = Stop(&enough);
        // Until writes have come between some batches, so that they may have come into one.
        for _ in 0..200 {
            let reply = batch(&json!(vec![json!({"name": "getUsers"}); 10])).send();
            let version = reply.json()["meta"]["version"].clone();
            assert!(version.is_string(), "{}", reply.text());
            let results = results(&reply);
            for result in &results {
                assert_eq!(result["data"], results[0]["data"]);
                assert_eq!(result["meta"]["version"], version);
            }
            seen.insert(version.to_string());
            if seen.len() == 10 {
                return;
            }
        }
        panic!("200 batches saw no more than {} versions", seen.len());
    });
}

/// Sets the flag when it goes.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn an_item_fails_alone() {
    let user = insert_user("Beside");
    let reply = batch(&json!([
        {"name": "noSuchFunction", "args": {}},
        {"name": "getUserById", "args": {"id": "seven"}},
        by_id(&user["id"]),
        {"name": "getUserById"},
    ]))
    .send();
    let results = results(&reply);
    let status: Vec<_> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(status, [404, 400, 200, 400]);
    assert_eq!(results[0]["error"]["code"], json!("NOT_FOUND"));
    assert_eq!(
        results[0]["error"]["trace_id"],
        reply.json()["meta"]["trace_id"]
    );
    assert!(results[1]["error"]["message"].to_string().contains("id"));
    assert!(results[1].get("data").is_none());
    assert_eq!(results[2]["data"], user);
}

fn a_function_is_refused_and_not_run() {
    let email = format!("{}@example.com", server::unique("refused"));
    let reply = batch(&json!([
        {"name": "insertUser", "args": {"email": email}},
        {"name": "getUsers", "args": {}},
    ]))
    .send();
    let results = results(&reply);
    assert_eq!(results[0]["status"], json!(405));
    assert_eq!(results[0]["error"]["code"], json!("METHOD_NOT_ALLOWED"));
    let message = results[0]["error"]["message"].to_string();
    assert!(message.contains("POST /rpc/insertUser"), "{message}");
    assert!(!results[1]["data"].to_string().contains(&email));
}

fn arguments_may_be_left_out() {
    let reply = batch(&json!([
        {"name": "getPosts"},
        {"name": "getPosts", "args": null},
        {"name": "getPosts", "args": {}},
    ]))
    .send();
    for result in results(&reply) {
        assert_eq!(result["status"], json!(200), "{result}");
    }
}

fn large_integers_arrive_as_they_are() {
    // As a double these would be beyond an i64, and refused.
    let body = r#"{"calls":[{"name":"getUserById","args":{"id":9223372036854775807}}]}"#;
    let reply = server().request("POST", "/rpc").body(body).send();
    assert_eq!(results(&reply)[0]["data"], Value::Null, "{}", reply.text());
}

fn one_to_fifty_calls() {
    let calls = |count: usize| json!(vec![json!({"name": "getPosts"}); count]);
    assert_eq!(results(&batch(&calls(50)).send()).len(), 50);
    for count in [0, 51] {
        let error = batch(&calls(count)).error(400);
        let message = error["message"].to_string();
        assert!(
            message.contains("50") && message.contains(&count.to_string()),
            "{message}"
        );
    }
}

fn what_is_no_batch_is_a_bad_request() {
    for body in [
        "",
        "{}",
        "[]",
        "calls",
        r#"{"calls":{}}"#,
        r#"{"calls":[{"args":{}}]}"#,
        r#"{"calls":[{"name":7}]}"#,
        r#"{"calls":[{"name":"getPosts"}]} and more"#,
    ] {
        let error = server().request("POST", "/rpc").body(body).error(400);
        assert_eq!(error["code"], json!("BAD_REQUEST"), "{body}");
    }
    let error = server()
        .request("POST", "/rpc")
        .body(r#"{"calls":[{"name":"getPosts"},{"name":7}]}"#)
        .error(400);
    let message = error["message"].to_string();
    assert!(message.contains("calls[1]"), "{message}");
}

fn a_batch_needs_the_key() {
    let call = || batch(&json!([{"name": "getPosts"}]));
    call().without_key().error(401);
    call().header("x-edgepod-key", "wrong").error(401);
}

fn a_body_beyond_the_limit_is_refused() {
    let length = 5 << 20;
    let mut request = format!(
        "POST /rpc HTTP/1.1\r\n{}connection: close\r\ncontent-length: {length}\r\n\r\n",
        server().raw_headers()
    )
    .into_bytes();
    request.resize(request.len() + length, b' ');
    send_raw(server().authority(), request).assert_error(413);
    server().assert_serving();
}

fn every_item_subscribes() {
    let session = server::unique("batch");
    let mut socket = server().socket(&session);
    let reply = batch(&json!([{"name": "getPosts"}, {"name": "getUsers"}]))
        .session(&session)
        .send();
    assert_eq!(results(&reply).len(), 2);
    let user = insert_user("Author");
    assert_eq!(socket.stale(), BTreeSet::from(["users".to_owned()]));
    server()
        .call("createPost")
        .args(json!({"author_id": user["id"], "title": "News"}))
        .ok();
    assert_eq!(socket.stale(), BTreeSet::from(["posts".to_owned()]));
}

fn a_batch_that_is_not_reactive_subscribes_nobody() {
    let session = server::unique("batch");
    let mut socket = server().socket(&session);
    batch(&json!([{"name": "getUsers"}]))
        .session(&session)
        .header("x-edgepod-reactive", "false")
        .send();
    insert_user("Unseen");
    socket.assert_silent();
}

fn results_that_are_too_large_together_are_refused_one_by_one() {
    let author = insert_user("Wordy");
    let content = "word ".repeat(200_000);
    let post = server()
        .call("createPost")
        .args(json!({"author_id": author["id"], "title": "Long", "content": content}))
        .ok();
    let reply = batch(&json!(vec![json!({"name": "getPosts"}); 30])).send();
    // Before the asserts, so that other cases do not read it.
    server()
        .call("deleteUser")
        .args(json!({"id": author["id"]}))
        .ok();
    assert_eq!(post["content"], json!(content));
    let results = results(&reply);
    assert_eq!(results[0]["status"], json!(200));
    assert_eq!(results[29]["status"], json!(413));
    assert_eq!(results[29]["error"]["code"], json!("PAYLOAD_TOO_LARGE"));
    assert!(reply.body.len() < 17 * 1024 * 1024, "{}", reply.body.len());
}
