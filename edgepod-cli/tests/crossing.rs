//! What crosses between a Worker and its object, on workerd: with one of them of the version before, and through many lives of
//! an object.

use std::path::Path;
use std::sync::OnceLock;

use edgepod_cli::app::App;
use edgepod_cli::build::{Profile, Worker};
use edgepod_cli::workerd::Workerd;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The users example's Worker.
fn worker() -> &'static Path {
    static WORKER: OnceLock<TempDir> = OnceLock::new();
    WORKER
        .get_or_init(|| {
            let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/users");
            let built = Worker::build(&App::find(&example).unwrap(), Profile::Dev).unwrap();
            let folder = tempfile::tempdir().unwrap();
            copy(&built.folder, folder.path());
            folder
        })
        .path()
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

/// The Worker with another main module.
fn serve(main: &str) -> (TempDir, Workerd) {
    let folder = tempfile::tempdir().unwrap();
    copy(worker(), folder.path());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crossing");
    std::fs::copy(fixtures.join(main), folder.path().join("entry.mjs")).unwrap();
    let server = Workerd::of_modules(folder.path())
        .var("EDGEPOD_API_KEY", "ep_pk_test")
        .start()
        .unwrap();
    (folder, server)
}

/// Status, the header `Retry-After`, and the body.
fn post(server: &Workerd, path: &str, body: &str) -> (u16, Option<String>, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut reply = agent
        .post(format!("http://{}{path}", server.address()))
        .header("x-edgepod-key", "ep_pk_test")
        .header("x-edgepod-session-id", "session-1")
        .send(body)
        .unwrap();
    let wait = reply.headers().get("retry-after");
    (
        reply.status().as_u16(),
        wait.map(|wait| wait.to_str().unwrap().to_owned()),
        reply.body_mut().read_to_string().unwrap(),
    )
}

#[test]
fn a_worker_asks_an_object_of_the_version_before() {
    let (_folder, server) = serve("object-before.mjs");
    let expected = |method: &str, name: &str, args: &str| json!({"method": method, "name": name, "session": "session-1", "user": "", "key": "ep_pk_test", "args": args});
    let data = |body: &str| serde_json::from_str::<Value>(body).unwrap()["data"].clone();

    let (status, _, body) = post(&server, "/rpc/getPosts", "{\n}");
    assert_eq!(
        (status, data(&body)),
        (200, expected("call", "getPosts", "{\n}"))
    );
    let batch = r#"{"calls":[{"name":"getPosts"}]}"#;
    let (status, _, body) = post(&server, "/rpc", batch);
    assert_eq!(
        (status, data(&body)),
        (200, expected("callBatch", "", batch))
    );
    let (status, wait, body) = post(&server, "/rpc/insertUser", "{}");
    assert_eq!((status, wait.as_deref()), (429, Some("30")));
    assert!(body.contains("RATE_LIMITED"), "{body}");
}

#[test]
fn an_object_answers_a_worker_of_the_version_before() {
    let (_folder, server) = serve("worker-before.mjs");
    let create =
        "insertUser\n\n0123456789abcdef\n\n{}\n{\"email\":\"ada@example.com\",\"name\":\"Ada\"}";
    let (_, _, created) = post(&server, "/call", create);
    assert!(created.starts_with("200{\"data\":{"), "{created}");
    assert!(created.contains("ada@example.com"), "{created}");
    // Its own words for what fails, too.
    let (_, _, again) = post(&server, "/call", create);
    assert!(again.starts_with("409{\"error\":{"), "{again}");
    let (_, _, unknown) = post(
        &server,
        "/callAction",
        "nothing\n\n0123456789abcdef\n\n{}\n",
    );
    assert!(unknown.starts_with("404{\"error\":{"), "{unknown}");
    let batch = "\n\n0123456789abcdef\n\n{}\n{\"calls\":[{\"name\":\"getUsers\"}]}";
    let (_, _, batch) = post(&server, "/callBatch", batch);
    assert!(
        batch.starts_with("200{\"results\":[{\"status\":200,"),
        "{batch}"
    );
    // A route that it does not have is one of a build that is on its way: to be asked again.
    let route = "2H\nPOST /hooks\n\n0123456789abcdef\n\n{}\nPOST /hooks";
    let (_, _, unknown) = post(&server, "/serve", route);
    assert!(
        unknown.starts_with("25035{\"error\":{\"code\":\"UNAVAILABLE\""),
        "{unknown}"
    );
    // And of one that is newer than it knows, an object says what it knows.
    let (_, _, newer) = post(
        &server,
        "/serve",
        "3C\ngetUsers\n\n0123456789abcdef\n\n{}\n",
    );
    assert_eq!(newer, "!2");
}

#[test]
fn ten_thousand_lives_of_an_object_leave_no_engine_behind() {
    let (_folder, server) = serve("lives.mjs");
    let live = |times: u32| -> u64 { post(&server, &format!("/{times}"), "").2.parse().unwrap() };
    let first = live(1_000);
    let mut last = first;
    for _ in 0..9 {
        last = live(1_000);
    }
    // Memory of WebAssembly grows by pages, and never shrinks.
    assert!(last <= first + 65_536, "{first} bytes, and then {last}");
}
