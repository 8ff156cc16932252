//! One of two pods goes away alone, while jobs of the one call functions of the other: it ends, it cannot be opened, its data is
//! replaced, or a call in it panics. The server goes on. `EDGEPOD_ENDS_KILLS=200 EDGEPOD_ENDS_SEED=7` for more of them.

use std::{
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{cases, server, server::is_native};
use serde_json::{Value, json};

use crate::{
    add,
    admin::{admin, status_of, until_listed},
    assert_delivered, call_in,
    data::{place, pulled, push},
    data_faults::faults,
    rewind::restart,
};

cases![a_job_leaves_its_notes_once_whichever_end_goes_away_alone];

/// Jobs that are asked for before each end.
const JOBS: usize = 6;

/// Pods that may be open natively, so that others take the places of those that are not in use.
const OPEN: usize = 4;

/// Ends a pod alone. Natively it is closed unless a call uses it; an object ends whatever it does.
fn end(pod: &str) {
    if is_native() {
        for other in 0..OPEN {
            call_in(&format!("open-in-the-way-{other}"), "whereAmI").send();
        }
    } else {
        let steps = json!({ "steps": [], "end": true });
        let asked = admin("POST", "/data/run").query("pod", pod);
        asked.args(steps).error(500);
    }
}

/// Calls a function until it is answered: the pod may be away. It is done once.
fn until_done(pod: &str, name: &str, args: &Value) {
    let key = server::unique("key");
    let began = Instant::now();
    loop {
        let call = call_in(pod, name).header("x-edgepod-idempotency-key", &key);
        let reply = call.args(args.clone()).send();
        if reply.status == 200 {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            reply.text()
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Makes a pod one that cannot be opened, and after so long replaces its data by the same, mended.
fn replace(pod: &str, after: Duration) {
    until_done(pod, "spoil", &json!({}));
    let began = Instant::now();
    while status_of(pod)["state"] != "failed" {
        assert!(began.elapsed() < Duration::from_secs(60), "it stays open");
        end(pod);
        call_in(pod, "getNotes").send();
    }
    thread::sleep(after);
    let (_folder, file) = place();
    let own = pulled(pod, &file);
    own.execute_batch("ALTER TABLE notes DROP COLUMN spoiled")
        .expect("it is mended");
    drop(own);
    push(pod, &file);
}

fn jobs(pod: &str, state: &str) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let asked = admin("GET", "/jobs").query("pod", pod);
        let reply = asked.query("state", state).send();
        if reply.status == 200 {
            let listed = reply.json()["data"]["jobs"].take();
            return serde_json::from_value(listed).expect("jobs");
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            reply.text()
        );
        thread::sleep(Duration::from_millis(100));
    }
}

fn a_job_leaves_its_notes_once_whichever_end_goes_away_alone() {
    let (ends, mut random) = faults("EDGEPOD_ENDS", 8);
    let few = OPEN.to_string();
    restart(&[("EDGEPOD_MAX_PODS", &few)]);
    let (from, there) = (server::unique("open-from"), server::unique("open-to"));
    for pod in [&from, &there] {
        until_done(pod, "whereItWrites", &json!({}));
        until_listed(pod);
    }
    let mut asked = 0;
    for fault in 0..ends {
        for _ in 0..JOBS {
            let text = format!("job {asked}");
            let args = json!({"pod": there, "text": text, "notes": 8, "failures": 0});
            until_done(&from, "deliverLater", &args);
            asked += 1;
        }
        thread::sleep(Duration::from_millis(random.u64(..60)));
        let pod = if random.bool() { &from } else { &there };
        match fault % 4 {
            0 => end(&there),
            1 => end(&from),
            2 => replace(pod, Duration::from_millis(random.u64(..1500))),
            _ => {
                let args = json!({"pod": pod, "text": "panic"});
                let reply = call_in("open-third", "noteThere").args(args).send();
                assert!(matches!(reply.status, 500 | 503), "{}", reply.text());
            }
        }
    }
    let began = Instant::now();
    while jobs(&from, "done").len() < asked {
        // What failed would wait for its next try, or be parked.
        for state in ["waiting", "failed"] {
            for job in jobs(&from, state) {
                let retry = admin("POST", "/jobs/retry").query("pod", &from);
                retry.query("id", &job["id"].to_string()).send();
            }
        }
        let log = server().log();
        assert!(began.elapsed() < Duration::from_secs(120), "{log}");
        thread::sleep(Duration::from_millis(200));
    }
    restart(&[]);
    assert_delivered(&from, &there, asked);
    add(call_in(&there, "addNote"), "it goes on");
}
