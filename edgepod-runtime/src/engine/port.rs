//! What the engine needs of a host beside a database.

use super::{Fetching, NoAnswer, Outgoing, PodCall, PodName, Record};
use crate::{sqlite::Transactions, tracking::TableSet};

/// A WebSocket of the host, named by a number that the host chooses and never gives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// A host of the engine: its database, its sockets, its clock.
pub trait Host: Transactions {
    /// The name of the pod whose database it is.
    fn pod(&self) -> PodName {
        PodName::global()
    }

    /// Sends a text to a socket. A socket that is gone is no error: its end is on its way.
    fn send(&self, socket: SocketId, message: &str);

    /// Keeps a text with a socket, for as long as it is open, hibernation included.
    fn remember(&self, socket: SocketId, attachment: &str);

    /// Whether sockets outlive the engine, so that what it knows of them has to be kept with them.
    fn hibernates(&self) -> bool {
        true
    }

    /// Tables have changed, in this version. For a host that answers keep-alives without asking the engine.
    fn wrote(&self, _tables: &TableSet, _version: &str) {}

    /// Whether another program may have changed the database since this was last asked.
    fn changed_elsewhere(&self) -> bool {
        false
    }

    /// Microseconds since 1970, UTC.
    fn now_micros(&self) -> i64;

    /// When the engine of this host begins its life: later than any before, as far as the clock goes.
    fn began_micros(&self) -> i64 {
        self.now_micros()
    }

    /// Wakes the engine at this time, in microseconds since 1970, in place of any other: has it
    /// [run its jobs](super::Engine::run_job). One that is over is now.
    fn wake_at(&self, _micros: i64) {}

    /// A variable or secret of the environment.
    fn var(&self, name: &str) -> Option<String>;

    /// Sends a request to another server, and puts what comes of it there, at once or later.
    fn fetch(&self, request: Outgoing, fetching: Fetching) {
        let _ = request;
        fetching.done(Err(NoAnswer::because("this host asks no other server")));
    }

    /// Calls a function in another pod, and puts its outcome there, at once or later: status, body, and `retry-after`.
    fn call_pod(&self, call: PodCall, fetching: Fetching) {
        let _ = call;
        fetching.done(Err(NoAnswer::because("this host has one pod")));
    }

    /// Runs work that takes long, beside everything else where that can be.
    fn blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }

    /// Writes a line to the log.
    fn log(&self, record: &Record<'_>);
}
