//! More calls, or longer ones, than the server can take.

use std::{
    net::Shutdown,
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::{
    native::Native,
    raw::{PATIENCE, Raw, call},
};

cases![
    a_statement_that_never_ends_is_ended,
    what_needs_no_database_does_not_wait_for_it,
    a_call_whose_client_has_gone_is_not_run,
    what_gone_clients_left_behind_counts_until_it_is_dropped,
    a_call_that_took_too_long_leaves_nothing,
    what_finds_no_place_is_told_at_once,
    a_statement_that_never_ends_does_not_stop_the_end,
    code_that_does_not_end_is_named_and_others_are_told,
];

fn a_statement_that_never_ends_is_ended() {
    let native = Native::start(&[("EDGEPOD_CALL_LIMIT", "0.5")]);
    let began = Instant::now();
    let reply = native.call("readEndlessly").send();
    let error = reply.assert_error(503);
    assert!(began.elapsed() < PATIENCE);
    assert_eq!(error["code"], "UNAVAILABLE");
    assert!(reply.header("retry-after").is_some());
    let log = native.log();
    assert!(
        log.contains("readEndlessly") && log.contains("EDGEPOD_CALL_LIMIT"),
        "{log}"
    );
    native.call("getNotes").ok();
}

fn what_needs_no_database_does_not_wait_for_it() {
    let native = Native::start(&[("EDGEPOD_CALL_LIMIT", "8")]);
    let key = &server().key;
    let mut slow: Vec<Raw> = (0..8)
        .map(|_| {
            let mut raw = native.raw();
            raw.send(call("readEndlessly", key, "", "{}"));
            raw
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    for (request, expected) in [
        ("OPTIONS /rpc/getNotes HTTP/1.1\r\nhost: a\r\n\r\n", 204),
        (
            "POST /rpc/getNotes HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
            401,
        ),
        ("GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n", 404),
        ("GET /ws HTTP/1.1\r\nhost: a\r\n\r\n", 401),
    ] {
        let mut raw = native.raw();
        raw.send(request);
        assert_eq!(raw.status(), expected, "{request}");
    }
    // A socket opens and is answered.
    let mut socket = native.socket("beside");
    // `ping`, masked with zeros.
    socket.send(b"\x81\x84\0\0\0\0ping");
    assert_eq!(socket.frame(), Some((0x81, b"pong".to_vec())));
    // The database has been busy all the time: nobody who waits for it has been answered.
    for raw in &mut slow {
        assert!(raw.is_silent());
    }
    drop(slow);
    // Nobody waits for those any more, so they are not run.
    native.call("getNotes").ok();
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
}

fn a_call_whose_client_has_gone_is_not_run() {
    let native = Native::start(&[("EDGEPOD_CALL_LIMIT", "5")]);
    let key = &server().key;
    let mut slow = native.raw();
    slow.send(call("readEndlessly", key, "", "{}"));
    thread::sleep(Duration::from_millis(1000));
    let calls: Vec<Raw> = (0..8)
        .map(|_| {
            let mut raw = native.raw();
            raw.send(call("addNote", key, "", "{\"text\":\"abandoned\"}"));
            raw
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    for raw in &calls {
        raw.0.shutdown(Shutdown::Both).expect("it is open");
    }
    drop(calls);
    assert_eq!(slow.status(), 503);
    let of = json!({"text": "abandoned"});
    assert_eq!(native.call("countNotes").args(of).ok(), 0);
}

fn what_gone_clients_left_behind_counts_until_it_is_dropped() {
    let native = Native::start(&[
        ("EDGEPOD_MAX_BODY_MEMORY", "4000000"),
        ("EDGEPOD_CALL_LIMIT", "8"),
    ]);
    let key = &server().key;
    let mut slow = native.raw();
    slow.send(call("readEndlessly", key, "", "{}"));
    thread::sleep(Duration::from_millis(300));
    let large = || {
        let mut raw = native.raw();
        let text = "x".repeat(900_000);
        let body = format!("{{\"text\":\"{text}\"}}");
        raw.send(call("countNotes", key, "", &body));
        raw
    };
    // Their bodies wait for the database still, which is busy with the first: so the next finds no room. Until it does, one more
    // client comes and goes.
    loop {
        let mut raw = large();
        thread::sleep(Duration::from_millis(300));
        let is_over = !slow.is_silent();
        if !raw.is_silent() {
            assert_eq!(raw.status(), 503);
            break;
        }
        assert!(!is_over, "bodies that nobody waits for take no room");
        raw.0.shutdown(Shutdown::Both).expect("it is open");
    }
    assert_eq!(slow.status(), 503);
    let began = Instant::now();
    while large().status() != 200 {
        assert!(began.elapsed() < PATIENCE, "the memory does not come back");
        thread::sleep(Duration::from_millis(50));
    }
}

fn a_call_that_took_too_long_leaves_nothing() {
    let native = Native::start(&[("EDGEPOD_CALL_LIMIT", "0.5")]);
    native
        .call("writeEndlessly")
        .args(json!({"text": "half"}))
        .send()
        .assert_error(503);
    let count = native.call("countNotes").args(json!({"text": "half"})).ok();
    assert_eq!(count, 0);
    native.call("addNote").args(json!({"text": "whole"})).ok();
}

fn what_finds_no_place_is_told_at_once() {
    let native = Native::start(&[("EDGEPOD_MAX_QUEUE", "4"), ("EDGEPOD_CALL_LIMIT", "9")]);
    let key = &server().key;
    let endless = || {
        let mut raw = native.raw();
        raw.send(call("readEndlessly", key, "", "{}"));
        raw
    };
    // The first leaves the queue before the others come, and more of them come than it takes.
    let mut raws = vec![endless()];
    thread::sleep(Duration::from_millis(1000));
    raws.extend((0..8).map(|_| endless()));
    thread::sleep(Duration::from_millis(500));
    for _ in 0..20 {
        let began = Instant::now();
        let mut raw = native.raw();
        raw.send(call("getNotes", key, "", "{}"));
        let reply = raw.reply();
        assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
        assert!(reply.contains("retry-after: 1"), "{reply}");
        assert!(began.elapsed() < PATIENCE);
    }
    for raw in &mut raws {
        assert_eq!(raw.status(), 503);
    }
    native.call("getNotes").ok();
    let log = native.log();
    assert_eq!(log.matches("EDGEPOD_MAX_QUEUE").count(), 1, "{log}");
}

#[cfg(unix)]
fn a_statement_that_never_ends_does_not_stop_the_end() {
    let mut native = Native::start(&[
        ("EDGEPOD_CALL_LIMIT", "1000"),
        ("EDGEPOD_STOP_TIMEOUT", "0.5"),
    ]);
    let mut raw = native.raw();
    raw.send(call("readEndlessly", &server().key, "", "{}"));
    thread::sleep(Duration::from_millis(200));
    let (status, took) = native.terminate();
    assert!(status.success(), "{status}");
    assert!(took < PATIENCE, "{took:?}");
}

#[cfg(not(unix))]
fn a_statement_that_never_ends_does_not_stop_the_end() {}

fn code_that_does_not_end_is_named_and_others_are_told() {
    let native = Native::start(&[("EDGEPOD_CALL_LIMIT", "2")]);
    let key = &server().key;
    let mut stuck = native.raw();
    stuck.send(call("compute", key, "", "{\"milliseconds\":9000}"));
    thread::sleep(Duration::from_millis(1000));
    // Whoever waits for it is told when the time is over, and whoever comes later at once.
    let began = Instant::now();
    let reply = native.call("getNotes").send();
    reply.assert_error(503);
    assert!(reply.header("retry-after").is_some());
    assert!(stuck.is_silent(), "{:?}", began.elapsed());
    while !native.log().contains("EDGEPOD_CALL_LIMIT") {
        assert!(began.elapsed() < PATIENCE, "{}", native.log());
        thread::sleep(Duration::from_millis(50));
    }
    let log = native.log();
    let line = log.lines().find(|line| line.contains("EDGEPOD_CALL_LIMIT"));
    assert!(line.is_some_and(|line| line.contains("compute")), "{log}");
    native.call("getNotes").send().assert_error(503);
    // It ends after all, and all is well.
    assert_eq!(stuck.status(), 200);
    native.call("getNotes").ok();
}
