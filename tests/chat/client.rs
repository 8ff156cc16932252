//! A window of somebody who chats.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::{Call, Heard, PATIENCE, Reply, Socket, server};
use serde_json::{Value, json};
use tungstenite::Message;

/// Somebody with an account, and the pod where they call: the directory, or an organisation's.
#[derive(Clone)]
pub struct Member {
    pub key: String,
    pub token: String,
}

impl Member {
    /// Signs up, and calls in the directory.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let device = server().call("signUp").args(json!({"name": name})).ok();
        let key = device["key"].as_str().expect("a key").to_owned();
        let token = token(json!({"key": key}));
        Self { key, token }
    }

    /// Calls in an organisation's pod.
    #[track_caller]
    pub fn of(&self, org: &Value) -> Self {
        let key = self.key.clone();
        let token = token(json!({"key": key, "org": org["id"]}));
        Self { key, token }
    }

    /// Calls in the directory.
    #[track_caller]
    pub fn in_directory(&self) -> Self {
        let key = self.key.clone();
        let token = token(json!({"key": key}));
        Self { key, token }
    }

    /// A request with the token.
    #[track_caller]
    pub fn with(&self, name: &str, args: Value) -> Call<'static> {
        let call = server().call(name).args(args);
        call.header("authorization", &format!("Bearer {}", self.token))
    }

    /// Calls a function from no window.
    #[track_caller]
    pub fn call(&self, name: &str, args: Value) -> Value {
        self.with(name, args).ok()
    }

    /// Founds an organisation.
    #[track_caller]
    pub fn org(&self) -> Value {
        let name = server::unique("org");
        self.call("createOrg", json!({"name": name}))
    }

    /// Comes into an organisation, and calls in its pod.
    #[track_caller]
    pub fn join(&self, org: &Value) -> Self {
        self.call("joinOrg", json!({"invitation": org["invitation"]}));
        self.of(org)
    }

    /// Opens a room.
    #[track_caller]
    pub fn room(&self, name: &str) -> i64 {
        let room = self.call("createRoom", json!({"name": name}));
        room["id"].as_i64().expect("a number")
    }

    #[track_caller]
    pub fn window(&self) -> Window {
        self.window_of(&server::unique("chat"))
    }

    /// A window of this session.
    #[track_caller]
    pub fn window_of(&self, session: &str) -> Window {
        Window {
            socket: self.socket(session),
            session: session.to_owned(),
            member: self.clone(),
        }
    }

    #[track_caller]
    fn socket(&self, session: &str) -> Socket {
        let url = server().socket_url(&server().key, session);
        let opened = Socket::open_as_a_page(&url, &self.token);
        opened.unwrap_or_else(|error| panic!("{error}")).0
    }
}

#[track_caller]
fn token(args: Value) -> String {
    let token = server().call("signIn").args(args).ok();
    token.as_str().expect("a token").to_owned()
}

/// An organisation, and two members in its pod.
#[track_caller]
pub fn office() -> (Member, Member, Value) {
    let ada = Member::new("Ada");
    let org = ada.org();
    (ada.of(&org), Member::new("Bob").join(&org), org)
}

/// A window: a session with a socket.
pub struct Window {
    pub socket: Socket,
    pub session: String,
    member: Member,
}

impl Window {
    /// Calls a function, and returns its data. What it reads, the window shows.
    #[track_caller]
    pub fn call(&self, name: &str, args: Value) -> Value {
        self.reply(name, args).json()["data"].clone()
    }

    /// A request of this window.
    #[track_caller]
    pub fn ask(&self, name: &str, args: Value) -> Call<'static> {
        self.member.with(name, args).session(&self.session)
    }

    #[track_caller]
    pub fn reply(&self, name: &str, args: Value) -> Reply {
        let reply = self.ask(name, args).send();
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        reply
    }

    /// Its connection is lost, and it opens another.
    #[track_caller]
    pub fn reconnect(&mut self) {
        self.socket = self.member.socket(&self.session);
    }

    /// The tables that it is told to have changed, within a time: of all signals.
    #[track_caller]
    pub fn told_within(&mut self, time: Duration) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        let mut time = time;
        let mut is_asked = false;
        while let Some(heard) = self.socket.next_within(time) {
            let Heard::Text(text) = heard else {
                panic!("{heard:?}");
            };
            if text.contains("pong") {
                time = Duration::from_millis(100);
                continue;
            }
            let signal: Value = serde_json::from_str(&text).expect("a signal is JSON");
            assert_eq!(signal["type"], "stale");
            let named = signal["tables"].as_array().expect("tables");
            tables.extend(named.iter().map(|table| table.as_str().unwrap().to_owned()));
            // What belongs to it comes before the answer to a ping, or follows that at once.
            if !is_asked {
                is_asked = true;
                time = PATIENCE;
                self.socket.send(Message::text("ping"));
            }
        }
        tables
    }
}

/// What is told of a presence.
pub fn presence(name: &str) -> BTreeSet<String> {
    BTreeSet::from([format!("presence:chat::org::presence::{name}")])
}
