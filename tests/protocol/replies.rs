//! What a successful call returns.

use std::collections::BTreeSet;

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    a_reply_has_data_and_the_tables_that_were_read,
    warnings_are_absent_where_there_are_none,
    fields_are_named_as_in_the_struct,
    nothing_is_null,
    a_time_is_in_rfc_3339_and_utc,
    text_comes_back_as_it_was_sent,
    so_does_a_long_one,
    a_write_is_seen_by_the_next_read,
    a_post_belongs_to_its_author,
    deleting_a_user_deletes_the_posts,
    calls_at_once_do_not_disturb_each_other,
    a_reply_is_never_kept_by_a_cache,
];

#[track_caller]
fn insert_user() -> Value {
    let email = format!("{}@example.com", server::unique("reply"));
    server()
        .call("insertUser")
        .args(json!({"email": email, "name": "Grace"}))
        .ok()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .map(|object| object.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn a_reply_has_data_and_the_tables_that_were_read() {
    for (name, table) in [("getUsers", "users"), ("getPosts", "posts")] {
        let reply = server().call(name).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let media = reply.header("content-type").unwrap_or_default();
        assert!(
            media.starts_with("application/json"),
            "content-type: {media:?}"
        );
        let body = reply.json();
        assert!(body["data"].is_array(), "{body}");
        assert_eq!(body["meta"]["tables"], json!([table]));
    }
}

fn warnings_are_absent_where_there_are_none() {
    let body = server().call("getPosts").send().json();
    assert_eq!(keys(&body), BTreeSet::from(["data", "meta"]));
}

fn fields_are_named_as_in_the_struct() {
    let user = insert_user();
    assert_eq!(
        keys(&user),
        BTreeSet::from(["id", "email", "name", "created_at"])
    );
    assert!(user["id"].is_i64(), "{user}");
    let post = server()
        .call("createPost")
        .args(json!({"author_id": user["id"], "title": "A title", "content": "Some words"}))
        .ok();
    assert_eq!(
        keys(&post),
        BTreeSet::from(["id", "title", "content", "author_id"])
    );
}

fn nothing_is_null() {
    let reply = server().call("getUserById").args(json!({"id": -1})).send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json().get("data"), Some(&Value::Null));
}

fn a_time_is_in_rfc_3339_and_utc() {
    let user = insert_user();
    let time = user["created_at"].as_str().unwrap_or_default();
    let shape: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    // Always so long: texts of times sort as the times do.
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z", "{time}");
}

fn text_comes_back_as_it_was_sent() {
    let texts = [
        "'; DROP TABLE users; --",
        "\"quoted\" and \\ back\nline\ttab",
        "žluťoučký kůň 🐎 \u{202e}",
        "</script><!-- &amp;",
        "5",
        "true",
        "",
        " ",
        "\u{feff}mark",
    ];
    for text in texts {
        let email = format!("{}@example.com", server::unique("text"));
        let user = server()
            .call("insertUser")
            .args(json!({"email": email, "name": text}))
            .ok();
        assert_eq!(user["name"], text);
        let read = server()
            .call("getUserById")
            .args(json!({"id": user["id"]}))
            .ok();
        assert_eq!(read["name"], text);
    }
}

/// Long replies may take another way than short ones, and are no other for that.
fn so_does_a_long_one() {
    for characters in ["plain text. ", "é€😀 \u{fffd}\u{2028}\"\\\0{ "] {
        let name = characters.repeat(20_000 / characters.len());
        let email = format!("{}@example.com", server::unique("long"));
        let user = json!({"email": email, "name": &name});
        let user = server().call("insertUser").args(user).ok();
        assert_eq!(user["name"], name.as_str());
        let one = json!({"name": "getUserById", "args": {"id": user["id"]}});
        let batch = json!({"calls": [one, {"name": "nothing"}]});
        let reply = server().request("POST", "/rpc").args(batch).send().json();
        assert_eq!(reply["results"][0]["data"]["name"], name.as_str());
        assert_eq!(reply["results"][1]["status"], 404);
        server()
            .call("deleteUser")
            .args(json!({"id": user["id"]}))
            .ok();
    }
}

fn a_write_is_seen_by_the_next_read() {
    let user = insert_user();
    let read = server()
        .call("getUserById")
        .args(json!({"id": user["id"]}))
        .ok();
    assert_eq!(read, user);
    let users = server().call("getUsers").ok();
    assert!(users.as_array().is_some_and(|users| users.contains(&user)));
}

fn a_post_belongs_to_its_author() {
    let user = insert_user();
    let post = server()
        .call("createPost")
        .args(json!({"author_id": user["id"], "title": "A title"}))
        .ok();
    assert_eq!(post["author_id"], user["id"]);
    assert_eq!(post["content"], Value::Null);
    let posts = server().call("getPosts").ok();
    assert!(posts.as_array().is_some_and(|posts| posts.contains(&post)));
}

fn deleting_a_user_deletes_the_posts() {
    let user = insert_user();
    let post = server()
        .call("createPost")
        .args(json!({"author_id": user["id"], "title": "A title"}))
        .ok();
    server()
        .call("deleteUser")
        .args(json!({"id": user["id"]}))
        .ok();
    let posts = server().call("getPosts").ok();
    let left = posts
        .as_array()
        .is_some_and(|posts| posts.iter().any(|left| left["id"] == post["id"]));
    assert!(!left, "{posts}");
    assert_eq!(
        server()
            .call("getUserById")
            .args(json!({"id": user["id"]}))
            .ok(),
        Value::Null
    );
}

fn calls_at_once_do_not_disturb_each_other() {
    let users: Vec<Value> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..10).map(|_| insert_user()).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("every insert succeeds"))
            .collect()
    });
    let ids: BTreeSet<i64> = users
        .iter()
        .filter_map(|user| user["id"].as_i64())
        .collect();
    assert_eq!(ids.len(), 80);
    for user in users.iter().step_by(9) {
        assert_eq!(
            &server()
                .call("getUserById")
                .args(json!({"id": user["id"]}))
                .ok(),
            user
        );
    }
}

fn a_reply_is_never_kept_by_a_cache() {
    let reply = server().request("GET", "/rpc/getUsers").send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let cache = reply.header("cache-control").unwrap_or_default();
    assert!(
        cache.contains("no-store"),
        "a GET that a cache may keep shows old rows: cache-control is {cache:?}"
    );
}
