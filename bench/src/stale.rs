//! One write, many sockets: when each of them knew.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    client::{self, Connection},
    contender::Contender,
    load::in_turn,
    options::Options,
    server::{Answers, Server},
};

/// The case's name.
pub(crate) const NAME: &str = "stale";

/// Writes of one contender in one round.
const WRITES: usize = 5;
/// Signals that take longer are lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing more may come after every socket has had its signal.
const QUIET: Duration = Duration::from_millis(30);

/// For each contender and round, the time from a write's request to each socket's signal.
///
/// # Errors
/// When a socket is refused, or a signal is lost, doubled, or names the wrong table: a server that is fast at
/// that is not measured.
pub(crate) async fn measure(
    options: &Options,
    contenders: &[Contender],
) -> Result<Vec<Vec<Vec<Duration>>>> {
    let mut audiences = Vec::new();
    for contender in contenders {
        let audience = Audience::gather(options, contender)
            .await
            .with_context(|| contender.name.clone())?;
        audiences.push(audience);
    }
    let mut times: Vec<Vec<Vec<Duration>>> = contenders.iter().map(|_| Vec::new()).collect();
    // One round more: the first only warms up.
    for round in 0..=options.rounds {
        for index in in_turn(round, contenders.len()) {
            let mut of_round = Vec::new();
            for write in 0..WRITES {
                let signals = audiences[index].write(round, write).await;
                of_round.extend(signals.with_context(|| contenders[index].name.clone())?);
            }
            if round > 0 {
                times[index].push(of_round);
            }
        }
    }
    Ok(times)
}

/// A server with its sockets, each of a session that reads the list of users before a write.
struct Audience {
    server: Server,
    sessions: Vec<String>,
    signals: mpsc::UnboundedReceiver<Result<(u32, Instant)>>,
    /// They end with the audience.
    _listeners: JoinSet<()>,
}

impl Audience {
    async fn gather(options: &Options, contender: &Contender) -> Result<Self> {
        let server = Server::start(contender, Answers::Kept)?;
        let address = server.address();
        client::add_users(address, 1).await?;
        let (sender, signals) = mpsc::unbounded_channel();
        let mut listeners = JoinSet::new();
        let mut sessions = Vec::new();
        for number in 0..options.sockets {
            let session = format!("listener-{number}");
            let mut socket = client::socket(address, &session).await?;
            sessions.push(session);
            let sender = sender.clone();
            listeners.spawn(async move {
                while let Some(message) = socket.next().await {
                    let at = Instant::now();
                    let signal = message
                        .map_err(Into::into)
                        .and_then(|message| check(&message));
                    if sender.send(signal.map(|()| (number, at))).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self {
            server,
            sessions,
            signals,
            _listeners: listeners,
        })
    }

    async fn write(&mut self, round: u32, write: usize) -> Result<Vec<Duration>> {
        // A subscription ends when it is told of.
        for session in &self.sessions {
            let mut connection =
                Connection::open(self.server.address(), Some(session.clone())).await?;
            connection.call("getUsers", "{}").await?;
        }
        let size = self.sessions.len();
        let arguments =
            json!({ "email": format!("new-{round}-{write}@example.com"), "name": "New User" });
        let mut heard = vec![None; size];
        let mut writer = Connection::open(self.server.address(), None).await?;
        let start = Instant::now();
        writer.call("insertUser", arguments.to_string()).await?;
        for count in 0..size {
            let signal = tokio::time::timeout(PATIENCE, self.signals.recv())
                .await
                .with_context(|| format!("{count} of {size} sockets were told of a write"))?
                .context("all sockets are closed")?;
            let (number, at) = signal?;
            let before = heard[number as usize].replace(at.duration_since(start));
            ensure!(
                before.is_none(),
                "socket {number} was told twice of one write"
            );
        }
        if let Ok(signal) = tokio::time::timeout(QUIET, self.signals.recv()).await {
            let (number, _) = signal.context("all sockets are closed")??;
            bail!("socket {number} was told twice of one write");
        }
        Ok(heard.into_iter().flatten().collect())
    }
}

fn check(message: &Message) -> Result<()> {
    let text = message.to_text().context("a message that is not text")?;
    let signal: Value = serde_json::from_str(text)
        .with_context(|| format!("a message that is not JSON: {text}"))?;
    ensure!(
        signal["type"] == "stale" && signal["tables"] == json!(["users"]),
        "a signal for the table of users is expected, not {text}"
    );
    Ok(())
}
