//! Time and the outside: reminders, what clears them away, GitHub, and what no client may call.

use std::{
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{PATIENCE, Reply, cases, server};
use ring::hmac;
use serde_json::{Value, json};

use crate::{ADMIN_KEY, client::office};

cases![
    a_reminder_rings_in_two_seconds,
    each_organisation_clears_its_reminders_away_once_a_day,
    what_github_signs_is_said_in_its_room,
    no_client_calls_an_internal_function_by_any_spelling,
];

fn a_reminder_rings_in_two_seconds() {
    let (ada, bob, _) = office();
    let mut window = ada.window();
    assert_eq!(window.call("getReminders", json!({})), json!([]));
    let began = Instant::now();
    ada.call("remindMe", json!({"text": "milk", "seconds": 2}));
    loop {
        window.told_within(Duration::from_millis(300));
        let reminders = window.call("getReminders", json!({}));
        assert_eq!(bob.call("getReminders", json!({})), json!([]));
        if reminders[0]["rang"] == true {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{reminders}");
    }
    assert!(began.elapsed() >= Duration::from_secs(2));
}

fn each_organisation_clears_its_reminders_away_once_a_day() {
    let (_, _, org) = office();
    let pod = org["id"].as_str().expect("a name");
    let began = Instant::now();
    // On Workers the list of pods is told beside the first call.
    let jobs = loop {
        let request = server().request("GET", "/_edgepod/v1/jobs").without_key();
        let request = request.header("authorization", &format!("Bearer {ADMIN_KEY}"));
        let reply = request.query("pod", pod).send();
        if reply.status == 200 || began.elapsed() > PATIENCE {
            break reply.json();
        }
        thread::sleep(Duration::from_millis(50));
    };
    let cron = &jobs["data"]["jobs"][0];
    assert_eq!(cron["function"], "clearReminders", "{jobs}");
    assert_eq!(cron["state"], "waiting", "{jobs}");
    let at = cron["at"].as_str().expect("a time");
    assert!(at.ends_with("T03:00:00.000000Z"), "{jobs}");
}

fn what_github_signs_is_said_in_its_room() {
    let (ada, _, org) = office();
    let room = ada.room("builds");
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
    let path = hook["path"].as_str().expect("a path");
    let post_to = |path: &str, signature: &str, body: &[u8]| -> Reply {
        let call = server().request("POST", path);
        let call = call.without_key().header("x-hub-signature-256", signature);
        let call = call.header("x-github-event", "push");
        call.header("x-github-delivery", "one").body(body).send()
    };
    let post = |signature: &str, body: &[u8]| post_to(path, signature, body);
    let said = || ada.call("getMessages", json!({"room_id": room}))["items"].clone();
    post(&sign(b"another"), body).assert_error(401);
    post(&sign(secret), &body[1..]).assert_error(401);
    post("", body).assert_error(401);
    // A room and an organisation that are not there say no more, and none is made for it.
    let databases = server().databases();
    let name = org["id"].as_str().expect("a name");
    for wrong in [
        path.replace(name, "org_0"),
        path.replace(name, "directory"),
        format!("{path}0"),
    ] {
        post_to(&wrong, &sign(secret), body).assert_error(401);
    }
    // Nor does it come where somebody else says.
    post_to(&format!("{path}?pod={name}"), &sign(secret), body).assert_error(401);
    assert_eq!(server().databases(), databases);
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
    let (ada, ..) = office();
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
        "chat::org::reminders::ring",
        "chat%3A%3Aorg%3A%3Areminders%3A%3Aring",
        "clearReminders",
        "clear_reminders",
        "admit",
        "strike",
        "tellDirectory",
        "hearGithub",
    ] {
        let path = format!("/rpc/{name}");
        for token in [None, Some(&ada.token)] {
            let call = server().request("POST", &path).body(args.to_string());
            let reply = match token {
                Some(token) => call.header("authorization", &format!("Bearer {token}")),
                None => call,
            };
            let reply = reply.send();
            assert_eq!(reply.status, 404, "POST {path}: {}", reply.text());
        }
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
