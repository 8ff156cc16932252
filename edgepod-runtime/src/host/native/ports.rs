//! The ports of the engine, on this process: SQLite, sockets, the clock, the environment, the log.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, Weak},
};

use super::{
    database::{Location, NativeDatabase},
    durable::{Durable, Synchronous},
    fetch::{beside, send},
    jobs::{Alarm, now_micros},
    pods::Pods,
    sockets::Sockets,
};
use crate::{
    engine::{Fetching, Host, NoAnswer, Outgoing, PodCall, PodName, Record, SocketId},
    sqlite::{
        Database, End, JsonOutput, Output, RESULT_LIMIT, RowFormat, SqlError, Transactions, Value,
        result_limit,
    },
};

/// The SQLite of this process, and the world around it: one that is served, or a test.
pub struct OnSqlite<W> {
    pub(super) database: NativeDatabase,
    pub(super) world: W,
}

/// The host that is served.
pub(super) type NativeHost = OnSqlite<Served>;

/// The world of a server.
pub(super) struct Served {
    pod: PodName,
    pub(super) sockets: Arc<Sockets>,
    pub(super) alarm: Arc<Alarm>,
    vars: Arc<HashMap<String, String>>,
    /// The others, once they are there.
    pods: Arc<OnceLock<Weak<Pods>>>,
}

/// The most KiB of pages that SQLite keeps of a pod: there are many of them.
const POD_CACHE: i64 = 512;

impl NativeHost {
    pub(super) fn open(
        location: &Location,
        vars: Arc<HashMap<String, String>>,
        sockets: Arc<Sockets>,
        pods: Arc<OnceLock<Weak<Pods>>>,
        pod: PodName,
    ) -> Result<Self, SqlError> {
        let limit = result_limit(vars.get(RESULT_LIMIT).map(String::as_str));
        let cache = (!pod.is_global()).then_some(POD_CACHE);
        let durable = match (Synchronous::from_vars(&vars), location) {
            (Ok(Synchronous::Full), Location::File(path)) => Some(Durable::of(path)),
            _ => None,
        };
        Ok(Self {
            database: NativeDatabase::open_with_cache(location, cache)?
                .limited(limit)
                .telling(durable),
            world: Served {
                pod,
                sockets,
                alarm: Arc::default(),
                pods,
                vars,
            },
        })
    }
}

impl NativeHost {
    /// One without a server: nobody connects, and nothing is set.
    pub(super) fn alone(location: &Location) -> Result<Self, SqlError> {
        Self::open(
            location,
            Arc::default(),
            Arc::default(),
            Arc::default(),
            PodName::global(),
        )
    }
}

#[cfg(test)]
pub(super) fn memory_host() -> Arc<dyn Host> {
    let host = NativeHost::alone(&Location::Memory).expect("memory is at hand");
    Arc::new(host)
}

impl<W: Send + Sync> Database for OnSqlite<W> {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        self.database.run(sql, params)
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        self.database.run_json(sql, params)
    }
}

impl<W: Send + Sync> Transactions for OnSqlite<W> {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        self.database.transaction(body)
    }

    fn exclusive(&self, body: &mut dyn FnMut()) {
        self.database.exclusive(body);
    }
}

impl Host for NativeHost {
    fn pod(&self) -> PodName {
        self.world.pod.clone()
    }

    fn send(&self, socket: SocketId, message: &str) {
        self.world.sockets.send(socket, message);
    }

    fn remember(&self, _socket: SocketId, _attachment: &str) {}

    fn hibernates(&self) -> bool {
        false
    }

    fn changed_elsewhere(&self) -> bool {
        self.database.changed_elsewhere()
    }

    fn now_micros(&self) -> i64 {
        now_micros()
    }

    fn wake_at(&self, micros: i64) {
        self.world.alarm.set(micros);
    }

    fn var(&self, name: &str) -> Option<String> {
        self.world.vars.get(name).cloned()
    }

    // Nobody outside is told of what is not yet on the disk, where that counts.
    fn fetch(&self, request: Outgoing, fetching: Fetching) {
        let durable = self.database.durable().cloned();
        beside(move || match written(durable) {
            Ok(()) => fetching.done(send(request)),
            Err(error) => fetching.done(Err(error)),
        });
    }

    fn call_pod(&self, call: PodCall, fetching: Fetching) {
        let Some(pods) = self.world.pods.get().and_then(Weak::upgrade) else {
            return fetching.done(Err(NoAnswer::because("the server stops")));
        };
        match self.database.durable().cloned() {
            None => pods.call(call, fetching),
            Some(durable) => drop(tokio::spawn(async move {
                match durable.written().await {
                    Ok(()) => pods.call(call, fetching),
                    Err(error) => fetching.done(Err(NoAnswer::because(error))),
                }
            })),
        }
    }

    fn blocking(&self, work: Box<dyn FnOnce() + Send>) {
        beside(work);
    }

    fn log(&self, record: &Record<'_>) {
        log(record);
    }
}

fn written(durable: Option<Arc<Durable>>) -> Result<(), NoAnswer> {
    let written = durable.map_or(Ok(()), |durable| durable.write_now());
    written.map_err(NoAnswer::because)
}

/// Writes a line of the log to stderr.
pub(super) fn log(record: &Record<'_>) {
    eprintln!("{record}");
}
