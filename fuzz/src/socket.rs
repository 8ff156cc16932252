//! The address of a socket: it is refused, or it opens one that is greeted as the wire's contract says, and nothing is kept under
//! a name that a client has invented.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use edgepod_runtime::{
    engine::{Call, Callee, Engine, Headers, SocketId},
    gateway::{Config, Decision, Gateway, Head, Route},
    host::native::testing::TestHost,
};
use serde_json::Value as Json;

struct Opened {
    gateway: Gateway,
    host: Arc<TestHost>,
    engine: Arc<Engine>,
}

fn opened() -> &'static Opened {
    static OPENED: OnceLock<Opened> = OnceLock::new();
    OPENED.get_or_init(|| {
        let host = Arc::new(TestHost::in_memory().expect("a database"));
        let config =
            Config::from_vars(|name| (name == "EDGEPOD_API_KEY").then(|| "key".to_owned()));
        Opened {
            gateway: Gateway::new(config).expect("a gateway"),
            engine: Engine::start(host.clone()).expect("the app starts"),
            host,
        }
    })
}

/// What the platform keeps with a socket.
const ATTACHMENT: usize = 16_384;

fn call(name: &str, args: &str, session: Option<&str>) -> Json {
    let engine = &opened().engine;
    let function = engine.registry().get(name).expect("a function");
    let Callee::AtOnce(function) = function.callee() else {
        panic!("{name} is an action");
    };
    let outcome = engine.call(
        function,
        Call {
            args,
            session,
            user: None,
            headers: Headers::from_json("{}"),
            trace_id: "fuzz",
            origin: None,
        },
    );
    assert_eq!(outcome.status, 200, "{}", outcome.body);
    serde_json::from_str(&outcome.body).expect("JSON")
}

/// Opens a socket at the address whose query the input is. `$` stands for the present version.
///
/// # Panics
/// When what the socket hears, or what is kept with it, is not what it may be.
pub fn socket(input: &[u8]) {
    let Opened {
        gateway,
        host,
        engine,
    } = opened();
    let version = call("addNote", r#"{"text":"before"}"#, None)["meta"]["version"]
        .as_str()
        .expect("a version")
        .to_owned();
    let query = String::from_utf8_lossy(input).replace('$', &version);
    let head = Head {
        method: "GET",
        path: "/ws",
        query: &query,
        key: Some("key"),
        authorization: None,
        session: None,
        reactive: None,
        upgrade: Some("websocket"),
        request_headers: None,
        ..Head::default()
    };
    let (session, resume) = match gateway.route(engine.registry(), &head, "fuzz", || 0) {
        Decision::Done(Route::Socket {
            session, resume, ..
        }) => (session, resume),
        Decision::Done(Route::Reply(reply)) => {
            assert_eq!(reply.status, 400, "{}", reply.body);
            return;
        }
        _ => panic!("neither a socket nor a reply: {query}"),
    };
    assert!((1..=128).contains(&session.len()) && resume.held.len() <= 1000);
    // A reply is on its way, perhaps.
    if input.len().is_multiple_of(3) {
        call("findNotes", r#"{"text":"before"}"#, Some(&session));
    }
    host.take_sent();
    let socket = SocketId(1);
    engine.socket_opened(socket, &session, &resume);
    let greetings = host.take_sent();
    if resume.since.is_some() {
        assert_eq!(greetings.len(), 1, "{query}");
        assert_eq!(message(&greetings[0].1)["type"], "hello");
    }
    for (_, text) in &greetings {
        let tables = message(text)["tables"].clone();
        // Only what this client has named, or what there is.
        for table in tables.as_array().expect("tables") {
            let table = table.as_str().expect("a name");
            assert!(
                is_known(table)
                    || resume
                        .held
                        .iter()
                        .any(|held| held.topic.table.as_str() == table),
                "{table} in {text} of {query}"
            );
        }
    }
    call("addNote", r#"{"text":"after"}"#, None);
    for (_, text) in host.take_sent() {
        let stale = message(&text);
        assert_eq!(stale["type"], "stale");
        let tables = stale["tables"].as_array().expect("tables");
        assert!(
            tables
                .iter()
                .all(|table| table.as_str().is_some_and(is_known)),
            "{text} of {query}"
        );
    }
    if let Some(attachment) = host.attachment(socket) {
        assert!(attachment.len() <= ATTACHMENT);
        let kept: HashMap<String, Json> = serde_json::from_str(&attachment).expect("JSON");
        for topic in ["t", "c"].iter().filter_map(|member| kept.get(*member)) {
            for topic in topic.as_array().expect("topics") {
                let topic = topic.as_str().expect("a topic");
                let table = topic.rsplit_once('#').map_or(topic, |(table, _)| table);
                assert!(is_known(table), "{attachment} of {query}");
            }
        }
    }
    engine.socket_closed(socket);
    call("addNote", r#"{"text":"gone"}"#, None);
    assert_eq!(host.take_sent(), [], "{query}");
}

fn is_known(table: &str) -> bool {
    matches!(table, "notes" | "items" | "*")
}

fn message(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}
