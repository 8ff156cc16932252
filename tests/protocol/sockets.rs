//! Opening, keeping and losing the invalidation socket.

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server};
use serde_json::json;
use tungstenite::{Error, Message};

cases![
    a_socket_opens_and_says_nothing,
    ping_is_answered,
    the_socket_is_no_page,
    a_socket_needs_the_key,
    a_socket_needs_a_session,
    text_closes_the_socket,
    bytes_close_the_socket,
    a_long_message_closes_the_socket,
    closing_is_answered,
    a_socket_that_was_closed_opens_again,
    many_sockets_are_served,
];

/// The code of a client that broke the rules.
const POLICY: Option<u16> = Some(1008);

fn a_socket_opens_and_says_nothing() {
    server().socket(&server::unique("quiet")).assert_silent();
}

fn ping_is_answered() {
    let mut socket = server().socket(&server::unique("ping"));
    socket.ping();
    socket.ping();
}

fn the_socket_is_no_page() {
    let error = server()
        .request("GET", "/ws")
        .query("sessionId", "page")
        .error(426);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.to_lowercase().contains("websocket")),
        "{error}"
    );
}

#[track_caller]
fn refused(url: &str) -> u16 {
    match Socket::open(url) {
        Err(Error::Http(reply)) => reply.status().as_u16(),
        Err(other) => panic!("no reply: {other}"),
        Ok(_) => panic!("the socket opened"),
    }
}

fn a_socket_needs_the_key() {
    let session = server::unique("locked");
    assert_eq!(refused(&server().socket_url("ep_pk_wrong", &session)), 401);
    assert_eq!(refused(&server().socket_url("", &session)), 401);
}

fn a_socket_needs_a_session() {
    assert_eq!(refused(&server().socket_url(&server().key, "")), 400);
    let without = server()
        .socket_url(&server().key, "")
        .replace("&sessionId=", "");
    assert_eq!(refused(&without), 400);
}

fn text_closes_the_socket() {
    for text in [
        "hello",
        "{\"type\":\"ping\"}",
        "PING",
        " ping",
        "{\"type\":\"stale\",\"tables\":[\"users\"]}",
        "",
    ] {
        let mut socket = server().socket(&server::unique("text"));
        socket.send(Message::text(text));
        assert_eq!(socket.closed(), POLICY, "{text:?}");
    }
    server().assert_serving();
}

fn bytes_close_the_socket() {
    for bytes in [&b"ping"[..], b"\xff\0", b""] {
        let mut socket = server().socket(&server::unique("bytes"));
        socket.send(Message::binary(bytes.to_vec()));
        assert_eq!(socket.closed(), POLICY, "{bytes:?}");
    }
    server().assert_serving();
}

fn a_long_message_closes_the_socket() {
    let mut socket = server().socket(&server::unique("long"));
    socket.send(Message::text("x".repeat(32 << 10)));
    assert_eq!(socket.closed(), POLICY);

    // What is longer than any client's message may be cut off before it is read.
    let mut socket = server().socket(&server::unique("longer"));
    socket.send(Message::text("x".repeat(512 << 10)));
    let heard = socket.next_within(PATIENCE);
    assert!(
        matches!(heard, Some(Heard::Closed(_) | Heard::Broken)),
        "{heard:?}"
    );
    server().assert_serving();
}

fn closing_is_answered() {
    let socket = server().socket(&server::unique("closing"));
    // A page whose close is not answered sees an abnormal end, 1006.
    assert_eq!(socket.close(), Some(1000));
}

fn a_socket_that_was_closed_opens_again() {
    let session = server::unique("again");
    let mut first = server().socket(&session);
    first.send(Message::text("nonsense"));
    assert_eq!(first.closed(), POLICY);
    let mut second = server().socket(&session);
    second.ping();
    server().call("getUsers").session(&session).ok();
    insert_user();
    second.stale_of("users");
}

fn many_sockets_are_served() {
    let mut sockets: Vec<Socket> = (0..200)
        .map(|_| {
            let session = server::unique("many");
            let socket = server().socket(&session);
            server().call("getUsers").session(&session).ok();
            socket
        })
        .collect();
    insert_user();
    for socket in &mut sockets {
        socket.stale_of("users");
    }
    // All but one go away without a word, as a lost network does.
    let mut last = sockets.pop().expect("200 sockets");
    drop(sockets);
    server().assert_serving();
    last.ping();
}

fn insert_user() {
    let email = format!("{}@example.com", server::unique("socket"));
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
}
