//! Connections that want nothing, want it slowly, or do not end.

use std::{
    io::Write as _,
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
    bare_connections_do_not_stop_service,
    descriptors_that_run_out_are_survived,
    half_a_head_is_given_up,
    a_connection_that_asks_nothing_more_is_closed,
    a_body_that_does_not_come_is_given_up,
    stalled_bodies_do_not_fill_the_memory,
    a_client_that_does_not_read_is_given_up,
    a_server_that_stops_does_not_wait_for_half_a_head,
    a_call_that_is_under_way_ends_before_the_server_does,
];

fn is_friendly(native: &Native) {
    let began = Instant::now();
    native.call("getNotes").ok();
    // On a new connection, too.
    let mut raw = native.raw();
    raw.send(call("getNotes", &server().key, "", "{}"));
    assert_eq!(raw.status(), 200);
    assert!(began.elapsed() < PATIENCE);
}

fn bare_connections_do_not_stop_service() {
    let native = Native::start(&[("EDGEPOD_MAX_CONNECTIONS", "60")]);
    let bare: Vec<Raw> = (0..300).map(|_| native.raw()).collect();
    for _ in 0..20 {
        is_friendly(&native);
    }
    drop(bare);
    is_friendly(&native);
    // Once, not three hundred times.
    let log = native.log();
    assert_eq!(
        log.matches("EDGEPOD_MAX_CONNECTIONS_PER_ADDRESS").count(),
        1,
        "{log}"
    );
}

#[cfg(unix)]
fn descriptors_that_run_out_are_survived() {
    // More than these are not there for connections, whatever the usual limit is.
    let native = Native::with_descriptors(160);
    let bare: Vec<Raw> = (0..400).map(|_| native.raw()).collect();
    for _ in 0..20 {
        is_friendly(&native);
    }
    drop(bare);
    is_friendly(&native);
}

#[cfg(not(unix))]
fn descriptors_that_run_out_are_survived() {}

fn half_a_head_is_given_up() {
    let native = Native::start(&[("EDGEPOD_HEADER_TIMEOUT", "0.5")]);
    for half in [
        "",
        "P",
        "POST /rpc/getNotes HTTP/1.1\r\nhost: a\r\nx-edgepod",
    ] {
        let mut raw = native.raw();
        raw.send(half);
        raw.closed();
    }
    // One byte at a time does not help.
    let mut raw = native.raw();
    let began = Instant::now();
    while raw.0.write_all(b"x").is_ok() {
        assert!(began.elapsed() < PATIENCE, "it is still listening");
        thread::sleep(Duration::from_millis(50));
    }
    is_friendly(&native);
}

fn a_connection_that_asks_nothing_more_is_closed() {
    let native = Native::start(&[("EDGEPOD_IDLE_TIMEOUT", "2")]);
    let mut raw = native.raw();
    for _ in 0..3 {
        raw.send(call("getNotes", &server().key, "", "{}"));
        assert_eq!(raw.status(), 200);
        thread::sleep(Duration::from_millis(100));
    }
    raw.closed();
}

fn a_body_that_does_not_come_is_given_up() {
    let native = Native::start(&[("EDGEPOD_BODY_TIMEOUT", "0.5")]);
    let mut raw = native.raw();
    raw.send(format!(
        "POST /rpc/addNote HTTP/1.1\r\nhost: a\r\nx-edgepod-key: {}\r\ncontent-length: 100\r\n\r\n{{\"text\":",
        server().key
    ));
    let reply = raw.reply();
    assert!(
        reply.starts_with("HTTP/1.1 400 ") && reply.contains("in time"),
        "{reply}"
    );
}

fn stalled_bodies_do_not_fill_the_memory() {
    let native = Native::start(&[("EDGEPOD_MAX_BODY_MEMORY", "4000000")]);
    let before = native.memory();
    let key = &server().key;
    let half = "x".repeat(1_000_000);
    let stall = || {
        let mut raw = native.raw();
        raw.send(format!(
            "POST /rpc/addNote HTTP/1.1\r\nhost: a\r\nx-edgepod-key: {key}\r\ncontent-length: 4000000\r\n\r\n"
        ));
        raw.send(&half);
        raw
    };
    let mut stalled: Vec<Raw> = (0..60).map(|_| stall()).collect();
    thread::sleep(Duration::from_millis(300));
    let held = native.memory() - before;
    assert!(held < 30_000, "{held} kB are held by 60 stalled bodies");
    // Small calls are served meanwhile, and a large one is told to come again.
    is_friendly(&native);
    let large = || {
        let text = "y".repeat(500_000);
        native.call("addNote").args(json!({"text": text})).send()
    };
    // Which of them were refused, because together they were too large, is chance: one or two more fill the memory.
    let mut reply = large();
    for _ in 0..4 {
        if reply.status == 200 {
            stalled.push(stall());
            thread::sleep(Duration::from_millis(300));
            reply = large();
        }
    }
    assert_eq!(reply.status, 503);
    assert!(reply.header("retry-after").is_some());
    drop(stalled);
    let began = Instant::now();
    loop {
        if large().status == 200 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the memory does not come back");
        thread::sleep(Duration::from_millis(50));
    }
}

fn a_client_that_does_not_read_is_given_up() {
    let native = Native::start(&[("EDGEPOD_WRITE_TIMEOUT", "0.5")]);
    let mut raw = native.raw();
    // More than the system keeps for a connection.
    let large = call("getLarge", &server().key, "", "{\"bytes\":8000000}");
    for _ in 0..4 {
        raw.send(&large);
    }
    thread::sleep(Duration::from_secs(5));
    // Far fewer bytes are there than were asked for: the rest was given up.
    let mut bytes = 0;
    let mut chunk = vec![0; 1 << 20];
    while let Ok(count @ 1..) = std::io::Read::read(&mut raw.0, &mut chunk) {
        bytes += count;
    }
    assert!(bytes < 31_000_000, "all {bytes} bytes came");
    is_friendly(&native);
}

#[cfg(unix)]
fn a_server_that_stops_does_not_wait_for_half_a_head() {
    let mut native = Native::start(&[]);
    let mut half = native.raw();
    half.send("POST /rpc/getNotes HTTP/1.1\r\nhost: a");
    let _bare = native.raw();
    let mut idle = native.raw();
    idle.send(call("getNotes", &server().key, "", "{}"));
    assert_eq!(idle.status(), 200);
    let mut socket = native.socket("stopping");
    let (status, took) = native.terminate();
    assert!(status.success(), "{status}");
    assert!(took < PATIENCE, "{took:?}: {}", native.log());
    assert_eq!(socket.close_code(), 1001);
}

#[cfg(not(unix))]
fn a_server_that_stops_does_not_wait_for_half_a_head() {}

#[cfg(unix)]
fn a_call_that_is_under_way_ends_before_the_server_does() {
    let mut native = Native::start(&[]);
    let mut raw = native.raw();
    raw.send(call("readSlowly", &server().key, "", "{\"steps\":2000000}"));
    // So that the server has read it, on a busy machine too.
    thread::sleep(Duration::from_millis(500));
    native.terminate();
    assert_eq!(raw.status(), 200);
}

#[cfg(not(unix))]
fn a_call_that_is_under_way_ends_before_the_server_does() {}
