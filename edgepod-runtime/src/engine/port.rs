//! What the engine needs of a host beside a database.

use super::Record;
use crate::{
    db::{Database, SqlError},
    tracking::TableSet,
};

/// A WebSocket of the host, named by a number that the host chooses and never gives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u32);

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was written stays.
    Commit,
    /// The database is as it was.
    Rollback,
}

/// A host of the engine: it runs SQL, keeps the sockets, and knows the time.
pub trait Host: Database {
    /// Runs `body` in a transaction and ends it as `body` says. While it runs, nobody else uses the database. It is called
    /// exactly once.
    ///
    /// # Errors
    /// When SQLite cannot begin or commit; then nothing was written.
    fn transaction(&self, body: &mut dyn FnMut() -> Outcome) -> Result<(), SqlError>;

    /// Runs `body` while nobody else uses the database: all that it reads is of one moment.
    fn exclusive(&self, body: &mut dyn FnMut());

    /// Sends a text to a socket. A socket that is gone is no error: its end is on its way.
    fn send(&self, socket: SocketId, message: &str);

    /// Keeps a text with a socket, for as long as it is open, hibernation included.
    fn remember(&self, socket: SocketId, attachment: &str);

    /// Tables have changed, in this version. For a host that answers keep-alives without asking the engine.
    fn wrote(&self, _tables: &TableSet, _version: &str) {}

    /// Microseconds since 1970, UTC.
    fn now_micros(&self) -> i64;

    /// When the engine of this host begins its life: later than any before, as far as the clock goes.
    fn began_micros(&self) -> i64 {
        self.now_micros()
    }

    /// A variable or secret of the environment.
    fn var(&self, name: &str) -> Option<String>;

    /// Writes a line to the log.
    fn log(&self, record: &Record<'_>);
}
