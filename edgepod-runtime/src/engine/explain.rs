//! How a call is answered, in words, for whoever asks in a build for development: `edgepod call --explain`. A topic's text hides
//! its value, and nothing of this is in a build for release.

use serde::Serialize;

use super::{Engine, call::Touched};
use crate::{
    schema,
    tracking::{Footprint, Topic},
};

/// What is noted of a call as it runs.
#[derive(Default)]
pub(super) struct Explanation {
    /// Whether the client asks, and is told of plans, too.
    pub(super) is_asked: bool,
    /// The arguments, as far as they are noted.
    pub(super) args: String,
    statements: Vec<Statement>,
    /// Whether its answer is kept from now on.
    pub(super) is_kept: bool,
    /// How many sockets were told of its writes.
    pub(super) told: usize,
}

/// A statement that has run.
#[derive(Default, Serialize)]
pub(super) struct Statement {
    sql: String,
    /// The lines of its EXPLAIN QUERY PLAN, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plan: Vec<String>,
    /// The topics that it depends on.
    reads: Vec<String>,
    /// The topics that it touched.
    writes: Vec<String>,
    rows_read: usize,
    rows_written: u64,
}

impl Explanation {
    pub(super) fn new(is_asked: bool, args: String) -> Self {
        Self {
            is_asked,
            args,
            ..Self::default()
        }
    }

    /// A statement is about to run.
    pub(super) fn begin(&mut self, sql: &str, plan: Vec<String>) {
        self.statements.push(Statement {
            sql: sql.to_owned(),
            plan,
            ..Statement::default()
        });
    }

    /// The statements so far.
    pub(super) fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The last one reads these topics.
    pub(super) fn read(&mut self, topics: Vec<String>) {
        if let Some(last) = self.statements.last_mut() {
            last.reads = topics;
        }
    }

    /// The last one wrote these topics.
    pub(super) fn wrote(&mut self, topics: Vec<String>) {
        if let Some(last) = self.statements.last_mut() {
            last.writes = topics;
        }
    }

    /// The last one returned and changed so many rows.
    pub(super) fn ran(&mut self, read: usize, written: u64) {
        if let Some(last) = self.statements.last_mut() {
            last.rows_read = read;
            last.rows_written = written;
        }
    }

    /// All of it, for the reply.
    pub(super) fn to_json(&self, engine: &Engine, touched: &Touched) -> String {
        #[derive(Serialize)]
        struct All<'a> {
            reads: Vec<String>,
            writes: Vec<String>,
            kept: bool,
            told: usize,
            statements: &'a [Statement],
        }
        serde_json::to_string(&All {
            reads: names(engine, &touched.read),
            writes: names(engine, &touched.written),
            kept: self.is_kept,
            told: self.told,
            statements: &self.statements,
        })
        .expect("strings are JSON")
    }
}

/// Topics in words.
pub(super) fn names(engine: &Engine, topics: &Footprint) -> Vec<String> {
    let topics = topics.topics();
    topics.iter().map(|topic| name(engine, topic)).collect()
}

/// A topic in words: `messages`, `messages.room_id = 7`.
fn name(engine: &Engine, topic: &Topic) -> String {
    let table = topic.table.as_str();
    let Some((column, digest)) = topic.at else {
        return table.to_owned();
    };
    let columns = schema::table(table).map_or(&[][..], |table| table.columns);
    let dotted = columns.get(usize::from(column.0));
    let dotted = dotted.map_or_else(String::new, |column| format!(".{}", column.name));
    // It was read by a call of an earlier life, or long ago.
    let value = engine.topic_key().value_of(digest);
    format!("{table}{dotted} = {}", value.as_deref().unwrap_or("…"))
}
