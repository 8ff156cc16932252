//! Crons: functions that the clock calls. Each is one row among the jobs, which waits for its next time when it has ended: so it
//! never runs twice at once, and times that were missed are one.

use time::Date;

use super::system::jobs;
use crate::sqlite::{Database, SqlError};

/// A cron, as its attribute registers it.
pub struct CronDef {
    /// The public name of its function.
    pub name: &'static str,
    /// Its schedule as it is written.
    pub schedule: &'static str,
    /// The next time after this one, in microseconds since 1970.
    pub next: fn(i64) -> i64,
    /// Stores all crons of the program: [`prepare_crons`]. A Worker without any does not carry it.
    pub prepare: fn(&dyn Database, i64) -> Result<(), SqlError>,
}

inventory::collect!(CronDef);

/// A schedule of five fields: a bit for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CronFields {
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 23.
    pub hours: u32,
    /// 1 to 31.
    pub days: u32,
    /// 1 to 12.
    pub months: u16,
    /// 0, which is Sunday, to 6.
    pub weekdays: u8,
    /// Both days and weekdays are said, and either will do.
    pub either: bool,
}

const MINUTE: i64 = 60_000_000;
const MINUTES: i64 = 24 * 60;

/// The Julian day of 1970-01-01.
const BEGINNING: i64 = 2_440_588;

/// Leap days are eight years apart at most.
const DAYS: i64 = 366 * 9;

impl CronFields {
    /// The next time after this one, in microseconds since 1970, UTC; the end of time where there is none.
    pub fn next(&self, after: i64) -> i64 {
        let minute = after.div_euclid(MINUTE) + 1;
        let today = minute.div_euclid(MINUTES);
        for day in today..today + DAYS {
            let from = if day == today {
                minute.rem_euclid(MINUTES)
            } else {
                0
            };
            if self.has_day(day)
                && let Some(minute) = (from..MINUTES).find(|minute| self.has_minute(*minute))
            {
                return (day * MINUTES + minute) * MINUTE;
            }
        }
        i64::MAX
    }

    fn has_minute(&self, minute: i64) -> bool {
        self.hours >> (minute / 60) & 1 == 1 && self.minutes >> (minute % 60) & 1 == 1
    }

    fn has_day(&self, day: i64) -> bool {
        let julian = i32::try_from(day + BEGINNING).ok();
        let Some(date) = julian.and_then(|day| Date::from_julian_day(day).ok()) else {
            return false;
        };
        let is_day = self.days >> date.day() & 1 == 1;
        let weekday = date.weekday().number_days_from_sunday();
        let is_weekday = self.weekdays >> weekday & 1 == 1;
        self.months >> u8::from(date.month()) & 1 == 1
            && if self.either {
                is_day || is_weekday
            } else {
                is_day && is_weekday
            }
    }
}

/// The next time of what comes again after so many microseconds, counted from 1970: a restart moves none.
pub fn next_every(every: i64, after: i64) -> i64 {
    (after.div_euclid(every) + 1) * every
}

/// The cron whose function has this name.
pub(super) fn find(name: &str) -> Option<&'static CronDef> {
    inventory::iter::<CronDef>().find(|cron| cron.name == name)
}

/// Stores the crons of the program, if it has any.
///
/// # Errors
/// SQLite's message.
pub(super) fn prepare(database: &dyn Database, now: i64) -> Result<(), SqlError> {
    match inventory::iter::<CronDef>().next() {
        Some(cron) => (cron.prepare)(database, now),
        None => Ok(()),
    }
}

/// Stores the crons of the program, each under its next time; those that wait already keep theirs. Forgets those that the program
/// no longer has.
///
/// # Errors
/// SQLite's message.
#[doc(hidden)]
pub fn prepare_crons(database: &dyn Database, now: i64) -> Result<(), SqlError> {
    let stored = jobs::crons(database)?;
    let is_of = |row: &jobs::Row, cron: &CronDef| {
        row.function == cron.name && row.cron.as_deref() == Some(cron.schedule)
    };
    for row in &stored {
        if !inventory::iter::<CronDef>().any(|cron| is_of(row, cron)) {
            jobs::delete(database, row.id)?;
        }
    }
    for cron in inventory::iter::<CronDef>() {
        if stored.iter().any(|row| is_of(row, cron)) {
            continue;
        }
        let new = jobs::New {
            function: cron.name,
            args: "{}",
            due: (cron.next)(now),
            once: false,
            cron: Some(cron.schedule),
        };
        jobs::insert(database, &new, now)?;
    }
    Ok(())
}
