//! Time and the outside: reminders, what clears them away, GitHub, and what no client may call.

use std::{
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Reply, cases, server};
use ring::hmac;
use serde_json::{Value, json};

use crate::client::Member;

cases![
    a_reminder_rings_in_two_seconds_and_a_cron_clears_it_away,
    what_github_signs_is_said_in_its_room,
    no_client_calls_an_internal_function_by_any_spelling,
];

fn a_reminder_rings_in_two_seconds_and_a_cron_clears_it_away() {
    let (ada, bob) = (Member::new("Ada"), Member::new("Bob"));
    let mut window = ada.window();
    assert_eq!(window.call("getReminders", json!({})), json!([]));
    ada.call("remindMe", json!({"text": "milk", "seconds": 2}));
    let began = Instant::now();
    let mut rang = None;
    // The cron comes every minute.
    while began.elapsed() < Duration::from_secs(75) {
        window.told_within(Duration::from_millis(300));
        let reminders = window.call("getReminders", json!({}));
        match reminders[0]["rang"].as_bool() {
            Some(true) => _ = rang.get_or_insert_with(|| began.elapsed()),
            Some(false) => assert!(rang.is_none(), "{reminders}"),
            None => break,
        }
        assert_eq!(bob.call("getReminders", json!({})), json!([]));
    }
    let rang = rang.expect("it rings");
    assert!(
        rang >= Duration::from_secs(2) && rang < Duration::from_secs(8),
        "{rang:?}"
    );
    assert_eq!(
        window.call("getReminders", json!({})),
        json!([]),
        "it is cleared away"
    );
}

fn what_github_signs_is_said_in_its_room() {
    let ada = Member::new("Ada");
    let room = ada.room(&ada.org(), "builds");
    let hook = ada.call("openHook", json!({"room_id": room}));
    let secret = hook["secret"].as_str().expect("a secret").as_bytes();
    let body = br#"{"commits":[{},{}],"sender":{"login":"grace"},"repository":{"full_name":"navy/cobol"}}"#;
    let sign = |secret: &[u8]| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), body);
        let hex: String = tag
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("sha256={hex}")
    };
    let post = |signature: &str, body: &[u8]| -> Reply {
        let call = server().request("POST", hook["path"].as_str().expect("a path"));
        let call = call.without_key().header("x-hub-signature-256", signature);
        let call = call.header("x-github-event", "push");
        call.header("x-github-delivery", "one").body(body).send()
    };
    let said = || ada.call("getMessages", json!({"room_id": room}))["items"].clone();
    post(&sign(b"another"), body).assert_error(401);
    post(&sign(secret), &body[1..]).assert_error(401);
    post("", body).assert_error(401);
    assert_eq!(said(), json!([]));
    for _ in 0..2 {
        assert_eq!(post(&sign(secret), body).status, 202);
    }
    let said = said();
    assert_eq!(said.as_array().map(Vec::len), Some(1), "{said}");
    assert_eq!(said[0]["text"], "grace pushed 2 commits (navy/cobol)");
    assert_eq!(said[0]["author"], "GitHub");
}

fn no_client_calls_an_internal_function_by_any_spelling() {
    let ada = Member::new("Ada");
    let mine = ada.call("remindMe", json!({"text": "later", "seconds": 600}));
    let args = json!({"id": mine["id"]});
    for name in [
        "ring",
        "Ring",
        "RING",
        "r%69ng",
        "%72ing",
        "ring%00",
        "ring/",
        "reminders.ring",
        "reminders%2Fring",
        "chat::reminders::ring",
        "clearReminders",
        "clear_reminders",
    ] {
        let path = format!("/rpc/{name}");
        let reply = server()
            .request("POST", &path)
            .body(args.to_string())
            .send();
        assert_eq!(reply.status, 404, "POST {path}: {}", reply.text());
        let reply = server().get(name, &args).send();
        assert!(
            matches!(reply.status, 404 | 405),
            "GET {path}: {}",
            reply.text()
        );
    }
    let calls = json!({"calls": [{"name": "ring", "args": args}, {"name": "clearReminders"}]});
    let reply = server()
        .request("POST", "/rpc")
        .body(calls.to_string())
        .send();
    let replies = reply.json();
    assert!(!reply.text().contains("\"data\""), "{replies}");
    thread::sleep(Duration::from_millis(200));
    let reminders = ada.call("getReminders", json!({}));
    let rang: Vec<&Value> = reminders
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["rang"])
        .collect();
    assert_eq!(rang, [&json!(false)], "nobody has rung it");
}
