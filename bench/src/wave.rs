//! One write, and all screens that show the list read it again.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{self, Connection, Socket},
    contender::Contender,
    load::in_turn,
    machine,
    options::Options,
    server::{Answers, Server},
};

/// The case's name.
pub(crate) const NAME: &str = "wave";

/// Users in the list, each time; at the thousandth EdgePod adds a warning.
pub(crate) const LISTS: [usize; 2] = [100, 900];

/// A wave that takes longer has lost a signal.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a wave cost.
pub(crate) struct Wave {
    /// The processor time of the server, from the write to the last reply.
    pub(crate) cpu: Option<Duration>,
    /// Replies that were not kept ones: so often the query ran.
    pub(crate) queries: usize,
}

/// For each contender and round, with so many `users` in the list, a wave with its answers as they are, and one with kept answers off.
///
/// # Errors
/// When a socket is refused, or not every screen is told and answered.
pub(crate) async fn measure(
    options: &Options,
    contenders: &[Contender],
    users: usize,
) -> Result<Vec<Vec<[Wave; 2]>>> {
    let mut crowds = Vec::new();
    for contender in contenders {
        let name = || contender.name.clone();
        let kept = Crowd::gather(options, contender, users, Answers::Kept).await;
        let computed = Crowd::gather(options, contender, users, Answers::Computed).await;
        crowds.push([kept.with_context(name)?, computed.with_context(name)?]);
    }
    let mut waves: Vec<Vec<[Wave; 2]>> = contenders.iter().map(|_| Vec::new()).collect();
    // One round more: the first only warms up.
    for round in 0..=options.rounds {
        for index in in_turn(round, contenders.len()) {
            let name = || contenders[index].name.clone();
            let [kept, computed] = &mut crowds[index];
            let kept = kept.wave(round).await.with_context(name)?;
            let computed = computed.wave(round).await.with_context(name)?;
            if round > 0 {
                waves[index].push([kept, computed]);
            }
        }
    }
    Ok(waves)
}

/// A server with the sockets of screens that show the list.
struct Crowd {
    server: Server,
    screens: Vec<(String, Socket)>,
    /// How many users the list had at first.
    users: usize,
}

impl Crowd {
    async fn gather(
        options: &Options,
        contender: &Contender,
        users: usize,
        answers: Answers,
    ) -> Result<Self> {
        let server = Server::start(contender, answers)?;
        let address = server.address();
        client::add_users(address, users).await?;
        let mut screens = Vec::new();
        for number in 0..options.sockets {
            let session = format!("screen-{number}");
            let socket = client::socket(address, &session).await?;
            let mut connection = Connection::open(address, Some(session.clone())).await?;
            connection.call("getUsers", "{}").await?;
            screens.push((session, socket));
        }
        Ok(Self {
            server,
            screens,
            users,
        })
    }

    async fn wave(&mut self, round: u32) -> Result<Wave> {
        let address = self.server.address();
        // New ones for each wave: workerd closes connections that were idle while the others had their turn.
        let mut ready = Vec::new();
        for (session, socket) in self.screens.drain(..) {
            let connection = Connection::open(address, Some(session.clone())).await?;
            ready.push((session, socket, connection));
        }
        let mut writer = Connection::open(address, None).await?;
        let process = self.server.process();
        let cpu = machine::cpu(process);
        let mut screens = JoinSet::new();
        for (session, mut socket, mut connection) in ready {
            screens.spawn(async move {
                let Some(message) = socket.next().await else {
                    bail!("the socket of {session} is closed");
                };
                message?;
                let reply = connection.call("getUsers", "{}").await?;
                Ok((session, socket, reply))
            });
        }
        let user = json!({ "email": format!("new-{round}@example.com"), "name": "New User" });
        writer.call("insertUser", user.to_string()).await?;
        let mut replies = Vec::new();
        while let Some(screen) = tokio::time::timeout(PATIENCE, screens.join_next())
            .await
            .with_context(|| format!("{} screens were answered", replies.len()))?
        {
            let (session, socket, reply) = screen??;
            self.screens.push((session, socket));
            replies.push(reply);
        }
        let cpu = cpu.and_then(|before| machine::cpu(process)?.checked_sub(before));
        let mut queries = 0;
        for reply in replies {
            let reply: serde_json::Value = serde_json::from_slice(&reply)?;
            let rows = reply["data"].as_array().map_or(0, Vec::len);
            let expected = self.users + round as usize + 1;
            if rows != expected {
                bail!("a screen shows {rows} users after the write, and there are {expected}");
            }
            queries += usize::from(reply["meta"]["cached"] != true);
        }
        Ok(Wave { cpu, queries })
    }
}
