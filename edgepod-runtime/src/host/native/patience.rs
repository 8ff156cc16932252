//! How long a call may use the database.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Until when whoever has the database may use it. One uses it at a time; SQLite asks every few thousand steps whether the
/// time is over.
pub(super) struct Patience {
    began: Instant,
    /// In milliseconds since then.
    until: AtomicU64,
    /// None before the server serves: migrations take their time.
    limit: OnceLock<Duration>,
}

const FOREVER: u64 = u64::MAX;

impl Patience {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            until: AtomicU64::new(FOREVER),
            limit: OnceLock::new(),
        }
    }

    /// From now on the database may be used so long at once.
    pub(super) fn limit(&self, limit: Duration) {
        let _ = self.limit.set(limit);
    }

    /// A call begins to use the database.
    pub(super) fn begin(&self) {
        if let Some(limit) = self.limit.get() {
            self.begin_for(*limit);
        }
    }

    /// The same, with a time of its own.
    pub(super) fn begin_for(&self, time: Duration) {
        let until = self.began.elapsed() + time;
        let until = u64::try_from(until.as_millis()).unwrap_or(FOREVER);
        self.until.store(until, Ordering::Relaxed);
    }

    /// Nobody uses it, or somebody ends a transaction, which has the time that it takes.
    pub(super) fn end(&self) {
        self.until.store(FOREVER, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != FOREVER && self.began.elapsed().as_millis() >= u128::from(until)
    }
}
