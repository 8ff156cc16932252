//! The log: lines with a level, and with the call that they belong to.

use std::{
    cell::RefCell,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Ended, Host, tracing};

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Each step.
    Trace,
    /// For whoever debugs this function.
    Debug,
    /// Worth knowing.
    Info,
    /// Something that will hurt one day.
    Warn,
    /// Something that failed.
    Error,
}

impl Level {
    const ALL: [Level; 5] = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];

    /// The level's name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }

    /// Whether lines of this level are written.
    pub(super) fn is_on(self) -> bool {
        self as u8 >= LOWEST.load(Ordering::Relaxed)
    }
}

/// The lowest level that is written; [`OFF`] is above all.
static LOWEST: AtomicU8 = AtomicU8::new(Level::Warn as u8);
const OFF: u8 = Level::Error as u8 + 1;

/// Where lines go that belong to no call.
static SINK: OnceLock<fn(&Record<'_>)> = OnceLock::new();

thread_local! {
    /// The log of the call that this thread works at.
    static CURRENT: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Starts the log of this process: its lowest level, as `EDGEPOD_LOG` says it, and where lines go that belong to no call.
/// Events of the crate `tracing` are written from now on, unless the process has a subscriber of its own.
///
/// # Errors
/// A level that does not exist.
pub fn start_log(level: Option<&str>, sink: fn(&Record<'_>)) -> Result<(), LevelError> {
    LOWEST.store(lowest(level)?, Ordering::Relaxed);
    let _ = SINK.set(sink);
    tracing::subscribe();
    Ok(())
}

/// `EDGEPOD_LOG` is no level: what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError(String);

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EDGEPOD_LOG is `{}`, which is no level of the log: choose off, error, warn, info, debug or trace",
            self.0
        )
    }
}

impl std::error::Error for LevelError {}

/// The lowest level that is written.
fn lowest(level: Option<&str>) -> Result<u8, LevelError> {
    let level = level.map_or("", str::trim);
    if level.is_empty() {
        return Ok(Level::Warn as u8);
    }
    if level.eq_ignore_ascii_case("off") {
        return Ok(OFF);
    }
    Level::ALL
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(level))
        .map(|known| known as u8)
        .ok_or_else(|| LevelError(level.to_owned()))
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: &'a str,
    /// The function that was called, where it belongs to a call.
    pub function: Option<&'a str>,
    /// The call's trace id.
    pub trace_id: Option<&'a str>,
    /// The module that an event of `tracing` comes from.
    pub target: Option<&'a str>,
    /// Values with names.
    pub fields: &'a [(&'static str, Value)],
}

impl<'a> Record<'a> {
    /// A line that belongs to no call.
    pub fn new(level: Level, message: &'a str) -> Self {
        Self {
            level,
            message,
            function: None,
            trace_id: None,
            target: None,
            fields: &[],
        }
    }

    /// Writes it where lines go that belong to no call, if its level is on.
    pub fn write(&self) {
        if self.level.is_on()
            && let Some(sink) = SINK.get()
        {
            sink(self);
        }
    }

    /// The line as one JSON object.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            level: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            function: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            trace_id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            target: Option<&'a str>,
            #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "as_map")]
            fields: &'a [(&'static str, Value)],
        }
        serde_json::to_string(&Line {
            level: self.level.as_str(),
            message: self.message,
            function: self.function,
            trace_id: self.trace_id,
            target: self.target,
            fields: self.fields,
        })
        .expect("strings and JSON are JSON")
    }
}

fn as_map<S: Serializer>(fields: &[(&'static str, Value)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

/// For people: `WARN getUsers a8e7d20c00000012: what happened user=7`, always one line.
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => " INFO",
            Level::Warn => " WARN",
            Level::Error => "ERROR",
        };
        f.write_str(level)?;
        let from = [self.function, self.trace_id, self.target];
        for part in from.into_iter().flatten() {
            write!(f, " {part}")?;
        }
        f.write_str(": ")?;
        // What a client sent may be part of the message, and must not look like a line of its own.
        for char in self.message.chars() {
            if char.is_control() {
                write!(f, "{}", char.escape_default())?;
            } else {
                fmt::Write::write_char(f, char)?;
            }
        }
        for (name, value) in self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

/// Until it is dropped, this thread works at a call.
pub(super) struct Entered(Option<Log>);

/// Says that this thread works at a call from now on.
pub(super) fn enter(log: &Log) -> Entered {
    Entered(CURRENT.replace(Some(log.clone())))
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// The log of the call that this thread works at.
pub(super) fn current() -> Option<Log> {
    CURRENT
        .try_with(|current| current.try_borrow().ok()?.clone())
        .ok()?
}

/// Writes what a panic says, with the call that it ends: for hosts where the call does not come to say it.
pub fn log_panic(message: &str) {
    let log = current();
    let record = Record::new(Level::Error, message);
    match &log {
        Some(log) => log.bound(record).write(),
        None => record.write(),
    }
}

/// Writes lines that carry the call's trace id: what `ctx.log` is. Which of them are written is said by `EDGEPOD_LOG`.
#[derive(Clone)]
pub struct Log {
    host: Arc<dyn Host>,
    function: &'static str,
    trace_id: Arc<str>,
}

impl Log {
    pub(super) fn new(host: Arc<dyn Host>, function: &'static str, trace_id: Arc<str>) -> Self {
        Self {
            host,
            function,
            trace_id,
        }
    }

    pub(super) fn function(&self) -> &'static str {
        self.function
    }

    fn bound<'a>(&'a self, record: Record<'a>) -> Record<'a> {
        Record {
            function: Some(self.function),
            trace_id: Some(&self.trace_id),
            ..record
        }
    }

    /// Writes a line of this call, whose level is on.
    pub(super) fn record(&self, record: Record<'_>) {
        self.host.log(&self.bound(record));
    }

    /// The call's line, once it has ended, with more values at its end.
    pub(super) fn ended(&self, ended: &Ended<'_>, more: &[(&'static str, Value)]) {
        if !Level::Info.is_on() {
            return;
        }
        let mut fields: Vec<(&'static str, Value)> = vec![
            ("kind", ended.call.kind.as_str().into()),
            ("status", ended.status.into()),
        ];
        if let Some(code) = ended.code {
            fields.push(("code", code.as_str().into()));
        }
        if let Some(trace) = &ended.trace {
            fields.push(("trace", trace.as_str().into()));
        }
        fields.extend([
            (
                "duration_ms",
                (ended.micros.unwrap_or_default() as f64 / 1000.0).into(),
            ),
            ("rows_read", ended.rows_read.into()),
            ("rows_written", ended.rows_written.into()),
        ]);
        if ended.cached {
            fields.push(("cached", true.into()));
        }
        if !ended.warnings.is_empty() {
            fields.push(("warnings", ended.warnings.into()));
        }
        fields.extend_from_slice(more);
        self.record(Record {
            fields: &fields,
            ..Record::new(Level::Info, "answered")
        });
    }

    /// Writes at this level.
    pub fn write(&self, level: Level, message: impl fmt::Display) {
        if level.is_on() {
            self.record(Record::new(level, &message.to_string()));
        }
    }

    /// Writes at [`Level::Trace`].
    pub fn trace(&self, message: impl fmt::Display) {
        self.write(Level::Trace, message);
    }

    /// Writes at [`Level::Debug`].
    pub fn debug(&self, message: impl fmt::Display) {
        self.write(Level::Debug, message);
    }

    /// Writes at [`Level::Info`].
    pub fn info(&self, message: impl fmt::Display) {
        self.write(Level::Info, message);
    }

    /// Writes at [`Level::Warn`].
    pub fn warn(&self, message: impl fmt::Display) {
        self.write(Level::Warn, message);
    }

    /// Writes at [`Level::Error`].
    pub fn error(&self, message: impl fmt::Display) {
        self.write(Level::Error, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_known_by_its_name_and_warn_is_the_default() {
        let warn = Level::Warn as u8;
        for (text, expected) in [
            (None, warn),
            (Some(" "), warn),
            (Some("off"), OFF),
            (Some("Error"), Level::Error as u8),
            (Some(" TRACE "), Level::Trace as u8),
        ] {
            assert_eq!(lowest(text), Ok(expected), "{text:?}");
        }
        let error = lowest(Some("loud")).unwrap_err().to_string();
        assert!(
            error.contains("`loud`") && error.contains("debug"),
            "{error}"
        );
    }

    #[test]
    fn a_line_is_one_line_for_people_and_one_object_for_programs() {
        let fields = [("id", 7.into()), ("name", "A \"B\"\n".into())];
        let record = Record {
            function: Some("getUsers"),
            trace_id: Some("a8e7"),
            target: Some("app"),
            fields: &fields,
            ..Record::new(Level::Info, "one\nERROR: two \u{1b}[31m")
        };
        assert_eq!(
            record.to_string(),
            r#" INFO getUsers a8e7 app: one\nERROR: two \u{1b}[31m id=7 name="A \"B\"\n""#
        );
        let json: Value = serde_json::from_str(&record.to_json()).unwrap();
        assert_eq!(json["message"], record.message);
        assert_eq!(json["fields"]["name"], "A \"B\"\n");
        let json = Record::new(Level::Warn, "alone").to_json();
        assert_eq!(json, r#"{"level":"warn","message":"alone"}"#);
    }
}
