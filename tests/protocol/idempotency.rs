//! A function that is called again with the key of its first call.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Call, cases, server};
use serde_json::{Value, json};

cases![
    the_second_call_returns_the_first_reply_and_does_nothing,
    the_order_of_arguments_does_not_matter,
    a_call_without_a_key_runs_each_time,
    another_key_runs_again,
    a_key_stands_for_one_function_and_its_arguments,
    an_error_is_not_remembered,
    a_replay_announces_nothing,
    a_replay_subscribes,
    two_at_once_run_once,
    a_key_is_visible_ascii,
    a_query_ignores_the_key,
    browsers_may_send_the_key,
    the_table_of_replies_is_nobodys,
    a_reply_outlives_the_process,
];

fn call(key: &str, name: &str, args: &Value) -> Call<'static> {
    server()
        .call(name)
        .args(args.clone())
        .header("x-edgepod-idempotency-key", key)
}

fn email() -> String {
    format!("{}@example.com", server::unique("once"))
}

fn users() -> usize {
    server()
        .call("getUsers")
        .ok()
        .as_array()
        .map_or(0, Vec::len)
}

fn the_second_call_returns_the_first_reply_and_does_nothing() {
    let key = server::unique("key");
    let args = json!({"email": email(), "name": "Once"});
    let first = call(&key, "insertUser", &args).send().json();
    assert_eq!(first["meta"].get("replayed"), None, "{first}");
    let count = users();
    for _ in 0..2 {
        // Run again, it would conflict with the first.
        let again = call(&key, "insertUser", &args).send();
        assert_eq!(again.status, 200, "{}", again.text());
        let again = again.json();
        assert_eq!(again["data"], first["data"]);
        assert_eq!(again["meta"]["replayed"], json!(true), "{again}");
        assert_eq!(again["meta"]["written"], json!(["users"]), "{again}");
        assert_eq!(again["meta"]["tables"], first["meta"]["tables"]);
        assert_eq!(again["meta"]["version"], first["meta"]["version"]);
        assert_ne!(again["meta"]["trace_id"], first["meta"]["trace_id"]);
    }
    assert_eq!(users(), count);
}

fn the_order_of_arguments_does_not_matter() {
    let (key, email) = (server::unique("key"), email());
    let send = |body: String| {
        let call = call(&key, "insertUser", &json!({})).body(body);
        call.ok()
    };
    let first = send(format!(r#"{{"email":"{email}","name":"Once"}}"#));
    let again = send(format!(r#"{{ "name" : "Once", "email" : "{email}" }}"#));
    assert_eq!(first, again);
}

fn a_call_without_a_key_runs_each_time() {
    let args = json!({"email": email()});
    server().call("insertUser").args(args.clone()).ok();
    server().call("insertUser").args(args).error(409);
}

fn another_key_runs_again() {
    let args = json!({"email": email()});
    call(&server::unique("key"), "insertUser", &args).ok();
    call(&server::unique("key"), "insertUser", &args).error(409);
}

fn a_key_stands_for_one_function_and_its_arguments() {
    let key = server::unique("key");
    let user = call(&key, "insertUser", &json!({"email": email()})).ok();
    for (name, args) in [
        ("insertUser", json!({"email": email()})),
        ("deleteUser", json!({"id": user["id"]})),
    ] {
        let error = call(&key, name, &args).error(409);
        let message = error["message"].to_string();
        assert!(message.contains("X-EdgePod-Idempotency-Key"), "{message}");
    }
    let by_id = server().call("getUserById").args(json!({"id": user["id"]}));
    assert_eq!(by_id.ok(), user);
}

fn an_error_is_not_remembered() {
    let key = server::unique("key");
    let args = json!({"email": email()});
    let taken = server().call("insertUser").args(args.clone()).ok();
    call(&key, "insertUser", &args).error(409);
    call(&key, "insertUser", &args).error(409);
    let gone = server().call("deleteUser").args(json!({"id": taken["id"]}));
    gone.ok();
    let user = call(&key, "insertUser", &args).send().json();
    assert_eq!(user["data"]["email"], args["email"]);
    assert_eq!(user["meta"].get("replayed"), None, "{user}");
}

fn a_replay_announces_nothing() {
    let (key, args) = (server::unique("key"), json!({"email": email()}));
    let session = server::unique("replay");
    let mut socket = server().socket(&session);
    server().call("getUsers").session(&session).ok();
    call(&key, "insertUser", &args).ok();
    assert_eq!(socket.stale(), BTreeSet::from(["users".to_owned()]));
    call(&key, "insertUser", &args).ok();
    socket.assert_silent();
}

fn a_replay_subscribes() {
    // deleteUser reads posts to delete them along.
    let user = server()
        .call("insertUser")
        .args(json!({"email": email()}))
        .ok();
    let (key, args) = (server::unique("key"), json!({"id": user["id"]}));
    let first = call(&key, "deleteUser", &args).send().json();
    let again = call(&key, "deleteUser", &args).send().json();
    assert_eq!(first["meta"]["tables"], again["meta"]["tables"]);
    assert_eq!(first["meta"]["written"], again["meta"]["written"]);
}

fn two_at_once_run_once() {
    for _ in 0..5 {
        let (key, args) = (server::unique("key"), json!({"email": email()}));
        let replies: Vec<Value> = thread::scope(|scope| {
            let calls: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| call(&key, "insertUser", &args).send()))
                .collect();
            calls
                .into_iter()
                .map(|call| {
                    let reply = call.join().expect("a reply");
                    assert_eq!(reply.status, 200, "{}", reply.text());
                    reply.json()
                })
                .collect()
        });
        let ran = replies
            .iter()
            .filter(|reply| reply["meta"].get("replayed").is_none());
        assert_eq!(ran.count(), 1, "{replies:?}");
        assert!(
            replies
                .iter()
                .all(|reply| reply["data"] == replies[0]["data"])
        );
    }
}

fn a_key_is_visible_ascii() {
    let args = || json!({"email": email()});
    call(&"k".repeat(128), "insertUser", &args()).send();
    for key in ["k".repeat(129), "two words".to_owned()] {
        let error = call(&key, "insertUser", &args()).error(400);
        assert!(error["message"].to_string().contains("128"), "{error}");
    }
}

fn a_query_ignores_the_key() {
    let key = server::unique("key");
    call(&key, "getUsers", &json!({})).ok();
    let reply = call(&key, "getPosts", &json!({})).send().json();
    assert_eq!(reply["meta"].get("replayed"), None, "{reply}");
}

fn browsers_may_send_the_key() {
    let reply = server()
        .request("OPTIONS", "/rpc/insertUser")
        .without_key()
        .header("origin", "https://app.test")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "x-edgepod-idempotency-key",
        )
        .send();
    assert_eq!(reply.status, 204);
    let allowed = reply
        .header("access-control-allow-headers")
        .unwrap_or_default();
    assert!(allowed.contains("x-edgepod-idempotency-key"), "{allowed}");
}

fn the_table_of_replies_is_nobodys() {
    let (key, args) = (server::unique("key"), json!({"email": email()}));
    let first = call(&key, "insertUser", &args).send().text();
    let again = call(&key, "insertUser", &args).send().text();
    assert!(
        !first.contains("_edgepod") && !again.contains("_edgepod"),
        "{first} {again}"
    );
}

/// The users example in a process of its own, which can be killed.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(command: &Path, library: &Path, folder: &Path) -> Self {
        let port = server::free_port().expect("a port");
        let child = Command::new(command)
            .arg("__run")
            .arg(library)
            .env("EDGEPOD_LISTEN", format!("127.0.0.1:{port}"))
            .env("EDGEPOD_DATABASE", folder.join("data.sqlite"))
            .env("EDGEPOD_API_KEY", &server().key)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the process starts");
        let process = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let began = Instant::now();
        while server()
            .request_to(&process.url, "POST", "/rpc/getPosts")
            .try_send()
            .is_err()
        {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not answer"
            );
            thread::sleep(Duration::from_millis(20));
        }
        process
    }

    fn insert(&self, key: &str, args: &Value) -> Value {
        let reply = server()
            .request_to(&self.url, "POST", "/rpc/insertUser")
            .args(args.clone())
            .header("x-edgepod-idempotency-key", key)
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

impl Drop for Process {
    /// SIGKILL: it can clean up nothing.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn a_reply_outlives_the_process() {
    if std::env::var("EDGEPOD_TEST_URL").is_ok()
        || std::env::var("EDGEPOD_TEST_HOST").is_ok_and(|host| host != "native")
    {
        // A Durable Object's storage outlives it by the platform's promise; its process is not ours to kill.
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let command = server::build_command().expect("the command builds");
    let package = match server().only_pod() {
        Some(_) => "users-in-pods",
        None => "users",
    };
    let library = server::build_library(package).expect("the app builds");
    let start = || Process::start(&command, &library, folder.path());
    let (key, args) = ("the-only-key", json!({"email": "killed@example.com"}));
    let process = start();
    let first = process.insert(key, &args);
    drop(process);
    let process = start();
    let again = process.insert(key, &args);
    assert_eq!(again["meta"]["replayed"], json!(true), "{again}");
    assert_eq!(again["data"], first["data"]);
    // Another life: every version of the first is older.
    let (before, after) = (&first["meta"]["version"], &again["meta"]["version"]);
    assert!(before.as_str() < after.as_str(), "{before} {after}");
}
