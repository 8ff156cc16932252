//! Arguments that do not fit, and what the reply says about them.

use edgepod_tests::{
    cases,
    http::{names, send_raw},
    server,
};
use serde_json::{Value, json};

cases![
    no_body_is_no_arguments,
    a_body_needs_no_content_type,
    a_body_that_is_not_json_is_refused,
    arguments_in_an_address_that_are_not_json_are_refused,
    a_body_that_is_not_text_is_refused,
    a_character_that_breaks_off_and_a_mark_at_the_start_are_refused,
    arguments_that_are_not_an_object_are_refused,
    an_argument_of_the_wrong_type_is_named,
    a_missing_argument_is_named,
    an_argument_that_nobody_asked_for_is_named,
    a_number_that_is_no_whole_number_is_refused,
    whole_numbers_reach_both_ends_of_their_range,
    an_optional_argument_may_be_left_out_or_null,
    json_nested_without_end_is_refused,
    a_body_of_the_largest_size_is_read,
    a_larger_body_is_refused,
    a_larger_body_of_unknown_length_is_refused,
];

/// The largest body, in bytes.
const LARGEST: usize = 4 << 20;

#[track_caller]
fn assert_names(error: &Value, word: &str) {
    let message = error["message"].as_str().unwrap_or_default();
    assert!(
        names(message, word),
        "the message should name `{word}`: {error}"
    );
}

fn no_body_is_no_arguments() {
    server().call("getUsers").ok();
    let error = server().call("getUserById").error(400);
    assert_names(&error, "id");
}

fn a_body_needs_no_content_type() {
    server().call("getUserById").body("{\"id\": 1}").ok();
    server()
        .call("getUserById")
        .header("content-type", "text/plain")
        .body("{\"id\": 1}")
        .ok();
}

fn a_body_that_is_not_json_is_refused() {
    for body in [
        "{broken",
        "{\"id\": 1",
        "{\"id\": 1} more",
        "{'id': 1}",
        "{\"id\": 01}",
        "{\"id\": NaN}",
        "id=1",
        "undefined",
    ] {
        let error = server().call("getUserById").body(body).error(400);
        assert_eq!(error["code"], "BAD_REQUEST", "{body}");
    }
    server().assert_serving();
}

fn arguments_in_an_address_that_are_not_json_are_refused() {
    for args in ["{broken", "7", "[]", "id=1"] {
        server()
            .request("GET", "/rpc/getUserById")
            .query("args", args)
            .error(400);
    }
    server().assert_serving();
}

fn a_body_that_is_not_text_is_refused() {
    for body in [
        &b"{\"id\": 1, \"\xff\": 1}"[..],
        b"\xff\xfe{\0}\0",
        b"{\"id\": \"\xc3\x28\"}",
        b"\0\0\0\0",
        b"\xff",
        b"\xc3\xa9",
        b"\xc3(",
    ] {
        server().call("getUserById").body(body).error(400);
        server().call("getUsers").body(body).error(400);
    }
    let email = [b"{\"email\": \"".as_slice(), b"\xff\xff", b"\"}"].concat();
    server().call("insertUser").body(email).error(400);
    server().assert_serving();
}

/// Decoders that are not strict make U+FFFD of the first, which may be as long as what was sent, and drop the second.
fn a_character_that_breaks_off_and_a_mark_at_the_start_are_refused() {
    let name = server::unique("breaks-off");
    let user = |before: &[u8], inside: &[u8]| {
        let head = format!("{{\"name\": \"Ada\", \"email\": \"{name}");
        [before, head.as_bytes(), inside, b"@example.com\"}"].concat()
    };
    let bodies = [
        user(b"", b"\xf0\x9f\xa6"),
        user(b"", b"\xe2\x82"),
        user(b"", b"\xc3"),
        user(b"", b"\xed\xa0\x80"),
        user(b"\xef\xbb\xbf", b""),
        user(b"\xff\xfe", b""),
    ];
    for body in bodies {
        let text = String::from_utf8_lossy(&body).into_owned();
        let error = server().call("insertUser").body(body.clone()).error(400);
        assert_eq!(error["code"], "BAD_REQUEST", "{text}");
        // The same of a length that is not told.
        let head = format!(
            "POST /rpc/insertUser HTTP/1.1\r\n{}transfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n",
            server().raw_headers(),
            body.len()
        );
        let request = [head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let reply = send_raw(server().authority(), request);
        assert_eq!(reply.status, 400, "{text}: {}", reply.text());
    }
    let users = server().call("getUsers").ok().to_string();
    assert!(!users.contains(&name), "{users}");
    // The replacement character itself is a character.
    let kept = user(b"", "\u{fffd}".as_bytes());
    let kept = server().call("insertUser").body(kept).ok().to_string();
    assert!(kept.contains('\u{fffd}'), "{kept}");
}

fn arguments_that_are_not_an_object_are_refused() {
    for body in ["null", "[]", "[1]", "7", "true", "\"id\""] {
        server().call("getUserById").body(body).error(400);
        server().call("getUsers").body(body).error(400);
    }
}

fn an_argument_of_the_wrong_type_is_named() {
    let wrong = [
        ("getUserById", json!({"id": "seven"}), "id"),
        ("getUserById", json!({"id": null}), "id"),
        ("getUserById", json!({"id": [1]}), "id"),
        ("getUserById", json!({"id": true}), "id"),
        ("insertUser", json!({"email": 7, "name": "Ada"}), "email"),
        (
            "insertUser",
            json!({"email": "a@example.com", "name": {"first": "Ada"}}),
            "name",
        ),
        (
            "createPost",
            json!({"author_id": "me", "title": "A title"}),
            "author_id",
        ),
        ("createPost", json!({"author_id": 1, "title": 7}), "title"),
    ];
    for (function, args, path) in wrong {
        let error = server().call(function).args(args).error(400);
        assert_eq!(error["code"], "BAD_REQUEST");
        assert_names(&error, path);
    }
    let error = server()
        .get("getUserById", &json!({"id": "seven"}))
        .error(400);
    assert_names(&error, "id");
    server().assert_serving();
}

fn a_missing_argument_is_named() {
    let error = server()
        .call("createPost")
        .args(json!({"author_id": 1}))
        .error(400);
    assert_names(&error, "title");
}

fn an_argument_that_nobody_asked_for_is_named() {
    let error = server()
        .call("getUserById")
        .args(json!({"id": 1, "colour": "red"}))
        .error(400);
    assert_names(&error, "colour");
    let error = server()
        .call("getUsers")
        .args(json!({"limit": 1}))
        .error(400);
    assert_names(&error, "limit");
}

fn a_number_that_is_no_whole_number_is_refused() {
    for body in [
        "{\"id\": 1.5}",
        "{\"id\": 1e30}",
        "{\"id\": 9223372036854775808}",
        "{\"id\": 1e999}",
    ] {
        server().call("getUserById").body(body).error(400);
    }
}

fn whole_numbers_reach_both_ends_of_their_range() {
    for body in ["{\"id\": 9007199254740991}", "{\"id\": -9007199254740991}"] {
        let user = server().call("getUserById").body(body).ok();
        assert_eq!(user, Value::Null, "{body}");
    }
    // JavaScript has rounded what is beyond, before it was sent.
    for body in [
        "{\"id\": 9223372036854775807}",
        "{\"id\": -9223372036854775808}",
        "{\"id\": 9007199254740993}",
    ] {
        let error = server().call("getUserById").body(body).error(400);
        assert_names(&error, "id");
    }
}

fn an_optional_argument_may_be_left_out_or_null() {
    for name in [None, Some(Value::Null)] {
        let mut args = json!({"email": format!("{}@example.com", server::unique("optional"))});
        if let Some(name) = name {
            args["name"] = name;
        }
        let user = server().call("insertUser").args(args).ok();
        assert_eq!(user["name"], Value::Null);
    }
}

fn json_nested_without_end_is_refused() {
    let deep = format!("{{\"id\": {}", "[".repeat(100_000));
    server().call("getUserById").body(deep).error(400);
    let balanced = format!("{{\"id\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    server().call("getUserById").body(balanced).error(400);
    server().assert_serving();
}

fn a_body_of_the_largest_size_is_read() {
    let mut body = b"{}".to_vec();
    body.resize(LARGEST, b' ');
    server().call("getUsers").body(body).ok();
}

fn a_larger_body_is_refused() {
    let length = format!("content-length: {}", LARGEST + 1);
    let mut request = head(&length);
    request.resize(request.len() + LARGEST + 1, b' ');
    send_raw(server().authority(), request).assert_error(413);
    server().assert_serving();
}

fn a_larger_body_of_unknown_length_is_refused() {
    let mut request = head("transfer-encoding: chunked");
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
    for _ in 0..=(LARGEST >> 16) {
        request.extend_from_slice(chunk.as_bytes());
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let reply = send_raw(server().authority(), request);
    assert_eq!(reply.status, 413, "{}", reply.text());
    server().assert_serving();
}

fn head(body: &str) -> Vec<u8> {
    format!(
        "POST /rpc/getUsers HTTP/1.1\r\n{}connection: close\r\n{body}\r\n\r\n",
        server().raw_headers()
    )
    .into_bytes()
}
