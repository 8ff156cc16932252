//! What crosses between a Worker and its object, on workerd: with one of them of the version before, and through many lives of
//! an object.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
    workerd::Workerd,
};
use serde_json::Value;
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

/// The Worker with another main module, beside the modules of the version before.
fn serve(main: &str) -> (TempDir, Workerd) {
    let folder = tempfile::tempdir().unwrap();
    copy(worker(), folder.path());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crossing");
    for (from, to) in [
        (fixtures.join(main), "entry.mjs"),
        (fixtures.join("before.mjs"), "before.mjs"),
        (fixtures.join("core-before.mjs"), "core-before.mjs"),
        (folder.path().join("core.js"), "core-of-before.js"),
    ] {
        std::fs::copy(from, folder.path().join(to)).unwrap();
    }
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

/// A socket: what came of its opening, and everything that it is told until there is this text.
struct Socket(TcpStream, String);

impl Socket {
    fn open(server: &Workerd) -> Self {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let path = "/ws?key=ep_pk_test&sessionId=session-2&since=&table=users";
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut socket = Self(stream, String::new());
        socket.until("\r\n\r\n");
        socket
    }

    fn until(&mut self, text: &str) -> &str {
        let mut bytes = [0; 4096];
        while !self.1.contains(text) {
            let read = self.0.read(&mut bytes).unwrap();
            assert!(read > 0, "it was closed after {:?}", self.1);
            self.1.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        &self.1
    }
}

/// What a client does, whoever of Worker and object is of the version before.
fn a_client_is_served(server: &Workerd) {
    let mut socket = Socket::open(server);
    assert!(socket.until("\r\n\r\n").starts_with("HTTP/1.1 101 "));

    let ada = r#"{"email":"ada@example.com","name":"Ada"}"#;
    let (status, _, created) = post(server, "/rpc/insertUser", ada);
    assert_eq!(status, 200, "{created}");
    assert!(created.contains("ada@example.com"), "{created}");
    assert!(socket.until("users").contains("\"type\""));
    // What fails has its status, its code and its words.
    let (status, _, again) = post(server, "/rpc/insertUser", ada);
    assert_eq!(status, 409, "{again}");
    assert!(again.contains("\"CONFLICT\""), "{again}");
    let (status, _, unknown) = post(server, "/rpc/getUnicorns", "{}");
    assert_eq!(status, 404, "{unknown}");

    let (status, _, users) = post(server, "/rpc/getUsers", "{\n}");
    assert_eq!(status, 200, "{users}");
    let batch = r#"{"calls":[{"name":"getUsers"},{"name":"getUserById","args":{"id":1}}]}"#;
    let (status, _, both) = post(server, "/rpc", batch);
    assert_eq!(status, 200, "{both}");
    let both: Value = serde_json::from_str(&both).unwrap();
    assert_eq!(both["results"][1]["data"]["name"], "Ada", "{both}");

    // Arguments that come with the address.
    let agent = ureq::Agent::new_with_defaults();
    let address = format!("http://{}/rpc/getUserById", server.address());
    let one = agent
        .get(address)
        .query("args", r#"{"id":1}"#)
        .header("x-edgepod-key", "ep_pk_test");
    let one = one.call().unwrap().body_mut().read_to_string().unwrap();
    assert!(one.contains("ada@example.com"), "{one}");
}

#[test]
fn a_worker_asks_an_object_of_the_version_before() {
    let (_folder, server) = serve("object-before.mjs");
    a_client_is_served(&server);
}

#[test]
fn a_worker_of_the_version_before_asks_an_object() {
    let (_folder, server) = serve("worker-before.mjs");
    a_client_is_served(&server);
}

#[test]
fn an_object_of_the_version_before_is_asked_for_nothing_that_came_later() {
    let (_folder, server) = serve("asks.mjs");
    let ask = |kind: &str| {
        let message = format!("2{kind}\nnothing\n\n0123456789abcdef\n\n{{}}\n{{}}");
        post(&server, "/", &message).2
    };
    for kind in ["C", "A"] {
        let outcome = ask(kind);
        assert!(outcome.starts_with("2404{\"error\":{"), "{outcome}");
    }
    let refused = ask("I");
    assert!(refused.contains("older build"), "{refused}");
}

#[test]
fn an_object_answers_a_worker_of_the_version_before() {
    let (_folder, server) = serve("calls.mjs");
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
