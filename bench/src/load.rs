//! Requests for a while over several connections: how many, and at what cost.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{self, Connection, Socket},
    contender::Contender,
    machine,
    options::Options,
    server::{Answers, Server},
    stats,
};

/// How long each contender runs unmeasured first: until its code is compiled and its caches are full.
const WARM_UP: Duration = Duration::from_millis(700);

/// Where it is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// On workerd, beside the hand-written Worker.
    Workerd,
    /// As programs, beside the hand-written server on axum.
    Native,
}

/// A limit to a ratio to the hand-written one (DESIGN.md, section 6).
#[derive(Clone, Copy)]
pub(crate) enum Budget {
    /// The least of requests per second.
    Requests(f64),
    /// The most of processor time per request.
    Cpu(f64),
}

/// One kind of request.
pub(crate) struct Case {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What is sent, for people.
    pub(crate) about: &'static str,
    pub(crate) host: Host,
    pub(crate) budget: Budget,
    answers: Answers,
    users: usize,
    function: &'static str,
    arguments: fn(&[i64], Turn) -> String,
}

/// Which request it is: unique within a run of one server.
#[derive(Clone, Copy)]
struct Turn {
    connection: u32,
    number: u64,
    period: u32,
}

const POINT_READ: Case = Case {
    name: "point-read",
    about: "getUserById, of 100 users",
    host: Host::Workerd,
    budget: Budget::Requests(0.95),
    answers: Answers::Computed,
    users: 100,
    function: "getUserById",
    arguments: |ids, turn| {
        let pick = (turn.number + u64::from(turn.connection) * 7) as usize % ids.len();
        json!({ "id": ids[pick] }).to_string()
    },
};

const LIST_1000: Case = Case {
    name: "list-1000",
    // One fewer than 1000: that many rows come with a warning, in the reply and in the log.
    about: "getUsers, of 999 users",
    host: Host::Workerd,
    budget: Budget::Requests(1.5),
    answers: Answers::Computed,
    users: 999,
    function: "getUsers",
    arguments: |_, _| "{}".to_owned(),
};

const INSERT: Case = Case {
    name: "insert",
    about: "insertUser",
    host: Host::Workerd,
    budget: Budget::Requests(0.95),
    answers: Answers::Computed,
    users: 100,
    function: "insertUser",
    arguments: |_, turn| {
        let Turn {
            connection,
            number,
            period,
        } = turn;
        json!({ "email": format!("new-{period}-{connection}-{number}@example.com"), "name": "New User" }).to_string()
    },
};

const LIST_100: Case = Case {
    name: "list-100",
    about: "getUsers, of 100 users",
    budget: Budget::Requests(1.1),
    users: 100,
    ..LIST_1000
};

/// What is measured under load.
pub(crate) const CASES: &[Case] = &[
    POINT_READ,
    INSERT,
    LIST_100,
    LIST_1000,
    Case {
        name: "point-read-kept",
        about: "getUserById, of 100 users, whose answers are kept",
        budget: Budget::Requests(1.1),
        answers: Answers::Kept,
        ..POINT_READ
    },
    Case {
        name: "list-1000-kept",
        about: "getUsers, of 999 users, whose answer is kept",
        budget: Budget::Requests(3.0),
        answers: Answers::Kept,
        ..LIST_1000
    },
    Case {
        name: "native-point-read",
        host: Host::Native,
        budget: Budget::Cpu(1.05),
        ..POINT_READ
    },
    Case {
        name: "native-insert",
        host: Host::Native,
        budget: Budget::Cpu(1.05),
        ..INSERT
    },
    Case {
        name: "native-list-100",
        host: Host::Native,
        budget: Budget::Cpu(1.05),
        ..LIST_100
    },
    Case {
        name: "native-list-1000",
        host: Host::Native,
        budget: Budget::Cpu(1.05),
        ..LIST_1000
    },
];

impl Budget {
    /// That of requests per second.
    pub(crate) fn requests(self) -> Option<f64> {
        match self {
            Self::Requests(least) => Some(least),
            Self::Cpu(_) => None,
        }
    }

    /// That of processor time per request.
    pub(crate) fn cpu(self) -> Option<f64> {
        match self {
            Self::Requests(_) => None,
            Self::Cpu(most) => Some(most),
        }
    }
}

/// What one round of one contender gave.
pub(crate) struct Sample {
    elapsed: Duration,
    /// Of the server's process; `None` where this system does not tell.
    cpu: Option<Duration>,
    /// Of every program but the server and this one, in the same time.
    others: Option<Duration>,
    latencies: Vec<Duration>,
}

impl Sample {
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn cpu_per_request(&self) -> Option<Duration> {
        self.cpu.map(|cpu| cpu.div_f64(self.latencies.len() as f64))
    }

    /// How many processor cores other programs kept busy.
    pub(crate) fn disturbance(&self) -> Option<f64> {
        self.others
            .map(|others| others.div_duration_f64(self.elapsed))
    }

    pub(crate) fn latency(&self, share: f64) -> Duration {
        stats::percentile(&self.latencies, share)
    }
}

/// All contenders, running, with the case's fixture in their databases.
pub(crate) struct Arena {
    case: &'static Case,
    fighters: Vec<Fighter>,
    period: u32,
}

struct Fighter {
    name: String,
    server: Server,
    ids: Vec<i64>,
    connections: u32,
    /// Each connection's session has its socket open, as a page has. Nothing is written to what they read.
    _sockets: Vec<Socket>,
}

impl Arena {
    /// Starts every contender on an empty database, adds the fixture and checks that all reply alike.
    ///
    /// # Errors
    /// When one does not start, refuses a request, or replies something else than the first.
    pub(crate) async fn open(
        case: &'static Case,
        options: &Options,
        contenders: &[Contender],
    ) -> Result<Self> {
        let mut fighters = Vec::new();
        for contender in contenders {
            let fighter = Fighter::start(case, options, contender)
                .await
                .with_context(|| format!("{} ({})", contender.name, case.name))?;
            fighters.push(fighter);
        }
        let mut arena = Self {
            case,
            fighters,
            period: 0,
        };
        arena.check_replies().await?;
        Ok(arena)
    }

    /// Warms up, then measures `options.rounds` rounds. Returns each contender's samples, round by round.
    ///
    /// # Errors
    /// When a request fails.
    pub(crate) async fn rounds(&mut self, options: &Options) -> Result<Vec<Vec<Sample>>> {
        for fighter in 0..self.fighters.len() {
            self.fight(fighter, WARM_UP).await?;
        }
        let mut samples: Vec<Vec<Sample>> = self.fighters.iter().map(|_| Vec::new()).collect();
        for round in 0..options.rounds {
            for fighter in in_turn(round, self.fighters.len()) {
                samples[fighter].push(self.fight(fighter, options.seconds).await?);
            }
        }
        Ok(samples)
    }

    /// The first contender's process.
    pub(crate) fn process(&self) -> u32 {
        self.fighters[0].server.process()
    }

    /// Has the first contender alone under load for a while.
    ///
    /// # Errors
    /// When a request fails.
    pub(crate) async fn load(&mut self, time: Duration) -> Result<Sample> {
        self.fight(0, time).await
    }

    /// The most memory that each server has held so far, in bytes; `None` where this system does not tell.
    pub(crate) fn peak_memory(&self) -> Vec<Option<u64>> {
        self.fighters
            .iter()
            .map(|fighter| machine::peak_memory(fighter.server.process()))
            .collect()
    }

    async fn fight(&mut self, fighter: usize, time: Duration) -> Result<Sample> {
        self.period += 1;
        let fighter = &mut self.fighters[fighter];
        fighter
            .run(self.case, self.period, time)
            .await
            .with_context(|| format!("{} ({})", fighter.name, self.case.name))
    }

    async fn check_replies(&mut self) -> Result<()> {
        self.period += 1;
        let turn = Turn {
            connection: 0,
            number: 0,
            period: self.period,
        };
        let mut first: Option<(String, Value)> = None;
        for fighter in &mut self.fighters {
            let arguments = serde_json::from_str(&(self.case.arguments)(&fighter.ids, turn))?;
            let mut connection = Connection::open(fighter.server.address(), None).await?;
            let reply = comparable(connection.call_json(self.case.function, &arguments).await?);
            match &first {
                None => first = Some((fighter.name.clone(), reply)),
                Some((name, expected)) => ensure!(
                    reply == *expected,
                    "{} and {name} reply differently to {}, so their speeds cannot be compared:\n{reply}\n{expected}",
                    fighter.name,
                    self.case.function
                ),
            }
        }
        Ok(())
    }
}

/// The name of the session that the connection with this number belongs to.
fn session(number: u32) -> String {
    format!("load-{number}")
}

/// The reply without what may differ: when rows were made, and fields of `meta` beyond the tables.
fn comparable(mut reply: Value) -> Value {
    fn forget_times(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(forget_times),
            Value::Object(fields) => {
                if let Some(time) = fields.get_mut("created_at") {
                    *time = json!(time.is_string());
                }
            }
            _ => {}
        }
    }
    let mut data = reply["data"].take();
    forget_times(&mut data);
    json!({ "data": data, "tables": reply["meta"]["tables"] })
}

/// The order in which contenders run in a round: reversed in every other one.
pub(crate) fn in_turn(round: u32, contenders: usize) -> Vec<usize> {
    if round.is_multiple_of(2) {
        (0..contenders).collect()
    } else {
        (0..contenders).rev().collect()
    }
}

impl Fighter {
    async fn start(case: &Case, options: &Options, contender: &Contender) -> Result<Self> {
        let server = Server::start(contender, case.answers)?;
        let address = server.address();
        let ids = client::add_users(address, case.users).await?;
        let mut sockets = Vec::new();
        for number in 0..options.connections {
            sockets.push(client::socket(address, &session(number)).await?);
        }
        Ok(Self {
            name: contender.name.clone(),
            server,
            ids,
            connections: options.connections,
            _sockets: sockets,
        })
    }

    async fn run(&mut self, case: &'static Case, period: u32, time: Duration) -> Result<Sample> {
        // New ones for each round: workerd closes connections that were idle while the others had their turn.
        let mut connections = Vec::new();
        for number in 0..self.connections {
            connections.push(Connection::open(self.server.address(), Some(session(number))).await?);
        }
        let mut workers = JoinSet::new();
        let process = self.server.process();
        let [cpu, others] = [machine::cpu(process), machine::others(process)];
        let start = Instant::now();
        let end = start + time;
        for (index, mut connection) in (0..).zip(connections) {
            let ids = self.ids.clone();
            workers.spawn(async move {
                let mut latencies = Vec::new();
                for number in 0.. {
                    let begun = Instant::now();
                    if begun >= end {
                        break;
                    }
                    let turn = Turn {
                        connection: index,
                        number,
                        period,
                    };
                    connection
                        .call(case.function, (case.arguments)(&ids, turn))
                        .await?;
                    latencies.push(begun.elapsed());
                }
                anyhow::Ok(latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(worker) = workers.join_next().await {
            latencies.extend(worker??);
        }
        let elapsed = start.elapsed();
        let cpu = cpu.and_then(|before| machine::cpu(process)?.checked_sub(before));
        let others =
            others.and_then(|before| Some(machine::others(process)?.saturating_sub(before)));
        ensure!(!latencies.is_empty(), "no request was answered in {time:?}");
        Ok(Sample {
            elapsed,
            cpu,
            others,
            latencies,
        })
    }
}

/// Calls `getUserById` until it is answered. Used where a server may not listen yet.
pub(crate) async fn first_reply(address: SocketAddr, id: i64, patience: Duration) -> Result<()> {
    let start = Instant::now();
    let arguments = json!({ "id": id }).to_string();
    loop {
        if let Ok(mut connection) = Connection::open(address, None).await {
            connection.call("getUserById", arguments).await?;
            return Ok(());
        }
        ensure!(
            start.elapsed() < patience,
            "nobody listens on {address} after {patience:?}"
        );
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}
