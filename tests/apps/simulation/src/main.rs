//! The engine of the app behind two pipes: a line of JSON asks, a line answers. Who asks has the clock, the network and the clients.
//!
//! ```text
//! simulation <requests> <replies>
//! ```
//!
//! Both are named pipes, so that one program of one thread can ask and wait without a loop of events: what happens, happens in the
//! order of its seed.

use std::{
    collections::BTreeMap,
    env,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    sync::Arc,
};

use edgepod_runtime::{
    __private::testing::TestHost,
    engine::{Batch, Call, Callee, Engine, Headers, Held, Outcome, Resume, SocketId},
    sqlite::{Database as _, Value},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json, value::RawValue};
use simulation as _;

/// What may be asked.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Request {
    /// An empty database, with this mistake planted, if any.
    Reset {
        planted: Option<String>,
    },
    /// The clock shows this from now on.
    Clock {
        micros: i64,
    },
    Call {
        name: String,
        args: String,
        session: Option<String>,
        headers: BTreeMap<String, String>,
    },
    Batch {
        body: String,
        session: Option<String>,
        headers: BTreeMap<String, String>,
    },
    Open {
        socket: u32,
        session: String,
        since: Option<String>,
        held: Vec<String>,
    },
    Close {
        socket: u32,
    },
    Ping {},
    /// The process ends and starts again: what is committed is there, and nothing else.
    Crash {},
    /// The object sleeps and wakes: what was kept with its sockets is there, too.
    Sleep {},
    /// What queries give when they are computed anew, and what stands in the ledger.
    Truth {
        calls: Vec<(String, String)>,
    },
}

#[derive(Serialize)]
struct Reply {
    result: Json,
    /// What the engine has sent to sockets meanwhile.
    sent: Vec<(u32, String)>,
}

/// A reply, of which the members keep their order.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

struct World {
    host: Arc<TestHost>,
    engine: Arc<Engine>,
    sockets: Vec<SocketId>,
    calls: u64,
}

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut path = || arguments.next().unwrap_or_default();
    let requests = BufReader::new(File::open(path())?);
    let mut replies = OpenOptions::new().write(true).open(path())?;
    let mut world = World::new(None);
    for line in requests.lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let result = world.answer(request);
        let mut sent = world.host.take_sent();
        // Sessions that are told the same are told in any order: of the same seed in the same.
        sent.sort_by_key(|(socket, _)| *socket);
        let sent = sent.into_iter().map(|(socket, text)| (socket.0, text));
        let mut reply = serde_json::to_string(&Reply {
            result,
            sent: sent.collect(),
        })?;
        reply.push('\n');
        replies.write_all(reply.as_bytes())?;
    }
    Ok(())
}

impl World {
    fn new(planted: Option<&str>) -> Self {
        edgepod_runtime::planted::plant(planted);
        let host = TestHost::in_memory().unwrap_or_else(|error| panic!("{}", error.message));
        let host = Arc::new(host);
        Self {
            engine: start(&host),
            host,
            sockets: Vec::new(),
            calls: 0,
        }
    }

    fn answer(&mut self, request: Request) -> Json {
        self.calls += 1;
        let trace_id = self.calls.to_string();
        match request {
            Request::Reset { planted } => *self = Self::new(planted.as_deref()),
            Request::Clock { micros } => self.host.set_now_micros(micros),
            Request::Call {
                name,
                args,
                session,
                headers,
            } => {
                let call = Call {
                    args: &args,
                    session: session.as_deref(),
                    user: None,
                    headers: Headers::from_json(json!(headers).to_string()),
                    trace_id: &trace_id,
                    origin: None,
                };
                return self.call(&name, call);
            }
            Request::Batch {
                body,
                session,
                headers,
            } => {
                let outcome = self.engine.call_batch(
                    &Batch {
                        body: &body,
                        session: session.as_deref(),
                        user: None,
                        headers: &json!(headers).to_string(),
                        trace_id: &trace_id,
                    },
                    &[],
                    |_| {},
                );
                return told(&outcome);
            }
            Request::Open {
                socket,
                session,
                since,
                held,
            } => {
                let held = held.iter().map(|held| Held::parse(held)).collect();
                self.sockets.push(SocketId(socket));
                let resume = Resume { since, held };
                self.engine
                    .socket_opened(SocketId(socket), &session, &resume);
            }
            Request::Close { socket } => {
                self.sockets.retain(|open| open.0 != socket);
                self.engine.socket_closed(SocketId(socket));
            }
            Request::Ping {} => return Json::String(self.engine.pong()),
            Request::Crash {} => {
                self.sockets.clear();
                self.engine = start(&self.host);
            }
            Request::Sleep {} => {
                self.engine = start(&self.host);
                for socket in &self.sockets {
                    if let Some(attachment) = self.host.attachment(*socket) {
                        self.engine.socket_restored(*socket, &attachment);
                    }
                }
            }
            Request::Truth { calls } => return self.truth(calls),
        }
        Json::Null
    }

    fn call(&self, name: &str, call: Call<'_>) -> Json {
        let function = self.engine.registry().get(name);
        match function.map(|function| function.callee()) {
            Some(Callee::AtOnce(function)) => told(&self.engine.call(function, call)),
            _ => panic!("{name} is no query and no function"),
        }
    }

    /// By an engine that keeps no answers, and that nobody listens to.
    fn truth(&mut self, calls: Vec<(String, String)>) -> Json {
        self.host.set_var("EDGEPOD_KEPT_LIMIT", "0");
        let engine = start(&self.host);
        self.host.set_var("EDGEPOD_KEPT_LIMIT", "");
        let results = calls.into_iter().map(|(name, args)| {
            let call = Call {
                args: &args,
                session: None,
                user: None,
                headers: Headers::from_json("{}"),
                trace_id: "truth",
                origin: None,
            };
            let function = engine.registry().get(&name).map(|def| def.callee());
            let Some(Callee::AtOnce(function)) = function else {
                panic!("{name} is no query")
            };
            let outcome = engine.call(function, call);
            assert_eq!(outcome.status, 200, "{name}: {}", outcome.body);
            let body: Body<'_> = serde_json::from_str(&outcome.body).expect("a reply is JSON");
            body.data.get().to_owned()
        });
        let results: Vec<String> = results.collect();
        let ledger = self
            .host
            .run("SELECT mark FROM ledger ORDER BY id", &[])
            .unwrap_or_else(|error| panic!("{}", error.message));
        let marks = ledger.rows.iter().map(|row| match row {
            [Value::Text(mark)] => mark.clone(),
            row => panic!("{row:?}"),
        });
        json!({"results": results, "ledger": marks.collect::<Vec<_>>()})
    }
}

fn start(host: &Arc<TestHost>) -> Arc<Engine> {
    Engine::start(host.clone()).unwrap_or_else(|error| panic!("the app does not start: {error}"))
}

fn told(outcome: &Outcome) -> Json {
    json!({"status": outcome.status, "body": outcome.body})
}
