//! The life of a job, on a host.

use std::time::{Duration, Instant};

use edgepod_tests::{Heard, PATIENCE, cases, server::unique};
use serde_json::{Value, json};

cases![
    a_job_is_done_at_its_time,
    an_action_is_done_and_waits_beside_others,
    a_reader_is_told_what_became_of_a_job,
    a_panic_is_a_try_and_the_engine_lives,
    many_jobs_at_once_leave_room_for_calls,
    what_was_called_off_is_not_done,
    a_cron_comes_by_itself,
    a_cron_each_second_clears_away_what_readers_show,
    a_reader_is_told_when_the_time_comes,
];

pub(crate) fn count(key: &str) -> Value {
    let counted = edgepod_tests::server().call("count");
    counted.args(json!({ "key": key })).ok()
}

fn job(id: &Value) -> Value {
    let asked = edgepod_tests::server().call("getJob");
    asked.args(json!({ "job": id })).ok()
}

pub(crate) fn ask(name: &str, args: Value) -> Value {
    edgepod_tests::server().call(name).args(args).ok()
}

/// The job, as soon as it is in this state.
#[track_caller]
pub(crate) fn wait_for(id: &Value, state: &str) -> Value {
    let began = Instant::now();
    loop {
        let job = job(id);
        if job["state"] == state {
            return job;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{job} does not come to be {state}\n{}",
            edgepod_tests::server().log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn a_job_is_done_at_its_time() {
    let key = unique("time");
    assert_eq!(count(&key), 0);
    let began = Instant::now();
    let id = ask("addLater", json!({ "key": key, "millis": 700 }));
    let early = count(&key);
    let asked = began.elapsed();
    let done = wait_for(&id, "done");
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(700), "{took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    // A busy machine may take as long to ask as the job waits.
    assert!(
        early == 0 || asked >= Duration::from_millis(700),
        "{asked:?}"
    );
    assert_eq!(done["attempts"], 1);
    assert_eq!(count(&key), 1);
}

fn an_action_is_done_and_waits_beside_others() {
    let key = unique("action");
    let ids: Vec<Value> = (0..50)
        .map(|i| {
            ask(
                "addSlowlyLater",
                json!({ "key": format!("{key}{i}"), "millis": 300 }),
            )
        })
        .collect();
    for (i, id) in ids.iter().enumerate() {
        wait_for(id, "done");
        assert_eq!(count(&format!("{key}{i}")), 1);
    }
}

fn a_reader_is_told_what_became_of_a_job() {
    let session = unique("reader");
    let mut socket = edgepod_tests::server().socket(&session);
    let id = ask("addLater", json!({ "key": unique("told"), "millis": 300 }));
    let asked = edgepod_tests::server().call("getJob").session(&session);
    let waiting = asked.args(json!({ "job": id })).ok();
    assert_eq!(waiting["state"], "waiting");
    socket.stale_of("_edgepod_jobs");
    wait_for(&id, "done");
}

fn a_panic_is_a_try_and_the_engine_lives() {
    let key = unique("panic");
    let id = ask(
        "addWrongly",
        json!({ "key": key, "how": "panics", "once": false }),
    );
    let began = Instant::now();
    loop {
        let job = job(&id);
        if job["attempts"].as_i64() >= Some(2) && job["state"] == "waiting" {
            let error = job["error"].as_str().unwrap();
            assert!(!error.contains("secret"), "{job}");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{job}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(count(&key), 0);
    assert_eq!(ask("cancel", json!({ "job": id })), true);
    let once = ask(
        "addWrongly",
        json!({ "key": key, "how": "panics", "once": true }),
    );
    assert_eq!(wait_for(&once, "failed")["attempts"], 1);
    edgepod_tests::server().assert_serving();
}

fn many_jobs_at_once_leave_room_for_calls() {
    let key = unique("many");
    ask("addMany", json!({ "key": key, "count": 500 }));
    let began = Instant::now();
    while count(&key) != 500 {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", count(&key));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn what_was_called_off_is_not_done() {
    let key = unique("off");
    let id = ask("addLater", json!({ "key": key, "millis": 3_000 }));
    assert_eq!(ask("cancel", json!({ "job": id })), true);
    std::thread::sleep(Duration::from_millis(3_500));
    assert_eq!(count(&key), 0);
    assert_eq!(job(&id)["state"], "cancelled");
}

fn a_cron_comes_by_itself() {
    let before = count("tick").as_i64().unwrap();
    let began = Instant::now();
    while count("tick").as_i64().unwrap() < before + 1 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "it does not come"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn a_cron_each_second_clears_away_what_readers_show() {
    let session = unique("crumbs");
    let mut socket = edgepod_tests::server().socket(&session);
    let shown = || {
        let asked = edgepod_tests::server().call("countCrumbs");
        asked.session(&session).ok()
    };
    for _ in 0..3 {
        ask("dropCrumbs", json!({ "count": 3 }));
        let began = Instant::now();
        // Nobody else takes crumbs away, so that each time is one of the cron.
        while shown() != 0 {
            socket.stale_of("crumbs");
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "nobody sweeps up\n{}",
                edgepod_tests::server().log()
            );
        }
    }
    socket.drain();
    // It has a time at each whole second, and what it finds nothing to do for is not told.
    assert!(socket.next_within(Duration::from_millis(2_500)).is_none());
}

fn a_reader_is_told_when_the_time_comes() {
    let session = unique("typing");
    let mut socket = edgepod_tests::server().socket(&session);
    let began = Instant::now();
    ask("addNow", json!({ "key": session }));
    let recent = || {
        let asked = edgepod_tests::server().call("getRecent").session(&session);
        let keys = asked.ok();
        keys.as_array().unwrap().contains(&json!(session))
    };
    assert!(recent());
    loop {
        // Other entries of the suite are heard of, too.
        let told = match socket.next_within(PATIENCE) {
            Some(Heard::Text(text)) => text,
            other => panic!("the time has not come: {other:?}"),
        };
        let is_there = recent();
        if told.contains("_edgepod_clock") && !is_there {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{told}");
    }
    assert!(began.elapsed() > Duration::from_secs(3));
}
