//! Jobs, as whoever runs the app sees them: through the command and the admin address.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use edgepod_tests::{
    cases,
    http::Call,
    server,
    server::{build_command, unique},
};
use serde_json::{Value, json};

use crate::life::{ask, count, wait_for};

/// The key of the server under test.
pub(crate) const KEY: &str = "admin-key-of-the-tests-0123456789abcdef";

cases![
    what_is_parked_is_listed_first_and_tried_again,
    what_waits_for_another_try_is_tried_now,
    what_waits_or_is_parked_is_taken_away,
    what_cannot_be_is_refused_and_says_why,
    a_change_by_the_admin_is_told_to_readers,
];

/// A request of somebody who has the key.
fn admin(method: &str, path: &str) -> Call<'static> {
    let path = format!("/_edgepod/v1{path}");
    let call = server().request(method, &path).without_key();
    call.header("authorization", &format!("Bearer {KEY}"))
}

/// What `edgepod jobs` with these arguments ends with, and what it printed and told.
fn command(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(build_command().expect("the command builds"))
        .arg("jobs")
        .args(arguments)
        .args(["--url", &server().url])
        .env("EDGEPOD_ADMIN_KEY", KEY)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code().expect("a code"),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Asks for a job that fails until [`allow`]ed; where `once`, it is parked at its first try.
fn fails(key: &str, once: bool) -> Value {
    let args = json!({ "key": key, "how": "waits", "once": once });
    ask("addWrongly", args)
}

fn allow(key: &str) {
    ask("addNow", json!({ "key": format!("{key} may") }));
}

fn what_is_parked_is_listed_first_and_tried_again() {
    let key = unique("parked");
    let waiting = ask(
        "addLater",
        json!({ "key": unique("later"), "millis": 600_000 }),
    );
    let parked = fails(&key, true);
    wait_for(&parked, "failed");

    let (code, printed, _) = command(&["list"]);
    assert_eq!(code, 0);
    let line = |id: &Value| {
        let id = id.to_string();
        let mut lines = printed.lines();
        lines
            .position(|line| line.split_whitespace().rev().nth(1) == Some(&id))
            .unwrap_or_else(|| panic!("no job {id}:\n{printed}"))
    };
    let (of_parked, of_waiting) = (line(&parked), line(&waiting));
    assert!(of_parked < of_waiting, "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[of_parked].starts_with("failed    1 try "),
        "{printed}"
    );
    assert!(lines[of_parked].ends_with("addIf"), "{printed}");
    assert_eq!(lines[of_parked + 1].trim(), "Not yet.");
    assert!(lines[of_waiting].contains("in 9 min"), "{printed}");
    let (_, printed, _) = command(&["list", "--state", "failed", "--json"]);
    let failed: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(failed.iter().all(|job| job["state"] == "failed"));
    assert!(failed.iter().any(|job| job["id"] == parked), "{printed}");

    // As often as a new one that is begun once: it fails again, then not.
    let id = parked.to_string();
    let (code, _, said) = command(&["retry", &id]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains(&format!("Retrying addIf (job {id})")),
        "{said}"
    );
    wait_for(&parked, "failed");
    allow(&key);
    assert_eq!(command(&["retry", &id]).0, 0);
    wait_for(&parked, "done");
    assert_eq!(count(&key), 1);
    ask("cancel", json!({ "job": waiting }));
}

fn what_waits_for_another_try_is_tried_now() {
    let key = unique("again");
    let job = fails(&key, false);
    let began = Instant::now();
    // Between the third and the fourth are sixteen seconds.
    while wait_for(&job, "waiting")["attempts"].as_i64() < Some(3) {
        assert!(began.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(50));
    }
    allow(&key);
    let retried = admin("POST", "/jobs/retry")
        .query("id", &job.to_string())
        .ok();
    assert_eq!(
        (&retried["state"], &retried["attempts"]),
        (&json!("waiting"), &json!(0))
    );
    let asked = Instant::now();
    let done = wait_for(&job, "done");
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "it waited for its time"
    );
    assert_eq!(done["attempts"], 1);
    assert_eq!(count(&key), 1);
}

fn what_waits_or_is_parked_is_taken_away() {
    let (later, key) = (unique("off"), unique("parked"));
    let waiting = ask("addLater", json!({ "key": later, "millis": 600_000 }));
    let parked = fails(&key, true);
    wait_for(&parked, "failed");
    let (code, _, said) = command(&["cancel", &waiting.to_string(), &parked.to_string()]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(count(&later), 0);
    for id in [&waiting, &parked] {
        wait_for(id, "cancelled");
        // The request may come twice.
        assert_eq!(
            admin("POST", "/jobs/cancel")
                .query("id", &id.to_string())
                .ok()["state"],
            "cancelled"
        );
    }
    let open = admin("GET", "/jobs").ok();
    let ids: Vec<&Value> = open["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert!(
        !ids.contains(&&waiting) && !ids.contains(&&parked),
        "{open}"
    );
}

fn what_cannot_be_is_refused_and_says_why() {
    let done = ask("addLater", json!({ "key": unique("done"), "millis": 0 }));
    wait_for(&done, "done");
    let waiting = ask(
        "addLater",
        json!({ "key": unique("waits"), "millis": 600_000 }),
    );
    let crons = admin("GET", "/jobs").query("state", "waiting").ok();
    let mut crons = crons["jobs"].as_array().expect("jobs").iter();
    let cron = crons
        .find(|job| job["function"] == "sweep")
        .expect("a cron");
    let (done, waiting, cron) = (
        done.to_string(),
        waiting.to_string(),
        cron["id"].to_string(),
    );
    let off = admin("POST", "/jobs/cancel").query("id", &waiting);
    for (path, id, status, words) in [
        (
            "/jobs/retry",
            "999999999",
            404,
            "There is no job 999999999.",
        ),
        (
            "/jobs/cancel",
            "999999999",
            404,
            "There is no job 999999999.",
        ),
        ("/jobs/retry", &*done, 409, "it is done"),
        ("/jobs/cancel", &*done, 409, "it is done"),
        ("/jobs/retry", &*waiting, 409, "has not failed"),
        ("/jobs/cancel", &*cron, 409, "is a cron"),
        ("/jobs/retry", "seven", 400, "`id`"),
        ("/jobs/cancel", "", 400, "`id`"),
    ] {
        let error = admin("POST", path).query("id", id).error(status);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{path} {id}: {error}");
    }
    admin("GET", "/jobs").query("state", "parked").error(400);
    admin("GET", "/jobs/retry").error(405);
    server().request("GET", "/_edgepod/v1/jobs").error(401);
    let (code, _, said) = command(&["retry", &done, "999999999"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("it is done") && said.contains("There is no job 999999999."),
        "{said}"
    );
    off.ok();
    let error = admin("POST", "/jobs/retry")
        .query("id", &waiting)
        .error(409);
    assert!(error.to_string().contains("was cancelled"), "{error}");
}

fn a_change_by_the_admin_is_told_to_readers() {
    let session = unique("reader");
    let mut socket = server().socket(&session);
    let job = ask(
        "addLater",
        json!({ "key": unique("told"), "millis": 600_000 }),
    );
    let asked = server().call("getJob").session(&session);
    assert_eq!(asked.args(json!({ "job": job })).ok()["state"], "waiting");
    admin("POST", "/jobs/cancel")
        .query("id", &job.to_string())
        .ok();
    socket.stale_of("_edgepod_jobs");
}
