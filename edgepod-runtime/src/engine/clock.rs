//! Queries whose answer changes by itself, when a time comes: that time is a topic, and it is written when it comes.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use super::{Engine, QueryCtx};
use crate::{
    db::{Observer as _, Timestamp},
    sqlite::Value,
    tracking::{ColumnId, Footprint, Topic, TopicKey},
};

/// What stands for the clock in topics. No table has this name.
pub(super) const TABLE: &str = "_edgepod_clock";

/// Times that are waited for. Where there would be more, whoever waits for one is told now, and reads again.
const TIMES: usize = 65_536;

const NEVER: i64 = i64::MAX;

/// The times that somebody waits for, in microseconds since 1970.
pub(super) struct Clock {
    /// Sorted.
    times: Mutex<Vec<i64>>,
    /// The first of them.
    first: AtomicI64,
    /// Whether somebody waits for times that are forgotten, or were asked for in an earlier life.
    is_lost: AtomicBool,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            times: Mutex::default(),
            first: AtomicI64::new(NEVER),
            is_lost: AtomicBool::new(false),
        }
    }
}

impl Clock {
    fn times(&self) -> MutexGuard<'_, Vec<i64>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first time that is waited for.
    pub(super) fn first(&self) -> Option<i64> {
        Some(self.first.load(Ordering::Acquire)).filter(|first| *first != NEVER)
    }

    fn add(&self, time: i64) {
        let mut times = self.times();
        if let Err(place) = times.binary_search(&time) {
            if times.len() == TIMES {
                times.clear();
                self.is_lost.store(true, Ordering::Release);
                self.first.store(0, Ordering::Release);
                return;
            }
            times.insert(place, time);
        }
        self.first.fetch_min(time, Ordering::AcqRel);
    }

    /// Takes the times that have come.
    fn take(&self, now: i64) -> Vec<i64> {
        let mut times = self.times();
        let come = times.partition_point(|time| *time <= now);
        let taken = times.drain(..come).collect();
        let first = times.first().copied().unwrap_or(NEVER);
        self.first.store(first, Ordering::Release);
        taken
    }
}

fn topic(key: &TopicKey, time: i64) -> Topic {
    Topic::at(key, TABLE, ColumnId(0), &Value::Integer(time))
}

impl QueryCtx {
    /// Says until when the answer holds: whoever shows it is told then, and reads again. `None`, or a time that is over, says that
    /// no time changes it. Of several, each counts.
    ///
    /// ```
    /// # use edgepod_runtime::engine::QueryCtx;
    /// # use edgepod_runtime::db::Timestamp;
    /// /// Which of these times are still to come.
    /// fn to_come(ctx: &QueryCtx, mut times: Vec<Timestamp>) -> Vec<Timestamp> {
    ///     let now = ctx.now();
    ///     times.retain(|time| *time > now);
    ///     ctx.refresh_at(times.iter().min().copied());
    ///     times
    /// }
    /// ```
    pub fn refresh_at(&self, time: impl Into<Option<Timestamp>>) {
        let state = self.state();
        let engine = &state.engine;
        state.says_until_when();
        let now = engine.host().now_micros();
        let time = time.into().map(Timestamp::as_micros);
        let Some(time) = time.filter(|time| *time > now) else {
            return;
        };
        let mut read = Footprint::default();
        read.add(&topic(engine.topic_key(), time));
        state.read(&read);
        engine.clock().add(time);
        engine.wake_by(engine.clock().first().unwrap_or(time));
    }
}

impl Engine {
    /// Tells whoever waits for a time that has come.
    pub(super) fn tell_the_time(&self) {
        let clock = self.clock();
        let now = self.host().now_micros();
        if clock.first().is_none_or(|first| first > now) && !clock.is_lost.load(Ordering::Acquire) {
            return;
        }
        let mut written = Footprint::default();
        for time in clock.take(now) {
            written.add(&topic(self.topic_key(), time));
        }
        if clock.is_lost.swap(false, Ordering::AcqRel) {
            written = Footprint::from_iter([TABLE]);
        }
        self.host().exclusive(&mut || self.announce(None, &written));
    }

    /// Sessions were restored. What they wait for was asked for in an earlier life.
    pub(super) fn find_lost_times(&self, is_waited_for: bool) {
        if is_waited_for && !self.clock().is_lost.swap(true, Ordering::AcqRel) {
            self.wake_by(self.host().now_micros());
        }
    }
}
