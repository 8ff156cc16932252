//! The admin address: who has its key learns of every pod, and nobody else of any.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use edgepod_tests::{
    Socket, cases,
    http::{Call, Reply},
    server,
};
use serde_json::{Value, json};

use crate::{add, call_in, data_faults::faults, socket_url};

/// The key of the server under test.
pub(crate) const KEY: &str = "admin-key-of-the-tests-0123456789abcdef";

cases![
    without_the_key_nobody_is_told_anything,
    no_page_of_another_origin_is_let_in,
    what_is_not_there_is_404_and_another_method_405,
    pods_are_listed_by_name_and_in_pages,
    a_pod_says_how_it_is,
    a_pod_that_is_not_there_is_not_made_by_asking,
    jobs_are_of_a_pod,
    functions_of_any_kind_are_called_as_nobody,
    a_call_is_done_once_for_its_id_and_screens_hear_of_it,
    what_cannot_be_called_is_refused,
    the_command_calls_an_internal_function,
    a_pod_that_cannot_be_opened_tells_the_admin_why_and_others_503,
    the_command_wakes_all_pods_and_says_which_fail_however_often_the_server_is_killed,
];

/// A request of somebody who has the key.
pub(crate) fn admin(method: &str, path: &str) -> Call<'static> {
    let key = format!("Bearer {KEY}");
    unkeyed(method, path).header("authorization", &key)
}

pub(crate) fn unkeyed(method: &str, path: &str) -> Call<'static> {
    let path = format!("/_edgepod/v1{path}");
    server().request(method, &path).without_key()
}

/// The names of all pods, asked for in pages.
pub(crate) fn names(limit: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin("GET", "/pods").query("after", &after);
        let page = page.query("limit", &limit.to_string()).ok();
        let pods = page["pods"].as_array().expect("pods");
        assert!(pods.len() <= limit);
        names.extend(
            pods.iter()
                .filter_map(|pod| Some(pod["pod"].as_str()?.to_owned())),
        );
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return names,
        }
    }
}

/// On Workers the directory is told beside the first call.
pub(crate) fn until_listed(pod: &str) {
    let began = Instant::now();
    while !names(1000).iter().any(|name| name == pod) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{pod} is not listed"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn status_of(pod: &str) -> Value {
    admin("GET", "/status").query("pod", pod).ok()
}

fn is_not_cors(reply: &Reply) -> bool {
    let mut headers = reply.headers.iter();
    !headers.any(|(name, _)| name.starts_with("access-control"))
}

fn without_the_key_nobody_is_told_anything() {
    add(call_in("open-secret", "addNote"), "secret");
    let longer = format!("Bearer {KEY}x");
    let shorter = format!("Bearer {}", &KEY[1..]);
    let basic = format!("Basic {KEY}");
    let twice = format!("Bearer {KEY}, Bearer {KEY}");
    let public = format!("Bearer {}", server().key);
    let wrong = [
        &*longer, &*shorter, &*basic, &*twice, &*public, KEY, "", "Bearer ",
    ];
    for path in [
        "/pods",
        "/status?pod=open-secret",
        "/nothing",
        "",
        "/../v2/pods",
    ] {
        for method in ["GET", "POST", "OPTIONS", "DELETE"] {
            for authorization in wrong {
                let reply = unkeyed(method, path)
                    .header("authorization", authorization)
                    .send();
                let error = reply.assert_error(401);
                assert_eq!(error["code"], "UNAUTHORIZED");
                assert!(is_not_cors(&reply), "{reply:?}");
                assert!(!reply.text().contains("open-secret"), "{error}");
            }
        }
        unkeyed("GET", path).error(401);
    }
    // The app's own key is none, wherever it stands, and neither is the admin's in another place.
    server().request("GET", "/_edgepod/v1/pods").error(401);
    unkeyed("GET", "/pods").query("key", KEY).error(401);
    unkeyed("GET", "/pods")
        .header("x-edgepod-key", KEY)
        .error(401);
    assert!(!server().log().contains(KEY), "the key is in the log");
}

fn no_page_of_another_origin_is_let_in() {
    let origin = "https://evil.example";
    for (method, path) in [("GET", "/pods"), ("GET", "/nothing"), ("OPTIONS", "/pods")] {
        let call = admin(method, path).header("origin", origin);
        let reply = call.header("access-control-request-method", "GET").send();
        assert!(is_not_cors(&reply), "{method} {path}: {reply:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

fn what_is_not_there_is_404_and_another_method_405() {
    for path in ["/pod", "/pods/", "/pods/x", "/toString", "/__proto__"] {
        let error = admin("GET", path).error(404);
        assert!(
            error["message"]
                .as_str()
                .unwrap_or_default()
                .contains("GET /_edgepod/v1/pods")
        );
    }
    for path in [
        "/_edgepod",
        "/_edgepod/",
        "/_edgepod/v1",
        "/_edgepod/v2/pods",
        "/_edgepod/pods",
    ] {
        let key = format!("Bearer {KEY}");
        server()
            .request("GET", path)
            .header("authorization", &key)
            .error(404);
    }
    for (method, path, allow) in [("POST", "/pods", "GET"), ("GET", "/migrate", "POST")] {
        let reply = admin(method, path).send();
        reply.assert_error(405);
        assert_eq!(reply.header("allow"), Some(allow));
    }
}

fn pods_are_listed_by_name_and_in_pages() {
    let pods = [
        "open-list",
        "open-list/../b",
        "open-listB",
        "open-lista",
        "open-list%41",
    ];
    for pod in pods {
        add(call_in(pod, "addNote"), pod);
    }
    for pod in pods {
        until_listed(pod);
    }
    let all = names(1000);
    assert!(all.is_sorted(), "{all:?}");
    assert_eq!(names(2), all);
    for pod in pods {
        assert_eq!(all.iter().filter(|name| *name == pod).count(), 1);
    }
    for limit in ["0", "1001", "-1", "1.5", "many", ""] {
        admin("GET", "/pods").query("limit", limit).error(400);
    }
}

fn a_pod_says_how_it_is() {
    let pod = "open-status/../x";
    add(call_in(pod, "addNote"), "one");
    until_listed(pod);
    let status = status_of(pod);
    assert_eq!(status["pod"], pod);
    assert_eq!(status["state"], "ready", "{status}");
    assert_eq!(
        (&status["failure"], &status["pending"]),
        (&Value::Null, &json!([]))
    );
    assert!(
        status["bytes"].as_u64().is_some_and(|bytes| bytes >= 4096),
        "{status}"
    );
    assert!(
        status["life"].as_str().is_some_and(|life| life.len() > 8),
        "{status}"
    );
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let ago = now.as_millis() as i64 - status["opened_at"].as_i64().expect("a time");
    assert!((-1000..60_000).contains(&ago), "{status}");
    // Asked again it is the same engine, and another after its end.
    assert_eq!(status_of(pod)["life"], status["life"]);
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");
    let asleep = status_of(pod);
    assert_eq!(
        (&asleep["state"], &asleep["pod"]),
        (&json!("ready"), &json!(pod))
    );
    let woken = admin("POST", "/migrate").query("pod", pod).ok();
    assert_eq!(woken["state"], "ready");
    assert!(
        woken["life"].is_string() && woken["life"] != status["life"],
        "{woken}"
    );
    assert_eq!(call_in(pod, "getNotes").ok(), json!(["one"]));
}

fn a_pod_that_is_not_there_is_not_made_by_asking() {
    add(call_in("open-here", "addNote"), "here");
    until_listed("open-here");
    let before = server().databases();
    for (method, path) in [("GET", "/status"), ("POST", "/migrate")] {
        for pod in [
            "open-nobody",
            "nobody",
            " pods",
            "pods",
            "open-her",
            "open-HERE",
        ] {
            let status = admin(method, path).query("pod", pod).send().status;
            let expected = if pod.contains(' ') { 400 } else { 404 };
            assert_eq!(status, expected, "{pod}");
        }
        for pod in ["", "two words", "é", "open\0"] {
            admin(method, path).query("pod", pod).error(400);
        }
        admin(method, path).error(400);
    }
    assert_eq!(server().databases(), before, "a database was made");
    assert!(!names(1000).iter().any(|name| name == "open-nobody"));
}

fn jobs_are_of_a_pod() {
    for pod in ["open-jobs", "open-idle"] {
        add(call_in(pod, "addNote"), pod);
        until_listed(pod);
    }
    let args = json!({ "text": "later", "millis": 600_000 });
    call_in("open-jobs", "addNoteLater").args(args).ok();
    let jobs = |pod: &str| admin("GET", "/jobs").query("pod", pod).ok();
    assert_eq!(jobs("open-idle"), json!({ "jobs": [], "more": false }));
    let listed = jobs("open-jobs");
    let job = &listed["jobs"][0];
    assert_eq!(
        (&job["function"], &job["state"]),
        (&json!("addTimed"), &json!("waiting"))
    );
    let id = job["id"].to_string();
    let cancel = |pod: &str| {
        admin("POST", "/jobs/cancel")
            .query("pod", pod)
            .query("id", &id)
    };
    cancel("open-idle").error(404);
    assert_eq!(cancel("open-jobs").ok()["state"], "cancelled");
    assert_eq!(jobs("open-jobs")["jobs"], json!([]));
    for pod in ["open-no-such", "nobody"] {
        admin("GET", "/jobs").query("pod", pod).error(404);
    }
    admin("GET", "/jobs").error(400);
}

/// A call of a function, as the admin makes it.
pub(crate) fn called(pod: &str, function: &str, id: u128) -> Call<'static> {
    admin("POST", "/call")
        .query("pod", pod)
        .query("function", function)
        .query("id", &format!("{id:032x}"))
}

fn functions_of_any_kind_are_called_as_nobody() {
    let pod = "open-called";
    add(call_in(pod, "addNote"), "here");
    until_listed(pod);
    let call = |function: &str| called(pod, function, fastrand::u128(..));
    let text = |text: &str| json!({ "text": text });
    // Internal ones, one of them for whoever is signed in.
    assert_eq!(call("takeNote").args(text("admin")).ok(), pod);
    assert_eq!(call("takeNoteOfAUser").args(text("mine")).ok(), Value::Null);
    // An action, which calls a function of its pod itself.
    assert_eq!(call("passOn").args(text("more")).ok(), Value::Null);
    let reply = call("getNotes").send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let notes = json!([
        "here",
        "admin by nobody",
        "mine",
        "more passed on by nobody"
    ]);
    assert_eq!(reply.json()["data"], notes);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(is_not_cors(&reply), "{reply:?}");
    assert_eq!(call_in(pod, "getNotes").ok(), notes);
    call_in(pod, "takeNote").args(text("client")).error(404);
}

fn a_call_is_done_once_for_its_id_and_screens_hear_of_it() {
    let pod = "open-called-once";
    add(call_in(pod, "addNote"), "here");
    until_listed(pod);
    let session = "admin-calls";
    let mut socket = Socket::open(&socket_url(session, Some(pod))).expect("it opens");
    call_in(pod, "getNotes").session(session).ok();
    let id = fastrand::u128(..);
    let args = || json!({ "text": "twice" });
    assert_eq!(called(pod, "takeNote", id).args(args()).ok(), pod);
    socket.stale_of("notes");
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");
    assert_eq!(called(pod, "takeNote", id).args(args()).ok(), pod);
    assert_eq!(
        call_in(pod, "getNotes").ok(),
        json!(["here", "twice by nobody"])
    );
    // The same id for another call is a mistake.
    let other = called(pod, "takeNote", id).args(json!({ "text": "other" }));
    assert_eq!(other.error(409)["code"], "CONFLICT");
    // It is of the pod.
    add(call_in("open-called-too", "addNote"), "here");
    until_listed("open-called-too");
    called("open-called-too", "takeNote", id).args(args()).ok();
}

fn what_cannot_be_called_is_refused() {
    let pod = "open-refusing";
    add(call_in(pod, "addNote"), "here");
    until_listed(pod);
    let call = |function: &str| called(pod, function, fastrand::u128(..));
    for name in [
        "",
        "nothing",
        "take_note",
        "takeNote\n",
        "takeNote\n\nx",
        "GET /x",
    ] {
        assert_eq!(call(name).error(404)["code"], "NOT_FOUND", "{name:?}");
    }
    let empty = call("takeNote").args(json!({ "text": "" }));
    let error = empty.error(409);
    assert_eq!(
        (&error["code"], &error["data"]),
        (&json!("EMPTY"), &json!({ "of": pod }))
    );
    call("takeNote").args(json!({ "text": 7 })).error(400);
    call("takeNote").body("{").error(400);
    call("takeNote").body([0xff]).error(400);
    call("takeNote").args(json!({ "text": "panic" })).error(500);
    let without_id = admin("POST", "/call").query("pod", pod);
    let without_id = without_id.query("function", "takeNote");
    assert!(
        without_id.error(400)["message"]
            .as_str()
            .is_some_and(|it| it.contains("`id`"))
    );
    admin("GET", "/call").error(405);
    let before = server().databases();
    for absent in ["open-not-there", "nobody"] {
        called(absent, "takeNote", 1)
            .args(json!({ "text": "x" }))
            .error(404);
    }
    assert_eq!(server().databases(), before, "a database was made");
    let key = server().key.clone();
    let wrong = unkeyed("POST", "/call").header("authorization", &format!("Bearer {key}"));
    let wrong = wrong.query("pod", pod).query("function", "takeNote");
    wrong.args(json!({ "text": "x" })).error(401);
    assert_eq!(call_in(pod, "getNotes").ok(), json!(["here"]));
}

fn the_command_calls_an_internal_function() {
    let pod = "open-commanded";
    add(call_in(pod, "addNote"), "here");
    until_listed(pod);
    let run = |arguments: &[&str]| {
        let output = command("call", arguments).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (text(output.stdout), text(output.stderr))
    };
    let call = |args: &str| run(&["takeNote", args, "--admin", "--pod", pod]);
    let (printed, _) = call(r#"{"text":"cleaned"}"#);
    assert_eq!(printed, format!("\"{pod}\"\n"));
    let (_, said) = call(r#"{"text":""}"#);
    assert!(
        said.contains("A note of open-commanded says something. (EMPTY, 409 Conflict, trace "),
        "{said}"
    );
    let (_, said) = run(&["whoSigns", "{}", "--admin", "--pod", pod]);
    assert!(said.contains("There is no function `whoSigns`"), "{said}");
    let wrong = ["getNotes", "--admin", "--admin-key", "wrong", "--pod", pod];
    assert!(run(&wrong).1.contains("refuses the key"));
    // A page's key, and a pod.
    let (printed, _) = run(&["getNotes", "--pod", pod, "--key", &server().key]);
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed, json!(["here", "cleaned by nobody"]));
}

fn a_pod_that_cannot_be_opened_tells_the_admin_why_and_others_503() {
    add(call_in("open-sound", "addNote"), "sound");
    add(call_in("open-spoiled", "addNote"), "spoiled");
    until_listed("open-spoiled");
    call_in("open-spoiled", "spoil").ok();
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");
    for _ in 0..2 {
        let reply = call_in("open-spoiled", "getNotes").send();
        let error = reply.assert_error(503);
        assert_eq!(error["code"], "UNAVAILABLE");
        assert!(
            !error.to_string().contains("spoiled"),
            "the reason is the admin's: {error}"
        );
        assert!(reply.header("retry-after").is_some());
        let status = admin("POST", "/migrate").query("pod", "open-spoiled").ok();
        for status in [status, status_of("open-spoiled")] {
            assert_eq!(status["state"], "failed", "{status}");
            let why = status["failure"].as_str().expect("a reason");
            assert!(why.contains("spoiled"), "{why}");
        }
    }
    assert_eq!(call_in("open-sound", "getNotes").ok(), json!(["sound"]));
    assert_eq!(status_of("open-sound")["state"], "ready");
}

fn pods_command(arguments: &[&str]) -> Command {
    command("pods", arguments)
}

/// `edgepod` with this command and these arguments.
fn command(name: &str, arguments: &[&str]) -> Command {
    let command = server::build_command().expect("the command builds");
    let mut command = Command::new(command);
    command
        .arg(name)
        .args(arguments)
        .args(["--url", &server().url])
        .env("EDGEPOD_ADMIN_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn the_command_wakes_all_pods_and_says_which_fail_however_often_the_server_is_killed() {
    let pods: Vec<String> = (0..40).map(|n| format!("open-roll-{n:02}")).collect();
    let spoiled = [&pods[3], &pods[20], &pods[39]];
    for pod in &pods {
        add(call_in(pod, "addNote"), pod);
    }
    for pod in spoiled {
        call_in(pod, "spoil").ok();
    }
    for pod in &pods {
        until_listed(pod);
    }
    server().kill().expect("it is this process's own");
    server().start_again().expect("it starts again");

    let (kills, mut random) = faults("EDGEPOD_PODS", 4);
    let roll_out = || {
        let mut command = pods_command(&["migrate", "--all", "--parallel", "4"]);
        command.spawn().expect("it runs")
    };
    let mut command = roll_out();
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(random.u64(50..400)));
        server().kill().expect("it is this process's own");
        server().start_again().expect("it starts again");
        // It has given up, or come to its end: it is run again, and is there when the server is killed the next time.
        if command.try_wait().expect("it is ours").is_some() {
            command = roll_out();
        }
    }
    let (output, said) = loop {
        let output = command.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !said.contains("nothing answers") {
            break (output, said);
        }
        command = roll_out();
    };
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains(KEY), "{said}");
    for pod in &pods {
        let is_named = said.contains(&format!("the pod {pod} does not migrate: "));
        assert_eq!(is_named, spoiled.contains(&pod), "{pod}: {said}");
        // Which of them it said before the last kill is not known: each is opened once more.
        let status = admin("POST", "/migrate").query("pod", pod).ok();
        let state = if is_named { "failed" } else { "ready" };
        assert_eq!(status["state"], state, "{status}");
        assert_eq!(status["pending"], json!([]), "{status}");
    }
    for pod in &pods {
        if spoiled.contains(&pod) {
            call_in(pod, "getNotes").error(503);
        } else {
            assert_eq!(call_in(pod, "getNotes").ok(), json!([pod]));
        }
    }

    let listed = pods_command(&["list"]).output().expect("it runs");
    let listed = String::from_utf8(listed.stdout).expect("text");
    assert_eq!(listed.lines().collect::<Vec<_>>(), names(1000));
    let arguments = ["status", "--json", &pods[0], spoiled[0]];
    let stated = pods_command(&arguments).output().expect("it runs");
    let stated = String::from_utf8(stated.stdout).expect("text");
    let stated: Vec<Value> = stated
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(stated[0]["state"], "ready");
    assert!(stated[0]["failure"].is_null());
    assert_eq!(stated[1]["state"], "failed", "{}", stated[1]);
    let output = pods_command(&["migrate", &pods[0]]).output();
    assert!(output.expect("it runs").status.success());

    let wrong = pods_command(&["list", "--admin-key", "wrong"]).output();
    let wrong = String::from_utf8(wrong.expect("it runs").stderr).expect("text");
    assert!(wrong.contains("refuses the key"), "{wrong}");
}
