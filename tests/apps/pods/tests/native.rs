//! The native host with many pods: a file each, few of them open, and none that spoils the others.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use edgepod::native::{Location, Server, ServerError};
use edgepod_pods_app as _;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tungstenite::{Message, WebSocket, stream::MaybeTlsStream};

/// A server, and its folder.
struct Running {
    server: Arc<Server>,
    folder: Arc<TempDir>,
}

fn try_start(folder: &TempDir, name: &str, vars: &[(&str, &str)]) -> Result<Server, ServerError> {
    let pods = folder.path().join("pods");
    let ours = [
        ("EDGEPOD_API_KEY", "key"),
        ("EDGEPOD_PODS", pods.to_str().unwrap()),
    ];
    let vars = ours.iter().chain(vars);
    let vars = vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Server::start(Location::File(folder.path().join(name)), vars.collect())
}

fn start_in(folder: Arc<TempDir>, vars: &[(&str, &str)]) -> Running {
    let server = try_start(&folder, "data.sqlite", vars).unwrap();
    Running {
        server: Arc::new(server),
        folder,
    }
}

fn start(vars: &[(&str, &str)]) -> Running {
    start_in(Arc::new(tempfile::tempdir().unwrap()), vars)
}

impl Running {
    async fn call(&self, pod: &str, name: &str, args: Value) -> (u16, Value) {
        let request = Request::post(format!("/rpc/{name}"))
            .header("x-edgepod-key", "key")
            .header("x-edgepod-pod", pod)
            .body(Full::from(args.to_string()))
            .unwrap();
        let reply = self.server.answer(request).await;
        let status = reply.status().as_u16();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        match body.get("data") {
            Some(data) => (status, data.clone()),
            None => (status, body["error"].clone()),
        }
    }

    async fn add(&self, pod: &str, text: &str) -> u16 {
        self.call(pod, "addNote", json!({ "text": text })).await.0
    }

    async fn notes(&self, pod: &str) -> Value {
        let (status, notes) = self.call(pod, "getNotes", json!({})).await;
        assert_eq!(status, 200, "{notes}");
        notes
    }

    fn pods(&self) -> PathBuf {
        self.folder.path().join("pods")
    }

    /// How many databases are open: an open one has a log beside it.
    fn open(&self) -> usize {
        count(&self.pods(), ".sqlite-wal")
    }

    /// Serves until the test ends; the port.
    async fn serve(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.server.clone();
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        port
    }
}

fn count(folder: &Path, end: &str) -> usize {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(end)).count()
}

async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// Opens the socket of a session in a pod. (It blocks: for a test that is a client as well.)
async fn socket(port: u16, pod: &str) -> Result<Socket, u16> {
    let url =
        format!("ws://127.0.0.1:{port}/ws?key=key&sessionId={pod}&pod={pod}&since=&table=notes@x");
    let opened = tokio::task::spawn_blocking(move || tungstenite::connect(url));
    match opened.await.unwrap() {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(reply)) => Err(reply.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The type of the next message.
async fn next(socket: Socket) -> (Socket, String) {
    let read = tokio::task::spawn_blocking(move || {
        let mut socket = socket;
        let message = socket.read().unwrap();
        (socket, message)
    });
    let (socket, message) = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("a message")
        .unwrap();
    let Message::Text(text) = message else {
        panic!("{message:?}")
    };
    let json: Value = serde_json::from_str(text.as_str()).unwrap();
    (socket, json["type"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_pods_two_hundred_are_open() {
    const CLIENTS: usize = 8;
    let running = Arc::new(start(&[("EDGEPOD_MAX_PODS", "200")]));
    fs::create_dir_all(running.pods()).unwrap();
    for number in 0..10_000 {
        fs::write(running.pods().join(format!("open{number}.sqlite")), "").unwrap();
    }
    let clients = (0..CLIENTS).map(|client| {
        let running = running.clone();
        tokio::spawn(async move {
            for turn in 0..60 {
                let pod = format!("open{}", client * 1250 + turn * 20);
                assert_eq!(running.add(&pod, &pod).await, 200);
                // A folder changes while it is read: of each client a file that went and one that came may both be seen.
                let open = running.open();
                assert!(open <= 200 + CLIENTS, "{open} are open");
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let open = running.open();
    assert!((101..=200).contains(&open), "{open} are open");
    // What was closed is opened again, and has what was written.
    for number in [0, 20, 1250, 9_930] {
        let pod = format!("open{number}");
        assert_eq!(running.notes(&pod).await, json!([pod]));
    }
    assert_eq!(running.notes("open9999").await, json!([]));
    assert_eq!(count(&running.pods(), ".sqlite"), 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pod_with_a_socket_stays_open_and_others_are_closed() {
    let running = start(&[("EDGEPOD_MAX_PODS", "2"), ("EDGEPOD_POD_IDLE", "0.2")]);
    let port = running.serve().await;
    let (one, hello) = next(socket(port, "open1").await.unwrap()).await;
    assert_eq!(hello, "hello");
    let (two, _) = next(socket(port, "open2").await.unwrap()).await;
    // Both places are taken, and their owners are there.
    let (status, error) = running.call("open3", "getNotes", json!({})).await;
    assert_eq!((status, &error["code"]), (503, &json!("UNAVAILABLE")));
    assert_eq!(socket(port, "open4").await.err(), Some(503));
    assert_eq!(
        count(&running.pods(), ".sqlite"),
        2,
        "nothing was made for them"
    );
    drop(two);
    until("the second is closed", || running.open() == 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The first is still the engine that knows the socket.
    assert_eq!(running.add("open1", "heard").await, 200);
    let (one, stale) = next(one).await;
    assert_eq!(stale, "stale");
    // The file is closed a moment before its place is free.
    let mut tries = 0;
    while running.add("open3", "now there is room").await != 200 {
        tries += 1;
        assert!(tries < 3_000, "there is no room");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(one);
    until("all are closed", || running.open() == 0).await;
    assert_eq!(running.notes("open1").await, json!(["heard"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_of_a_sleeping_pod_open_it_once() {
    let running = Arc::new(start(&[("EDGEPOD_MAX_PODS", "3")]));
    let callers = (0..64).map(|caller| {
        let running = running.clone();
        tokio::spawn(async move {
            for turn in 0..20 {
                let pod = format!("open{}", fastrand::u8(0..6));
                // There may be no room for a moment: three are in use by others.
                let text = format!("{caller}-{turn}");
                while running.add(&pod, &text).await != 200 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let mut all = 0;
    for pod in 0..6 {
        all += running
            .notes(&format!("open{pod}"))
            .await
            .as_array()
            .unwrap()
            .len();
    }
    assert_eq!(all, 64 * 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_that_cannot_be_opened_spoils_no_other() {
    let running = start(&[]);
    assert_eq!(running.add("open-good", "good").await, 200);
    fs::write(
        running.pods().join("open-damaged.sqlite"),
        "no database".repeat(1000),
    )
    .unwrap();
    let other = rusqlite(
        &running.pods().join("open-other.sqlite"),
        "CREATE TABLE notes (id TEXT)",
    );
    assert!(other);
    for pod in ["open-damaged", "open-other"] {
        for _ in 0..3 {
            let (status, error) = running.call(pod, "getNotes", json!({})).await;
            assert_eq!(
                (status, &error["code"]),
                (503, &json!("UNAVAILABLE")),
                "{error}"
            );
            assert!(
                !error.to_string().contains("notes"),
                "the reason is for the log: {error}"
            );
        }
        assert_eq!(running.notes("open-good").await, json!(["good"]));
    }
    // Mended, it serves.
    fs::remove_file(running.pods().join("open-damaged.sqlite")).unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(running.notes("open-damaged").await, json!([]));
}

/// Runs a statement in a file of its own process.
fn rusqlite(path: &Path, sql: &str) -> bool {
    let connection = ::rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_pods_has_one_server_and_outlives_it() {
    let running = start(&[]);
    assert_eq!(running.add("open", "kept").await, 200);
    let folder = running.folder.clone();
    let refused = try_start(&folder, "other.sqlite", &[])
        .err()
        .expect("it is taken");
    assert!(refused.to_string().contains("pods"), "{refused}");
    drop(running);
    let again = start_in(folder, &[]);
    assert_eq!(again.notes("open").await, json!(["kept"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_a_pod_is_never_closed() {
    let vars = [("EDGEPOD_API_KEY", "key"), ("EDGEPOD_MAX_PODS", "2")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = Server::start(Location::Memory, vars.into()).unwrap();
    let running = Running {
        server: Arc::new(server),
        folder: Arc::new(tempfile::tempdir().unwrap()),
    };
    for pod in ["open1", "open2"] {
        assert_eq!(running.add(pod, pod).await, 200);
    }
    assert_eq!(running.call("open3", "getNotes", json!({})).await.0, 503);
    assert_eq!(running.notes("open1").await, json!(["open1"]));
}
