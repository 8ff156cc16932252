//! The log of a call: every line carries its trace id and function.

use std::{fmt, sync::Arc};

use super::Host;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
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
    /// The level's name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// Writes lines that carry the call's trace id: what `ctx.log` is.
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

    /// Writes at this level. The line is one JSON object: level, message, function, trace_id.
    pub fn write(&self, level: Level, message: impl fmt::Display) {
        let line = serde_json::json!({
            "level": level.as_str(),
            "message": message.to_string(),
            "function": self.function,
            "trace_id": &*self.trace_id,
        });
        self.host.log(level, &line.to_string());
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
