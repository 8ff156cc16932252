//! The runner of Workers, with a real workerd.

use std::{
    net::TcpStream,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use edgepod_cli::workerd::{Workerd, WorkerdBuilder};
use serde_json::{Value, json};

fn counter() -> WorkerdBuilder {
    Workerd::of_modules(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/counter"
    ))
    .var("EDGEPOD_API_KEY", "ep_pk_\"quoted\"")
}

fn get(server: &Workerd) -> Value {
    let url = format!("http://{}/some/path", server.address());
    let text = ureq::get(url)
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn data_outlives_a_restart_when_it_has_a_folder() {
    let storage = tempfile::tempdir().unwrap();
    let storage = storage.path().join("made/when/missing");

    let server = counter().storage(&storage).start().unwrap();
    assert_eq!(
        get(&server),
        json!({"count": 1, "key": "ep_pk_\"quoted\"", "greeting": "hello"})
    );
    assert_eq!(get(&server)["count"], 2);
    server.stop();

    let server = counter().storage(&storage).start().unwrap();
    assert_eq!(get(&server)["count"], 3);
}

#[test]
fn data_is_forgotten_without_a_folder() {
    assert_eq!(get(&counter().start().unwrap())["count"], 1);
    assert_eq!(get(&counter().start().unwrap())["count"], 1);
}

#[test]
fn a_dropped_server_is_gone() {
    let server = counter().start().unwrap();
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

/// Linux ends a child with the thread that started it, unless that is prevented.
#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let server = std::thread::spawn(|| counter().start().unwrap())
        .join()
        .unwrap();
    assert_eq!(get(&server)["count"], 1);
}

#[test]
fn what_the_worker_prints_is_handed_over() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let server = counter()
        .on_log(move |line| sink.lock().unwrap().push(line.to_owned()))
        .start()
        .unwrap();
    get(&server);
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline
        && !lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("request for /some/path"))
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("request for /some/path")),
        "{lines:?}"
    );
}

#[test]
fn a_taken_port_is_an_error_and_not_a_wait() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = counter()
        .port(taken.local_addr().unwrap().port())
        .start()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("workerd could not run the Worker"),
        "{error}"
    );
}

#[test]
fn a_module_that_does_not_load_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("entry.mjs"), "import './missing.js';").unwrap();
    let error = Workerd::of_modules(folder.path()).start().unwrap_err();
    assert!(
        error.to_string().contains("could not run the Worker"),
        "{error}"
    );
}

#[test]
fn a_folder_without_a_worker_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Workerd::of_modules(folder.path()).start().unwrap_err();
    assert!(
        error.to_string().contains("there is no entry.mjs in"),
        "{error}"
    );
}
