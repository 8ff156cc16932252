//! Headers that are not text, are there twice, or are empty: on both hosts the same.

use edgepod_tests::{cases, server};

use crate::raw::Raw;

cases![
    a_header_that_is_not_text_is_not_overlooked,
    a_header_that_came_twice_is_not_chosen_from,
    an_empty_header_is_not_overlooked,
    a_repeated_call_is_done_once_or_refused,
];

fn status(headers: &[u8], body: &str) -> u16 {
    let mut raw = Raw::connect(server().authority());
    let mut request = b"POST /rpc/addNote HTTP/1.1\r\nhost: a\r\nconnection: close\r\n".to_vec();
    request.extend(headers);
    request.extend(format!("content-length: {}\r\n\r\n{body}", body.len()).bytes());
    raw.send(request);
    raw.status()
}

fn with_key(more: &[u8]) -> Vec<u8> {
    let mut headers = format!("x-edgepod-key: {}\r\n", server().key).into_bytes();
    headers.extend(more);
    headers
}

const NOTE: &str = "{\"text\":\"a\"}";

fn a_header_that_is_not_text_is_not_overlooked() {
    assert_eq!(status(&with_key(b""), NOTE), 200);
    assert_eq!(status(b"x-edgepod-key: \xff\xfe\r\n", NOTE), 401);
    for (header, expected) in [
        (&b"x-edgepod-session-id: s\xe4\r\n"[..], 400),
        (
            b"x-edgepod-session-id: s\r\nx-edgepod-reactive: f\xe4lse\r\n",
            400,
        ),
        (b"x-edgepod-idempotency-key: k\xe4\r\n", 400),
        (b"x-edgepod-idempotency-key: \xc3\xa4\r\n", 400),
    ] {
        let shown = String::from_utf8_lossy(header);
        assert_eq!(status(&with_key(header), NOTE), expected, "{shown}");
    }
}

fn a_header_that_came_twice_is_not_chosen_from() {
    let twice = with_key(&with_key(b""));
    assert_eq!(status(&twice, NOTE), 401);
    for header in ["x-edgepod-session-id", "x-edgepod-idempotency-key"] {
        let twice = format!("{header}: one\r\n{header}: two\r\n");
        assert_eq!(status(&with_key(twice.as_bytes()), NOTE), 400, "{twice}");
    }
}

fn an_empty_header_is_not_overlooked() {
    for header in ["x-edgepod-session-id", "x-edgepod-idempotency-key"] {
        for value in ["", " "] {
            let empty = with_key(format!("{header}:{value}\r\n").as_bytes());
            assert_eq!(status(&empty, NOTE), 400, "{header}: {value:?}");
        }
    }
    assert_eq!(status(b"x-edgepod-key:\r\n", NOTE), 401);
}

fn a_repeated_call_is_done_once_or_refused() {
    let text = server::unique("once");
    let body = format!("{{\"text\":\"{text}\"}}");
    let header = with_key(b"x-edgepod-idempotency-key: not\xa0text\r\n");
    for _ in 0..2 {
        assert_eq!(status(&header, &body), 400);
    }
    let count = server()
        .call("countNotes")
        .args(serde_json::json!({ "text": text }))
        .ok();
    assert_eq!(count, 0);
}
