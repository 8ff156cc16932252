//! Pods, on every host: `cargo test -p edgepod-tests --test pods`, and `EDGEPOD_TEST_HOST=workerd`.

mod admin;
mod data;
mod data_faults;
mod ends;
mod rewind;
mod rules;
mod studio;
mod walls;

use std::{
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64, Encoding};
use edgepod_tests::{Socket, cases, http::Call, server, server::App};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

use data_faults::faults;

cases![
    a_pod_has_its_own_data_and_says_its_name,
    a_token_leads_to_its_organisations_pod,
    a_batch_goes_where_the_header_or_the_body_says,
    a_route_is_of_a_pod_too,
    a_route_at_the_gateway_needs_no_pod_and_makes_none,
    a_socket_hears_of_its_own_pod,
    of_two_hundred_pods_a_write_wakes_the_windows_of_one,
    a_page_sends_its_token_with_the_socket,
    names_that_differ_by_case_are_two_pods,
    a_pod_that_is_best_made_somewhere_is_the_pod_of_its_name,
    a_name_may_be_any_visible_text,
    a_preflight_allows_the_header,
    an_action_calls_functions_of_other_pods,
    pods_wait_for_each_other_to_a_depth,
    a_job_leaves_its_notes_once_whenever_the_server_is_killed,
    an_answer_is_kept_for_each_pod,
    a_call_is_done_once_in_each_pod,
    a_job_is_done_in_its_pod_though_nobody_asks_for_it_after_a_restart,
];

fn main() -> ExitCode {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .expect("a key");
    let text = Base64::encode_string(document.as_ref());
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    );
    // SAFETY: no other thread runs yet.
    unsafe {
        std::env::set_var("EDGEPOD_JWT_PRIVATE_KEY", pem);
        std::env::set_var("EDGEPOD_ADMIN_KEY", admin::KEY);
    }
    let modules = [
        ("pods", CASES),
        ("walls", walls::CASES),
        ("admin", admin::CASES),
        ("data", data::CASES),
        ("data_faults", data_faults::CASES),
        ("rewind", rewind::CASES),
        ("rules", rules::CASES),
        ("studio", studio::CASES),
        ("ends", ends::CASES),
    ];
    edgepod_tests::suite::run(App::PODS, &modules)
}

/// A call in a pod that is open.
fn call_in(pod: &str, name: &str) -> Call<'static> {
    server().call(name).header("x-edgepod-pod", pod)
}

/// Waits for a pod that could not be opened: it is tried again once it has been left alone for a moment.
fn until_open(pod: &str) {
    let began = Instant::now();
    while call_in(pod, "getNotes").send().status != 200 {
        assert!(began.elapsed() < Duration::from_secs(60), "it stays away");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A call with a token, and no word of a pod.
fn call_as(token: &str, name: &str) -> Call<'static> {
    let token = format!("Bearer {token}");
    server().call(name).header("authorization", &token)
}

/// A token for a member of an organisation.
fn token_for(org: &str) -> String {
    token_of(json!(org), 600)
}

fn token_of(org: Value, seconds: u32) -> String {
    let args = json!({"sub": "ada", "org": org, "seconds": seconds});
    let reply = call_in("open", "signIn").args(args).ok();
    reply.as_str().expect("a token").to_owned()
}

fn add(call: Call<'_>, text: &str) {
    call.args(json!({ "text": text })).ok();
}

/// The address of a session's socket in a pod.
fn socket_url(session: &str, pod: Option<&str>) -> String {
    let url = server().socket_url(&server().key, session);
    pod.map_or(url.clone(), |pod| format!("{url}&pod={pod}"))
}

fn a_pod_has_its_own_data_and_says_its_name() {
    for pod in ["open-a", "open-b"] {
        for name in ["whereAmI", "whereItWrites", "whereItWaits"] {
            assert_eq!(call_in(pod, name).ok(), pod, "{name}");
        }
        add(call_in(pod, "addNote"), pod);
    }
    for pod in ["open-a", "open-b"] {
        assert_eq!(call_in(pod, "getNotes").ok(), json!([pod]));
    }
    let get = server()
        .get("getNotes", &json!({}))
        .header("x-edgepod-pod", "open-a");
    assert_eq!(get.ok(), json!(["open-a"]));
}

fn a_token_leads_to_its_organisations_pod() {
    let (acme, globex) = (token_for("acme"), token_for("globex"));
    add(call_as(&acme, "addNote"), "of acme");
    assert_eq!(call_as(&acme, "whereAmI").ok(), "acme");
    assert_eq!(call_as(&globex, "whereAmI").ok(), "globex");
    assert_eq!(call_as(&globex, "getNotes").ok(), json!([]));
    let named = call_as(&acme, "getNotes").header("x-edgepod-pod", "acme");
    assert_eq!(named.ok(), json!(["of acme"]));
}

fn a_batch_goes_where_the_header_or_the_body_says() {
    add(call_in("open-batch", "addNote"), "in a batch");
    let calls = json!([{"name": "whereAmI"}, {"name": "getNotes", "args": {}}]);
    let batch = |body: Value| server().request("POST", "/rpc").args(body);
    let by_header = batch(json!({ "calls": calls })).header("x-edgepod-pod", "open-batch");
    let by_body = batch(json!({ "calls": calls, "pod": "open-batch" }));
    for batch in [by_header, by_body] {
        let reply = batch.send().json();
        assert_eq!(reply["results"][0]["data"], "open-batch", "{reply}");
        assert_eq!(
            reply["results"][1]["data"],
            json!(["in a batch"]),
            "{reply}"
        );
    }
    let token = format!("Bearer {}", token_for("acme"));
    let reply = batch(json!({ "calls": calls }))
        .header("authorization", &token)
        .send()
        .json();
    assert_eq!(reply["results"][0]["data"], "acme", "{reply}");
    batch(json!({ "calls": calls })).error(400);
}

fn a_route_is_of_a_pod_too() {
    let hook = |pod: &str| {
        let request = server().request("POST", "/hooks/notes").without_key();
        request.query("pod", pod).body("hooked")
    };
    let reply = hook("open-hook").send();
    assert_eq!((reply.status, &*reply.text()), (200, "open-hook"));
    assert_eq!(call_in("open-hook", "getNotes").ok(), json!(["hooked"]));
    hook("acme").error(403);
    let token = format!("Bearer {}", token_for("acme"));
    let reply = hook("acme").header("authorization", &token).send();
    assert_eq!(reply.text(), "acme");
    hook("globex").header("authorization", &token).error(403);
}

fn a_route_at_the_gateway_needs_no_pod_and_makes_none() {
    let health = |pod: &str| {
        let request = server().request("GET", "/health").without_key();
        let reply = request.query("pod", pod).send();
        (reply.status, reply.text())
    };
    let fresh = server::unique("open-gateway");
    for pod in [&*fresh, "acme", "no such pod!"] {
        let (status, target) = health(pod);
        assert_eq!(status, 200, "{pod}: {target}");
        assert!(target.starts_with("/health?pod="), "{target}");
    }
    let bare = server().request("GET", "/health").without_key().send();
    assert_eq!((bare.status, &*bare.text()), (200, "/health"));
    // Another that is made meanwhile is listed.
    let other = server::unique("open-made");
    call_in(&other, "getNotes").ok();
    admin::until_listed(&other);
    assert!(!admin::names(1000).contains(&fresh));
}

fn a_socket_hears_of_its_own_pod() {
    let open = |pod: &str| {
        let session = server::unique("session");
        call_in(pod, "getNotes").session(&session).ok();
        let socket = Socket::open(&socket_url(&session, Some(pod)));
        socket.unwrap_or_else(|error| panic!("{pod}: {error}"))
    };
    let (mut here, mut there) = (open("open-here"), open("open-there"));
    add(call_in("open-here", "addNote"), "heard");
    assert!(here.stale().contains("notes"));
    there.assert_silent();
}

/// Two hundred organisations with five windows each.
fn of_two_hundred_pods_a_write_wakes_the_windows_of_one() {
    let windows = |number: usize| {
        let pod = format!("open-office-{number}");
        let windows: Vec<Socket> = (0..5)
            .map(|_| {
                let session = server::unique("session");
                let socket = Socket::open(&socket_url(&session, Some(&pod)));
                let socket = socket.unwrap_or_else(|error| panic!("{pod}: {error}"));
                call_in(&pod, "getNotes").session(&session).ok();
                socket
            })
            .collect();
        (pod, windows)
    };
    let mut offices: Vec<(String, Vec<Socket>)> = (0..200).map(windows).collect();
    for (_, windows) in &mut offices {
        for window in windows {
            window.drain_to_pong();
        }
    }
    for written in [0, 77, 199] {
        add(call_in(&offices[written].0, "addNote"), "heard");
        for (number, (pod, windows)) in offices.iter_mut().enumerate() {
            for window in windows {
                if number == written {
                    assert!(window.stale().contains("notes"), "{pod}");
                }
                // And nothing else.
                window.ping();
            }
        }
    }
}

fn a_page_sends_its_token_with_the_socket() {
    let token = token_for("acme");
    let session = server::unique("session");
    call_as(&token, "getNotes").session(&session).ok();
    let url = socket_url(&session, Some("acme"));
    let (mut socket, protocol) = Socket::open_as_a_page(&url, &token).expect("a socket");
    assert_eq!(protocol.as_deref(), Some("edgepod"));
    add(call_as(&token, "addNote"), "heard");
    assert!(socket.stale().contains("notes"));
    // The token alone leads there, too.
    let url = socket_url(&session, None);
    let (mut socket, _) = Socket::open_as_a_page(&url, &token).expect("a socket");
    add(call_as(&token, "addNote"), "heard again");
    assert!(socket.stale().contains("notes"));
}

fn names_that_differ_by_case_are_two_pods() {
    for pod in ["open-case", "open-CASE", "open-Case"] {
        add(call_in(pod, "addNote"), pod);
    }
    for pod in ["open-case", "open-CASE", "open-Case"] {
        assert_eq!(call_in(pod, "getNotes").ok(), json!([pod]));
    }
}

/// Whoever comes first: a call that says where it is best made, another that does not, a pod that says another place.
fn a_pod_that_is_best_made_somewhere_is_the_pod_of_its_name() {
    let token = token_for("acme");
    let near = |pod: &str, text: &str| {
        add(call_in(pod, "addNote").header("x-test-near", "1"), text);
    };
    let plain = |pod: &str, text: &str| add(call_in(pod, "addNote"), text);
    let there = |pod: &str, text: &str| {
        let args = json!({"pod": pod, "text": text});
        assert_eq!(call_as(&token, "noteNear").args(args).ok(), pod);
    };
    type Note<'a> = (&'a dyn Fn(&str, &str), &'a str, &'a str);
    let orders: [[Note<'_>; 3]; 3] = [
        [
            (&near, "near", "near"),
            (&plain, "plain", "plain"),
            (&there, "there", "there by ada"),
        ],
        [
            (&plain, "plain", "plain"),
            (&there, "there", "there by ada"),
            (&near, "near", "near"),
        ],
        [
            (&there, "there", "there by ada"),
            (&near, "near", "near"),
            (&plain, "plain", "plain"),
        ],
    ];
    for (i, order) in orders.into_iter().enumerate() {
        let pod = format!("open-place-{i}");
        for (leave, text, _) in order {
            leave(&pod, text);
        }
        let notes = order.map(|(_, _, note)| note);
        for call in [
            call_in(&pod, "getNotes"),
            call_in(&pod, "getNotes").header("x-test-near", "1"),
        ] {
            assert_eq!(call.ok(), json!(notes));
        }
        assert_eq!(
            call_in(&pod, "whereItWrites")
                .header("x-test-near", "1")
                .ok(),
            pod
        );
    }
}

fn a_name_may_be_any_visible_text() {
    let longest = format!("open{}", "X".repeat(124));
    let names = [
        "open/../../a",
        "open%2F..",
        "open%252F",
        "open\\",
        "open:*?",
        "open.",
        "open'\";--",
        &longest,
    ];
    for name in names {
        assert_eq!(call_in(name, "whereItWrites").ok(), name);
        add(call_in(name, "addNote"), name);
    }
    for name in names {
        assert_eq!(call_in(name, "getNotes").ok(), json!([name]));
    }
    assert_eq!(call_in("open/../../b", "getNotes").ok(), json!([]));
}

fn a_preflight_allows_the_header() {
    let preflight = |asked: &str| {
        let request = server().request("OPTIONS", "/rpc/getNotes").without_key();
        let reply = request
            .header("access-control-request-headers", asked)
            .send();
        let allowed = reply.header("access-control-allow-headers");
        allowed.unwrap_or_default().to_owned()
    };
    assert!(preflight("x-edgepod-pod").contains("x-edgepod-pod"));
    assert!(preflight("").contains("x-edgepod-pod"));
}

fn an_action_calls_functions_of_other_pods() {
    let session = server::unique("session");
    call_in("open-there", "getNotes").session(&session).ok();
    let url = socket_url(&session, Some("open-there"));
    let mut socket = Socket::open(&url).expect("a socket");
    let token = token_for("acme");
    let note = |text: &str| {
        let args = json!({"pod": "open-there", "text": text});
        call_as(&token, "noteThere").args(args)
    };
    assert_eq!(note("left").ok(), "open-there");
    assert!(socket.stale().contains("notes"));
    let notes = call_in("open-there", "getNotes").ok();
    assert_eq!(
        notes.as_array().and_then(|notes| notes.last()),
        Some(&json!("left by ada"))
    );
    let error = note("").error(409);
    assert_eq!(error["code"], "EMPTY");
    assert_eq!(error["message"], "A note of open-there says something.");
    assert_eq!(error["data"]["of"], "open-there");
    note("panic").error(500);
    assert_eq!(note("after").ok(), "open-there");
    // Its own pod, and one that nobody has called.
    let look = |pod: &str| call_as(&token, "lookThere").args(json!({ "pod": pod }));
    assert_eq!(look("acme").ok()[0], "acme");
    let new = server::unique("open-new");
    assert_eq!(look(&new).ok(), json!([new, 0]));
    look("two words").error(400);
    let hook = server().request("POST", "/hooks/notes/open-there");
    let hook = hook
        .without_key()
        .header("authorization", &format!("Bearer {token}"));
    assert_eq!(hook.body("by a hook").send().text(), "open-there");
    call_in("open-there", "takeNote")
        .args(json!({"text": "x"}))
        .error(404);
}

fn pods_wait_for_each_other_to_a_depth() {
    let around = |times: u32, pods: Value| {
        let args = json!({"pods": pods, "times": times});
        call_in("open-around", "around").args(args)
    };
    let two = json!(["open-around", "open-around-too"]);
    assert_eq!(around(8, two.clone()).ok(), 8);
    around(9, two).error(500);
    assert_eq!(around(3, json!(["open-around"])).ok(), 3, "to oneself");
}

fn a_job_leaves_its_notes_once_whenever_the_server_is_killed() {
    let (kills, mut random) = faults("EDGEPOD_PODS", 3);
    let (from, there) = (server::unique("open-from"), server::unique("open-to"));
    let mut asked = 0;
    for _ in 0..kills {
        for _ in 0..10 {
            let args =
                json!({"pod": there, "text": format!("job {asked}"), "notes": 8, "failures": 0});
            call_in(&from, "deliverLater").args(args).ok();
            asked += 1;
        }
        std::thread::sleep(Duration::from_millis(random.u64(..60)));
        server().kill().expect("it is this process's own");
        server().start_again().expect("it starts again");
    }
    let began = Instant::now();
    while notes(&from).len() < asked {
        let log = server().log();
        assert!(began.elapsed() < Duration::from_secs(120), "{log}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_delivered(&from, &there, asked);
}

/// The notes of a pod, sorted.
fn notes(pod: &str) -> Vec<String> {
    let notes = call_in(pod, "getNotes").ok();
    let mut notes: Vec<String> = serde_json::from_value(notes).expect("texts");
    notes.sort();
    notes
}

/// Each of so many jobs, `job 0` and so on with eight notes each, has left each of its notes once.
#[track_caller]
fn assert_delivered(from: &str, there: &str, asked: usize) {
    let all = |each: &dyn Fn(usize) -> Vec<String>| {
        let mut all: Vec<String> = (0..asked).flat_map(each).collect();
        all.sort();
        all
    };
    assert_eq!(notes(from), all(&|i| vec![format!("job {i} delivered")]));
    let expected = all(&|i| {
        let numbered = (0..8).map(|n| format!("job {i} {n}"));
        let others = ["twice", "twice", "passed on"].map(|it| format!("job {i} {it} by nobody"));
        numbered.chain(others).collect()
    });
    assert_eq!(notes(there), expected);
}

fn an_answer_is_kept_for_each_pod() {
    let ask = |pod: &str| call_in(pod, "whereAmI").send().json();
    for pod in ["open-kept", "open-kept-too"] {
        let replies: Vec<Value> = (0..3).map(|_| ask(pod)).collect();
        assert!(replies.iter().all(|reply| reply["data"] == pod));
        assert_eq!(replies[2]["meta"]["cached"], true, "{}", replies[2]);
    }
}

fn a_call_is_done_once_in_each_pod() {
    let key = server::unique("key");
    for pod in ["open-once", "open-once-too"] {
        for replayed in [Value::Null, json!(true)] {
            let call = call_in(pod, "addNote").header("x-edgepod-idempotency-key", &key);
            let reply = call.args(json!({"text": "once"})).send().json();
            assert_eq!(reply["meta"]["replayed"], replayed, "{reply}");
        }
        assert_eq!(call_in(pod, "getNotes").ok(), json!(["once"]));
    }
}

fn a_job_is_done_in_its_pod_though_nobody_asks_for_it_after_a_restart() {
    let args = json!({"text": "later", "millis": 1000});
    call_in("open-jobs", "addNoteLater").args(args).ok();
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");
    // Long after its time: nobody may come before it is done, and a busy machine is slow to start.
    std::thread::sleep(Duration::from_secs(10));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let notes = call_in("open-jobs", "getNotes").ok();
    let note = notes[0].as_str().expect("the job is done");
    let millis = note.strip_prefix("later open-jobs ").expect(note);
    let millis: u128 = millis.parse().expect("a number");
    assert!(
        millis + 1000 < now.as_millis(),
        "it was done when somebody came"
    );
}
