//! What became of a call. It is written down once, when the call ends: the reply's meta, the call's line in the log and whoever
//! watches the engine tell of the same.

use super::{CallId, Kind, sessions::Stale};
#[cfg(not(target_arch = "wasm32"))]
use super::{Job, Place};
use crate::{Code, thin::push_json, tracking::Footprint};

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// The call.
    pub call: CallId<'a>,
    /// The HTTP status.
    pub status: u16,
    /// The error, where it is one.
    pub code: Option<Code>,
    /// How long it took, in microseconds, where somebody is told.
    pub micros: Option<i64>,
    /// The id of the trace of the world around it that it is a part of, where it is one of one and somebody is told.
    pub trace: Option<String>,
    /// Its place in that trace, where it is recorded.
    #[cfg(not(target_arch = "wasm32"))]
    pub place: Option<&'a Place>,
    /// When it began, in microseconds since 1970, where somebody is told.
    #[cfg(not(target_arch = "wasm32"))]
    pub began: Option<i64>,
    /// The job that it is made for.
    #[cfg(not(target_arch = "wasm32"))]
    pub job: Option<&'a Job>,
    /// What it has read.
    pub read: &'a Footprint,
    /// What it has written.
    pub written: &'a Footprint,
    /// What its writes made stale for the caller's session.
    pub stale: Option<&'a Stale>,
    /// The version that its reply shows.
    pub version: &'a str,
    /// Rows that its statements returned.
    pub rows_read: u64,
    /// Rows that its statements wrote.
    pub rows_written: u64,
    /// Whether its reply is one that was stored, under a key of idempotency.
    pub replayed: bool,
    /// Whether its answer was kept, and its handler not run.
    pub cached: bool,
    /// What its reply warns of.
    pub warnings: &'a [String],
    /// How it was answered, as JSON, where that was asked for.
    #[cfg(debug_assertions)]
    pub explanation: Option<String>,
}

impl Ended<'_> {
    /// Appends what a reply tells beside its data: members of a JSON object, after one that is there.
    pub(super) fn push_meta(&self, json: &mut String) {
        let both;
        let topics = if self.written.is_empty() {
            self.read
        } else {
            let mut read = self.read.clone();
            read.read_too(&Footprint::from(&self.written.tables()));
            both = read;
            &both
        };
        json.push_str(",\"meta\":{\"tables\":");
        topics.push_tables(json);
        json.push_str(",\"topics\":");
        topics.push_topics(json, false);
        // Of what may write, and then also where it wrote nothing.
        if self.call.kind != Kind::Query {
            json.push_str(",\"written\":");
            self.written.push_tables(json);
            if let Some(stale) = self.stale {
                json.push_str(",\"stale\":");
                stale.topics.push_topics(json, stale.every);
            }
        }
        json.push_str(",\"version\":");
        push_json(json, self.version);
        json.push_str(",\"trace_id\":");
        push_json(json, self.call.trace_id);
        if self.replayed {
            json.push_str(",\"replayed\":true");
        }
        if self.cached {
            json.push_str(",\"cached\":true");
        }
        #[cfg(debug_assertions)]
        if let Some(explanation) = &self.explanation {
            json.push_str(",\"explain\":");
            json.push_str(explanation);
        }
        json.push('}');
        if !self.warnings.is_empty() {
            json.push_str(",\"warnings\":");
            json.push_str(&serde_json::to_string(self.warnings).expect("strings are JSON"));
        }
    }
}
