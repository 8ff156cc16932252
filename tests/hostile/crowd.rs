//! More calls at once than may wait for an object.

use std::{thread, time::Duration};

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::raw::{Raw, call};

cases![who_finds_no_place_is_told_so_and_nobody_waits_for_ever];

/// More than wait for a database.
const CALLS: usize = 600;

/// Some seconds of counting.
const STEPS: i64 = 12_000_000;

/// Nobody is to wait for ever, and all that is counted here comes first: minutes, on a machine that is slow and busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// A call of this function, whose reply may take long.
fn ask(function: &str, args: &str) -> Raw {
    let server = server();
    let mut raw = Raw::connect(server.authority());
    raw.0
        .set_read_timeout(Some(PATIENCE))
        .expect("a time that is not zero");
    raw.send(call(function, &server.key, "", args));
    raw
}

fn who_finds_no_place_is_told_so_and_nobody_waits_for_ever() {
    let server = server();
    let text = server::unique("crowd");
    let steps = json!({ "steps": STEPS }).to_string();
    // Several: the last of the crowd comes before they are done.
    let mut slow: Vec<Raw> = (0..4).map(|_| ask("readSlowly", &steps)).collect();
    thread::sleep(Duration::from_millis(200));
    let note = json!({ "text": text }).to_string();
    let mut calls: Vec<Raw> = (0..CALLS).map(|_| ask("addNote", &note)).collect();
    for raw in &mut slow {
        assert_eq!(raw.status(), 200);
    }
    let replies: Vec<String> = calls.iter_mut().map(Raw::reply).collect();
    let (done, refused): (Vec<_>, Vec<_>) = replies
        .iter()
        .partition(|reply| reply.starts_with("HTTP/1.1 200 "));
    eprintln!("{} done, {} refused", done.len(), refused.len());
    assert!(
        !done.is_empty() && !refused.is_empty(),
        "{} done",
        done.len()
    );
    for reply in refused {
        let reply = reply.to_ascii_lowercase();
        assert!(reply.starts_with("http/1.1 503 "), "{reply}");
        assert!(reply.contains("retry-after: 1"), "{reply}");
    }
    // What was refused was not done.
    let count = server.call("countNotes").args(json!({ "text": text })).ok();
    assert_eq!(count, done.len());
}
