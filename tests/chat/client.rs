//! A window of somebody who chats.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::{Call, Heard, Reply, Socket, server};
use serde_json::{Value, json};

/// Somebody with an account.
#[derive(Clone)]
pub struct Member {
    token: String,
}

impl Member {
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let device = server().call("signUp").args(json!({"name": name})).ok();
        let token = &device["session"]["token"];
        Self {
            token: token.as_str().expect("a token").to_owned(),
        }
    }

    #[track_caller]
    fn with(&self, name: &str, args: Value) -> Call<'static> {
        let authorization = format!("Bearer {}", self.token);
        let call = server().call(name).args(args);
        call.header("authorization", &authorization)
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

    /// Opens a room.
    #[track_caller]
    pub fn room(&self, org: &Value, name: &str) -> i64 {
        let room = self.call("createRoom", json!({"org_id": org["id"], "name": name}));
        room["id"].as_i64().expect("a number")
    }

    #[track_caller]
    pub fn window(&self) -> Window {
        let session = server::unique("chat");
        Window {
            socket: server().socket(&session),
            session,
            member: self.clone(),
        }
    }
}

/// A window: a session with a socket.
pub struct Window {
    pub socket: Socket,
    session: String,
    member: Member,
}

impl Window {
    /// Calls a function, and returns its data. What it reads, the window shows.
    #[track_caller]
    pub fn call(&self, name: &str, args: Value) -> Value {
        self.reply(name, args).json()["data"].clone()
    }

    #[track_caller]
    pub fn reply(&self, name: &str, args: Value) -> Reply {
        let reply = self.member.with(name, args).session(&self.session).send();
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        reply
    }

    /// Its connection is lost, and it opens another.
    #[track_caller]
    pub fn reconnect(&mut self) {
        self.socket = server().socket(&self.session);
    }

    /// The tables that it is told to have changed, within a time: of all signals.
    #[track_caller]
    pub fn told_within(&mut self, time: Duration) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        let mut time = time;
        while let Some(heard) = self.socket.next_within(time) {
            let Heard::Text(text) = heard else {
                panic!("{heard:?}");
            };
            let signal: Value = serde_json::from_str(&text).expect("a signal is JSON");
            assert_eq!(signal["type"], "stale");
            let named = signal["tables"].as_array().expect("tables");
            tables.extend(named.iter().map(|table| table.as_str().unwrap().to_owned()));
            // What belongs to it follows at once.
            time = Duration::from_millis(100);
        }
        tables
    }
}

/// What is told of a presence.
pub fn presence(name: &str) -> BTreeSet<String> {
    BTreeSet::from([format!("presence:chat::presence::{name}")])
}
