//! Sockets that are opened with a token.

use std::{thread, time::Duration};

use edgepod_tests::{Socket, cases, server};
use serde_json::json;
use tungstenite::Error;

use crate::{
    claims,
    issuer::{Key, at},
    with,
};

cases![
    a_socket_is_told_nothing_once_its_token_has_expired,
    a_socket_is_not_opened_with_a_wrong_token,
    no_header_of_the_clients_says_when_a_socket_expires,
];

/// Subscribes a session to the visits.
fn read_visits(session: &str) {
    server().call("countVisits").session(session).ok();
}

fn visit() {
    server()
        .call("visit")
        .args(json!({"name": server::unique("socket")}))
        .ok();
}

fn a_socket_is_told_nothing_once_its_token_has_expired() {
    let key = Key::lasting();
    let open = |token: Option<&str>| {
        let session = server::unique("expiring");
        let url = server().socket_url(&server().key, &session);
        let socket = match token {
            Some(token) => Socket::open_with_token(&url, token),
            None => Socket::open(&url),
        };
        read_visits(&session);
        socket.unwrap_or_else(|error| panic!("{token:?}: {error}"))
    };
    let long = key.sign("ES256", &claims());
    let (mut anonymous, mut lasting) = (open(None), open(Some(&long)));
    // Five seconds are forgiven: eight are left.
    let brief = key.sign("ES256", &with("exp", at(3).into()));
    let mut brief = open(Some(&brief));
    visit();
    for socket in [&mut anonymous, &mut lasting, &mut brief] {
        assert!(socket.stale().contains("visits"));
    }
    thread::sleep(Duration::from_millis(8_500));
    visit();
    assert_eq!(brief.closed(), Some(1008));
    for socket in [&mut anonymous, &mut lasting] {
        assert!(socket.stale().contains("visits"));
    }
    visit();
    for socket in [&mut anonymous, &mut lasting] {
        assert!(socket.stale().contains("visits"));
    }
}

fn a_socket_is_not_opened_with_a_wrong_token() {
    let url = server().socket_url(&server().key, &server::unique("wrong"));
    match Socket::open_with_token(&url, "nonsense") {
        Err(Error::Http(reply)) => assert_eq!(reply.status().as_u16(), 401),
        Err(other) => panic!("no reply: {other}"),
        Ok(_) => panic!("the socket opened"),
    }
}

fn no_header_of_the_clients_says_when_a_socket_expires() {
    // The second is longer than what a Worker can keep with a socket.
    for value in ["1", &"9".repeat(300)] {
        let session = server::unique("header");
        let url = server().socket_url(&server().key, &session);
        let mut socket = Socket::open_with_header(&url, "x-edgepod-expires", value)
            .unwrap_or_else(|error| panic!("{error}"));
        read_visits(&session);
        visit();
        assert!(socket.stale().contains("visits"));
    }
}
