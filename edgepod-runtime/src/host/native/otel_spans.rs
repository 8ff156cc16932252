//! What an engine did, as spans, in the words of OpenTelemetry's semantic conventions.

use std::time::{Duration, SystemTime};

use edgepod_sql::{Token, TokenKind, tokens};
use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use crate::engine::{Ended, Event, PodName, TraceContext};

/// The most bytes of a statement's text.
const TEXT: usize = 4096;

/// The spans of one engine.
pub(super) struct Spans {
    pod: String,
    scope: InstrumentationScope,
}

/// A span, but for what says what it is.
struct Place<'a> {
    context: &'a TraceContext,
    /// Its own, where it is not the context's.
    id: u64,
    parent: Option<u64>,
    is_remote: bool,
}

impl Spans {
    pub(super) fn of(pod: &PodName) -> Self {
        let scope =
            InstrumentationScope::builder("edgepod").with_version(env!("CARGO_PKG_VERSION"));
        Self {
            pod: pod.as_str().to_owned(),
            scope: scope.build(),
        }
    }

    /// The span of what has ended; `None` where nothing has, or its trace is not recorded.
    pub(super) fn of_event(&self, event: &Event<'_>) -> Option<SpanData> {
        match event {
            Event::CallEnded(ended) => self.of_call(ended),
            Event::Statement {
                within,
                sql,
                time,
                rows,
                ..
            } => {
                let context = within.filter(|within| within.is_sampled())?;
                let place = Place {
                    context,
                    id: fastrand::u64(1..),
                    parent: Some(context.span_id),
                    is_remote: false,
                };
                let mut span = self.begin(&place, *time);
                span.span_kind = SpanKind::Client;
                let (text, what) = (without_values(sql), What::of(sql));
                span.name = what.summary().into();
                let mut attributes = vec![
                    KeyValue::new("db.system.name", "sqlite"),
                    KeyValue::new("db.query.text", text),
                    KeyValue::new("db.query.summary", what.summary()),
                    KeyValue::new("db.namespace", self.pod.clone()),
                    KeyValue::new("db.operation.name", what.operation),
                ];
                if let Some(table) = what.table {
                    attributes.push(KeyValue::new("db.collection.name", table));
                }
                match rows {
                    Ok((read, written)) => attributes.extend([
                        KeyValue::new("db.response.returned_rows", int(*read)),
                        KeyValue::new("edgepod.rows_written", int(*written)),
                    ]),
                    Err(error) => {
                        attributes.push(KeyValue::new("error.type", error.code().as_str()));
                        span.status = Status::error("");
                    }
                }
                span.attributes = attributes;
                Some(span)
            }
            Event::Fetched {
                place,
                method,
                url,
                time,
                status,
                ..
            } => {
                let place = place.filter(|place| place.context.is_sampled())?;
                let mut span = self.begin(&Place::of(place), *time);
                span.span_kind = SpanKind::Client;
                span.name = (*method).to_owned().into();
                span.attributes = vec![
                    KeyValue::new("http.request.method", (*method).to_owned()),
                    KeyValue::new("url.full", (*url).to_owned()),
                ];
                if let Ok(uri) = url.parse::<http::Uri>()
                    && let Some(host) = uri.host()
                {
                    let is_tls = uri.scheme_str() == Some("https");
                    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
                    span.attributes.extend([
                        KeyValue::new("server.address", host.to_owned()),
                        KeyValue::new("server.port", i64::from(port)),
                    ]);
                }
                match status {
                    Ok(status) => {
                        let code = i64::from(*status);
                        let attribute = KeyValue::new("http.response.status_code", code);
                        span.attributes.push(attribute);
                        if *status >= 400 {
                            let error = KeyValue::new("error.type", status.to_string());
                            span.attributes.push(error);
                            span.status = Status::error("");
                        }
                    }
                    Err(why) => {
                        let error = KeyValue::new("error.type", "no_answer");
                        span.attributes.push(error);
                        span.status = Status::error(why.to_string());
                    }
                }
                Some(span)
            }
            _ => None,
        }
    }

    fn of_call(&self, ended: &Ended<'_>) -> Option<SpanData> {
        let place = ended.place.filter(|place| place.context.is_sampled())?;
        let time = (ended.began?, ended.micros.unwrap_or_default());
        let mut place = Place::of(place);
        place.is_remote = place.parent.is_some();
        let mut span = self.begin(&place, time);
        let call = ended.call;
        span.name = call.function.into();
        span.span_kind = SpanKind::Server;
        let status = i64::from(ended.status);
        let mut attributes = match (ended.job, call.function.split_once(' ')) {
            (Some(job), _) => {
                span.span_kind = SpanKind::Consumer;
                vec![
                    KeyValue::new("edgepod.function", call.function),
                    KeyValue::new("edgepod.job.id", job.id().to_string()),
                    KeyValue::new("edgepod.job.attempt", i64::from(job.attempt())),
                ]
            }
            // The name of a route is its method and its path.
            (None, Some((method, path))) => vec![
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", path),
                KeyValue::new("http.response.status_code", status),
            ],
            (None, None) => vec![
                KeyValue::new("rpc.system.name", "edgepod"),
                KeyValue::new("rpc.method", call.function),
                KeyValue::new("edgepod.function", call.function),
                KeyValue::new("http.response.status_code", status),
            ],
        };
        attributes.extend([
            KeyValue::new("edgepod.kind", call.kind.as_str()),
            KeyValue::new("edgepod.pod", self.pod.clone()),
            KeyValue::new("edgepod.trace_id", call.trace_id.to_owned()),
            KeyValue::new("edgepod.rows_read", int(ended.rows_read)),
            KeyValue::new("edgepod.rows_written", int(ended.rows_written)),
        ]);
        if ended.cached {
            attributes.push(KeyValue::new("edgepod.cached", true));
        }
        if ended.replayed {
            attributes.push(KeyValue::new("edgepod.replayed", true));
        }
        if let Some(code) = ended.code {
            attributes.push(KeyValue::new("error.type", code.as_str()));
            // What the caller did wrong is no failure of the server's; of a job nobody else is at fault.
            if ended.status >= 500 || ended.job.is_some() {
                span.status = Status::error("");
            }
        }
        span.attributes = attributes;
        Some(span)
    }

    fn begin(&self, place: &Place<'_>, (began, micros): (i64, i64)) -> SpanData {
        let context = place.context;
        let state = context
            .state
            .as_deref()
            .and_then(|state| state.parse().ok());
        let span_context = SpanContext::new(
            TraceId::from_bytes(context.trace_id.to_be_bytes()),
            SpanId::from_bytes(place.id.to_be_bytes()),
            TraceFlags::new(context.flags),
            false,
            state.unwrap_or(TraceState::NONE),
        );
        let start_time = SystemTime::UNIX_EPOCH + micros_of(began);
        SpanData {
            span_context,
            parent_span_id: SpanId::from_bytes(place.parent.unwrap_or_default().to_be_bytes()),
            parent_span_is_remote: place.is_remote,
            span_kind: SpanKind::Internal,
            name: "".into(),
            start_time,
            end_time: start_time + micros_of(micros),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }
}

impl<'a> Place<'a> {
    fn of(place: &'a crate::engine::Place) -> Self {
        Self {
            context: &place.context,
            id: place.context.span_id,
            parent: place.parent,
            is_remote: false,
        }
    }
}

/// The clock may be set back meanwhile.
fn micros_of(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn int(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// What a statement does, and with which table.
#[derive(Debug, PartialEq, Eq)]
struct What {
    operation: String,
    table: Option<String>,
}

impl What {
    fn of(sql: &str) -> Self {
        const OPERATIONS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE"];
        let mut depth = 0_u32;
        // Whatever is in brackets is a part of it.
        let mut outer = tokens(sql).filter(move |token| match token.text {
            "(" => {
                depth += 1;
                false
            }
            ")" => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        });
        let Some(first) = outer.next() else {
            return Self {
                operation: String::new(),
                table: None,
            };
        };
        let begin = match first.is("WITH") {
            true => outer.find(|token| token.is_any(&OPERATIONS)),
            false => Some(first),
        };
        let operation = begin.unwrap_or(first).text.to_ascii_uppercase();
        let before: &[&str] = match operation.as_str() {
            "SELECT" | "DELETE" => &["FROM"],
            "INSERT" | "REPLACE" => &["INTO"],
            "UPDATE" => &[],
            _ => {
                return Self {
                    operation,
                    table: None,
                };
            }
        };
        let table = match before {
            [] => after_or(&mut outer),
            _ => outer
                .find(|token| token.is_any(before))
                .and_then(|_| outer.next()),
        };
        let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Name);
        // A count of rows has them in brackets.
        let inner = || {
            let mut all = tokens(sql);
            std::iter::from_fn(|| {
                all.find(|token| token.is("FROM"))?;
                all.next()
            })
            .find(is_name)
        };
        Self {
            operation,
            table: table
                .filter(is_name)
                .or_else(inner)
                .map(|token| unquoted(token.text)),
        }
    }

    fn summary(&self) -> String {
        match &self.table {
            Some(table) => format!("{} {table}", self.operation),
            None => self.operation.clone(),
        }
    }
}

/// The table of an UPDATE: what follows, or follows `OR IGNORE` and its like.
fn after_or<'a>(rest: &mut impl Iterator<Item = Token<'a>>) -> Option<Token<'a>> {
    let next = rest.next()?;
    match next.is("OR") {
        true => rest.nth(1),
        false => Some(next),
    }
}

fn unquoted(name: &str) -> String {
    let is_quoted = name.starts_with(['"', '`', '[']) && name.len() >= 2;
    match is_quoted {
        true => name[1..name.len() - 1].to_owned(),
        false => name.to_owned(),
    }
}

/// A statement's text with `?` in place of each value that is written out.
fn without_values(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len().min(TEXT));
    let mut end = 0;
    for token in tokens(sql) {
        text.push_str(&sql[end..token.start]);
        match token.kind {
            TokenKind::Literal | TokenKind::Number => text.push('?'),
            _ => text.push_str(token.text),
        }
        end = token.end();
        if text.len() > TEXT {
            text.truncate(text.floor_char_boundary(TEXT));
            text.push('…');
            return text;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_after_what_it_does_and_its_table() {
        for (sql, summary) in [
            ("SELECT \"id\" FROM \"users\" WHERE id = ?", "SELECT users"),
            ("select count(*) from [my notes]", "SELECT my notes"),
            ("SELECT 1", "SELECT"),
            (
                "SELECT count(*) FROM (SELECT 1 FROM \"notes\")",
                "SELECT notes",
            ),
            ("SELECT x FROM (SELECT 1 AS x)", "SELECT"),
            (
                "INSERT OR IGNORE INTO users (name) VALUES (?)",
                "INSERT users",
            ),
            ("UPDATE OR FAIL `users` SET name = ?", "UPDATE users"),
            ("UPDATE users SET name = ?", "UPDATE users"),
            ("DELETE FROM users WHERE id = ?", "DELETE users"),
            (
                "WITH a AS (SELECT 1) INSERT INTO notes SELECT * FROM a",
                "INSERT notes",
            ),
            ("PRAGMA user_version", "PRAGMA"),
            ("", ""),
        ] {
            assert_eq!(What::of(sql).summary(), summary, "{sql}");
        }
    }

    #[test]
    fn values_are_left_out_of_a_statement() {
        assert_eq!(
            without_values("SELECT a FROM t WHERE b = 'it''s' AND c = -1.5e3 AND d = x'0a' -- f"),
            "SELECT a FROM t WHERE b = ? AND c = -? AND d = ?"
        );
        let long = format!("SELECT {}", "é, ".repeat(3000));
        let text = without_values(&long);
        assert!(
            text.len() <= TEXT + 3 && text.ends_with('…'),
            "{}",
            text.len()
        );
    }
}
