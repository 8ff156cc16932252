//! Hooks whose signatures are over the body's bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use edgepod_tests::{Reply, cases, server};
use serde_json::Value;

cases![
    what_github_publishes_as_an_example_is_taken,
    what_github_has_not_signed_is_refused_and_leaves_nothing,
    what_stripe_signs_just_now_is_taken,
    what_stripe_signed_long_ago_is_refused,
];

/// GitHub's own example: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
const HELLO: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

/// Stripe publishes the form and no example with its secret: this signature is of openssl's making, at that time.
const EVENT: &str = r#"{"id": "evt_1", "object": "event", "type": "charge.succeeded"}"#;
const OLD: &str =
    "t=1492774577,v1=4fa90ea93d505cfda32ad6e775a97a262366b5654175d90d291703e7ab9c614e";

fn github(body: &[u8], signature: &str) -> Reply {
    server()
        .request("POST", "/hooks/github")
        .without_key()
        .header("x-hub-signature-256", signature)
        .body(body)
        .send()
}

fn stripe(signature: &str) -> Reply {
    server()
        .request("POST", "/hooks/stripe")
        .without_key()
        .header("stripe-signature", signature)
        .body(EVENT)
        .send()
}

fn deliveries(from: &str) -> usize {
    let all = server().call("getDeliveries").ok();
    let all = all.as_array().cloned().unwrap_or_default();
    all.iter()
        .filter(|one: &&Value| one["from"] == from)
        .count()
}

fn what_github_publishes_as_an_example_is_taken() {
    let session = server::unique("reader");
    let mut socket = server().socket(&session);
    server().call("getDeliveries").session(&session).ok();
    let before = deliveries("github");
    let reply = github(b"Hello, World!", HELLO);
    assert_eq!((reply.status, reply.body.len()), (202, 0));
    // Whoever shows deliveries hears of it.
    socket.stale_of("deliveries");
    assert_eq!(deliveries("github"), before + 1);
}

fn what_github_has_not_signed_is_refused_and_leaves_nothing() {
    let before = deliveries("github");
    for (body, signature) in [
        (&b"Hello, World?"[..], HELLO),
        (b"Hello, World!\n", HELLO),
        (b"\xef\xbb\xbfHello, World!", HELLO),
        (b"Hello, World!", ""),
        (b"Hello, World!", "sha256="),
        (b"Hello, World!", &HELLO[7..]),
        (b"Hello, World!", &HELLO[..HELLO.len() - 2]),
    ] {
        github(body, signature).assert_error(401);
    }
    assert_eq!(deliveries("github"), before);
}

fn what_stripe_signs_just_now_is_taken() {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"whsec_test_secret");
    let sign = |time: u64| {
        let tag = ring::hmac::sign(&key, format!("{time}.{EVENT}").as_bytes());
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    // The test signs as Stripe does, where the form is right.
    assert!(OLD.ends_with(&sign(1_492_774_577)));
    let other = "00".repeat(32);
    for header in [
        format!("t={time},v1={}", sign(time)),
        format!("t={time},v1={other},v1={},v0=old", sign(time)),
    ] {
        assert_eq!(stripe(&header).status, 200, "{header}");
    }
    for header in [
        format!("t={time},v0={}", sign(time)),
        format!("t={},v1={}", time + 1, sign(time)),
        format!("v1={}", sign(time)),
    ] {
        stripe(&header).assert_error(401);
    }
}

fn what_stripe_signed_long_ago_is_refused() {
    stripe(OLD).assert_error(401);
}
