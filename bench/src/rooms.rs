//! A message in one of many rooms, with a window open in each: whom it makes read again, and at what cost. `examples/chat` on workerd.
//!
//! There is no other contender: what is compared is few rooms with many.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    client::{self, Connection},
    contender::{self, Contender},
    machine,
    server::{Answers, Server},
};

/// The case's name.
pub(crate) const NAME: &str = "rooms";

/// How many rooms there are, each time.
const ROOMS: [usize; 3] = [10, 100, 1000];

/// Messages that are measured, of each number of rooms; and before, to warm up.
const MESSAGES: usize = 200;
const BEFORE: usize = 50;

/// A message that nobody hears of within this has lost its signal.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes later than this after the last message is not counted.
const SETTLED: Duration = Duration::from_millis(500);

/// So much more may a message cost with the most rooms than with the fewest.
const BUDGET: f64 = 1.3;

/// What a message costs.
struct Cost {
    rooms: usize,
    /// Windows that it makes read again.
    windows: f64,
    /// Queries that run for it.
    queries: f64,
    /// Processor time of the server, in microseconds.
    cpu: Option<f64>,
}

/// Measures, prints, and says how the budget is missed, if it is.
///
/// # Errors
/// When the app does not build or start, or a message is not heard of.
pub(crate) async fn measure() -> Result<Vec<String>> {
    println!("{NAME}: a message in one of many rooms, with a window open in each");
    let app = App::find(&contender::root().join("examples/chat"))?;
    let worker = Worker::build(&app, Profile::Release).context("building examples/chat")?;
    let contender = Contender::new("edgepod", &worker.folder)?.signing();
    println!("  rooms   windows that read   queries run   CPU, µs (each of a message)");
    let mut costs = Vec::new();
    for rooms in ROOMS {
        let cost = of_message(&contender, rooms).await?;
        let cpu = cost.cpu.map_or("–".to_owned(), |cpu| format!("{cpu:.0}"));
        println!(
            "{:7} {:19.2} {:13.2} {cpu:>9}",
            cost.rooms, cost.windows, cost.queries
        );
        costs.push(cost);
    }
    Ok(missed(&costs))
}

fn missed(costs: &[Cost]) -> Vec<String> {
    let mut missed = Vec::new();
    for cost in costs {
        if cost.windows > 1.0 || cost.queries > 1.0 {
            missed.push(format!(
                "{NAME}: with {} rooms a message makes {:.2} windows read and {:.2} queries run, and 1 is the budget",
                cost.rooms, cost.windows, cost.queries
            ));
        }
    }
    if let (Some(few), Some(many)) = (costs.first(), costs.last())
        && let (Some(few_cpu), Some(many_cpu)) = (few.cpu, many.cpu)
        && many_cpu > BUDGET * few_cpu
    {
        missed.push(format!(
            "{NAME}: a message costs {:.2} times the CPU with {} rooms that it costs with {}, and {BUDGET} is the budget",
            many_cpu / few_cpu,
            many.rooms,
            few.rooms
        ));
    }
    missed
}

async fn of_message(contender: &Contender, rooms: usize) -> Result<Cost> {
    let server = Server::start(contender, Answers::Kept)?;
    let address = server.address();
    let mut writer = Connection::open(address, None).await?;
    let device = writer.call_json("signUp", &json!({"name": "Ada"})).await?;
    let key = &device["data"]["key"];
    let in_directory = sign_in(&mut writer, json!({"key": key})).await?;
    writer.sign_in(&in_directory);
    let org = writer
        .call_json("createOrg", &json!({"name": "Analytical Engines"}))
        .await?;
    let token = sign_in(&mut writer, json!({"key": key, "org": org["data"]["id"]})).await?;
    writer.sign_in(&token);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let queries = Arc::new(AtomicUsize::new(0));
    let mut windows = JoinSet::new();
    let mut ids = Vec::new();
    for number in 0..rooms {
        let room = json!({"name": format!("room {number}")});
        let room = writer.call_json("createRoom", &room).await?["data"]["id"].clone();
        let window = Window::open(address, &token, number, &room).await?;
        windows.spawn(window.watch(answered.clone(), queries.clone()));
        ids.push(room);
    }
    let mut heard = 0;
    for number in 0..BEFORE {
        say(&mut writer, &ids[number % rooms], &mut answers).await?;
    }
    while answers.try_recv().is_ok() {}
    queries.store(0, Ordering::Relaxed);
    let process = server.process();
    let before = machine::cpu(process);
    for number in 0..MESSAGES {
        // A step that shares no factor with the number of rooms meets all of them.
        say(&mut writer, &ids[number * 7 % rooms], &mut answers).await?;
        heard += 1;
        while answers.try_recv().is_ok() {
            heard += 1;
        }
    }
    let cpu = before.and_then(|before| machine::cpu(process)?.checked_sub(before));
    tokio::time::sleep(SETTLED).await;
    while answers.try_recv().is_ok() {
        heard += 1;
    }
    windows.abort_all();
    let messages = MESSAGES as f64;
    Ok(Cost {
        rooms,
        windows: f64::from(heard) / messages,
        queries: queries.load(Ordering::Relaxed) as f64 / messages,
        cpu: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / messages),
    })
}

/// A token of the chat: for its directory, or for an organisation.
async fn sign_in(connection: &mut Connection, device: Value) -> Result<String> {
    let reply = connection.call_json("signIn", &device).await?;
    let token = reply["data"].as_str().context("signIn gives a token")?;
    Ok(token.to_owned())
}

/// Says something, and waits until somebody has read it.
async fn say(
    writer: &mut Connection,
    room: &Value,
    answers: &mut mpsc::UnboundedReceiver<()>,
) -> Result<()> {
    let message = json!({"room_id": room, "text": "Is anybody there?"});
    writer.call_json("send", &message).await?;
    tokio::time::timeout(PATIENCE, answers.recv())
        .await
        .context("nobody has read a message")?
        .context("the windows are closed")
}

/// A window that shows a room: what it reads, and the socket on which it is told.
struct Window {
    socket: client::Socket,
    connection: Connection,
    room: String,
}

impl Window {
    async fn open(address: SocketAddr, token: &str, number: usize, room: &Value) -> Result<Self> {
        let session = format!("window-{number}");
        let socket = client::socket_of(address, &session, token).await?;
        let mut connection = Connection::open(address, Some(session)).await?;
        connection.sign_in(token);
        let of_room = json!({"room_id": room}).to_string();
        for query in ["getMessages", "getTyping", "getHere"] {
            connection.call(query, of_room.clone()).await?;
        }
        let reactions = json!({"room_id": room, "from_message": 0});
        connection.call_json("getReactions", &reactions).await?;
        Ok(Self {
            socket,
            connection,
            room: of_room,
        })
    }

    /// Reads its messages again, each time that it is told so.
    async fn watch(
        mut self,
        answered: mpsc::UnboundedSender<()>,
        queries: Arc<AtomicUsize>,
    ) -> Result<()> {
        while let Some(signal) = self.socket.next().await {
            let signal: Value = serde_json::from_str(signal?.to_text()?)?;
            if signal["type"] != "stale" {
                continue;
            }
            let reply = self
                .connection
                .call("getMessages", self.room.clone())
                .await?;
            let reply: Value = serde_json::from_slice(&reply)?;
            if reply["meta"]["cached"] != true {
                queries.fetch_add(1, Ordering::Relaxed);
            }
            if answered.send(()).is_err() {
                break;
            }
        }
        Ok(())
    }
}
