//! Events of the crate `tracing`, for the log.
//!
//! A subscriber of its own: tracing-subscriber would weigh a Worker down, and knows no calls.

use std::{fmt, sync::Once};

use serde_json::Value;
use tracing_core::{
    Event, LevelFilter, Metadata, Subscriber,
    callsite::rebuild_interest_cache,
    dispatcher::{Dispatch, set_global_default},
    field::{Field, Visit},
    span,
};

use super::log::{Level, Record, current};

/// Takes the events of this process, or what the level says is news to it.
pub(super) fn subscribe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A program that has a subscriber keeps it.
        let _ = set_global_default(Dispatch::new(ToLog));
    });
    rebuild_interest_cache();
}

struct ToLog;

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        _ => Level::Trace,
    }
}

impl Subscriber for ToLog {
    /// Spans say nothing here: the call is the span.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && level(metadata).is_on()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let filter = [
            (Level::Trace, LevelFilter::TRACE),
            (Level::Debug, LevelFilter::DEBUG),
            (Level::Info, LevelFilter::INFO),
            (Level::Warn, LevelFilter::WARN),
            (Level::Error, LevelFilter::ERROR),
        ]
        .into_iter()
        .find(|(level, _)| level.is_on());
        Some(filter.map_or(LevelFilter::OFF, |(_, filter)| filter))
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        let metadata = event.metadata();
        let record = Record {
            target: Some(metadata.target()),
            fields: &said.fields,
            ..Record::new(level(metadata), &said.message)
        };
        match current() {
            Some(log) => log.record(record),
            None => record.write(),
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Said {
    fn add(&mut self, field: &Field, value: Value) {
        self.fields.push((field.name(), value));
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.add(field, text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(field, value.into());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }
}
