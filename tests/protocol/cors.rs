//! Pages of any origin may call: the key is the gate, not the origin.

use edgepod_tests::{Reply, cases, http::send_raw, server};
use serde_json::json;

cases![
    a_preflight_needs_no_key,
    a_preflight_allows_what_the_client_sends,
    a_preflight_is_answered_on_every_path,
    a_reply_may_be_read_by_a_page,
    an_error_may_be_read_by_a_page,
    a_refused_body_may_be_read_about_by_a_page,
];

const ORIGIN: &str = "https://page.example";

fn preflight(path: &str) -> Reply {
    server()
        .request("OPTIONS", path)
        .without_key()
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-edgepod-key,x-edgepod-idempotency-key,x-edgepod-pod,x-edgepod-reactive,x-edgepod-session-id",
        )
        .send()
}

#[track_caller]
fn assert_readable(reply: &Reply) {
    let origin = reply.header("access-control-allow-origin");
    assert!(
        matches!(origin, Some("*" | ORIGIN)),
        "status {}: access-control-allow-origin is {origin:?}",
        reply.status
    );
}

fn a_preflight_needs_no_key() {
    let reply = preflight("/rpc/getUsers");
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(reply.body.is_empty());
    assert_readable(&reply);
}

fn a_preflight_allows_what_the_client_sends() {
    let reply = preflight("/rpc/insertUser");
    let methods = reply
        .header("access-control-allow-methods")
        .unwrap_or_default()
        .to_uppercase();
    for method in ["GET", "POST"] {
        assert!(methods.contains(method), "{methods}");
    }
    let headers = reply
        .header("access-control-allow-headers")
        .unwrap_or_default()
        .to_lowercase();
    for header in [
        "content-type",
        "authorization",
        "x-edgepod-key",
        "x-edgepod-session-id",
        "x-edgepod-reactive",
        "x-edgepod-idempotency-key",
        "x-edgepod-pod",
    ] {
        assert!(headers.contains(header), "{header} in {headers}");
    }
}

fn a_preflight_is_answered_on_every_path() {
    for path in ["/", "/nothing", "/rpc/getUnicorns", "/ws"] {
        let reply = preflight(path);
        assert_eq!(reply.status, 204, "{path}: {}", reply.text());
        assert_readable(&reply);
    }
}

fn a_reply_may_be_read_by_a_page() {
    let reply = server().call("getUsers").header("origin", ORIGIN).send();
    assert_eq!(reply.status, 200);
    assert_readable(&reply);
}

fn an_error_may_be_read_by_a_page() {
    let refused = [
        (400, server().call("getUserById").body("{broken")),
        (401, server().call("getUsers").without_key()),
        (404, server().call("getUnicorns")),
        (404, server().request("GET", "/nothing")),
        (404, server().call("deleteUser").args(json!({"id": 0}))),
        (405, server().get("insertUser", &json!({}))),
        (
            426,
            server().request("GET", "/ws").query("sessionId", "cors"),
        ),
    ];
    for (status, call) in refused {
        let reply = call.header("origin", ORIGIN).send();
        reply.assert_error(status);
        assert_readable(&reply);
    }
}

fn a_refused_body_may_be_read_about_by_a_page() {
    let length = (4 << 20) + 1;
    let head = format!(
        "POST /rpc/getUsers HTTP/1.1\r\n{}origin: {ORIGIN}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n",
        server().raw_headers()
    );
    let mut request = head.into_bytes();
    request.resize(request.len() + length, b' ');
    let reply = send_raw(server().authority(), request);
    reply.assert_error(413);
    assert_readable(&reply);
}
