//! Kept answers: what a query's handler answered, given again while nothing that it read has changed.
//!
//! An answer is kept if its handler read nothing but its arguments and rows: contexts and statements note what else is read. It
//! is looked at when it is asked for again, by the versions at which its topics last changed; so a write costs what it did. Both
//! happen while nobody else uses the database, and a write is announced before anybody else may.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Args, HandlerFuture, QueryCtx, Reply, versions::Versions};
use crate::{
    Result,
    tracking::{ColumnId, Footprint, TableName},
};

/// The variable that sets the most bytes of the answers of an engine; 0 keeps none.
const LIMIT: &str = "EDGEPOD_KEPT_LIMIT";

const DEFAULT: usize = 8 * 1024 * 1024;

/// What an answer takes beside its texts, about; and each of its topics.
const ENTRY: usize = 256;
const TOPIC: usize = 64;

/// What a handler answered.
pub(super) struct Answer {
    /// The reply's JSON.
    pub(super) json: Arc<String>,
    pub(super) read: Footprint,
    pub(super) warnings: Vec<String>,
}

/// The answers of an engine.
pub(super) struct Kept {
    limit: usize,
    store: Mutex<Store>,
}

/// Answers that were used lately, and those that were not since these have half the room. When they have, the others go: so what
/// was least recently used goes first, and nothing need be put in order.
#[derive(Default)]
struct Store {
    recent: Generation,
    older: Generation,
}

#[derive(Default)]
struct Generation {
    /// By function and arguments.
    answers: HashMap<Box<str>, Entry>,
    bytes: usize,
    /// The columns on whose values answers depend.
    watched: Vec<(TableName, ColumnId)>,
}

struct Entry {
    answer: Arc<Answer>,
    /// The version's count at which it was seen to hold.
    holds_at: u64,
    /// How often it was given.
    hits: u32,
}

/// A kept answer that holds.
struct Found {
    answer: Arc<Answer>,
    /// Whether the handler is to run beside it, to see whether it reads what nobody notes.
    is_probe: bool,
}

impl Kept {
    /// Nothing yet; `var` is the environment.
    pub(super) fn new(var: impl FnOnce(&str) -> Option<String>) -> Self {
        let set = var(LIMIT).and_then(|text| text.trim().parse().ok());
        Self {
            limit: set.unwrap_or(DEFAULT),
            store: Mutex::default(),
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all answers.
    pub(super) fn clear(&self) {
        *self.store() = Store::default();
    }

    /// Adds the columns of a table on whose values answers depend.
    pub(super) fn add_watched(&self, table: &str, columns: &mut Vec<ColumnId>) {
        let store = self.store();
        for (of, column) in store.recent.watched.iter().chain(&store.older.watched) {
            if of.as_str() == table && !columns.contains(column) {
                columns.push(*column);
            }
        }
    }

    /// The answer that is kept, if it holds.
    fn get(&self, key: &str, versions: &Versions) -> Option<Found> {
        let changed = versions.lock();
        let mut store = self.store();
        let mut entry = store.take(key)?;
        if !versions.holds(&changed, &entry.answer.read, entry.holds_at) {
            return None;
        }
        entry.holds_at = versions.count();
        entry.hits = entry.hits.wrapping_add(1);
        let found = Found {
            answer: entry.answer.clone(),
            // In a build for development: the first time, and then ever more seldom.
            is_probe: cfg!(debug_assertions) && entry.hits.is_power_of_two(),
        };
        store.put(key.into(), entry, self.limit);
        Some(found)
    }

    fn insert(&self, key: String, answer: Answer, holds_at: u64) {
        let mut store = self.store();
        store.take(&key);
        if answer.bytes(&key) <= self.limit / 2 {
            let entry = Entry {
                answer: Arc::new(answer),
                holds_at,
                hits: 0,
            };
            store.put(key.into(), entry, self.limit);
        }
    }
}

impl Store {
    fn take(&mut self, key: &str) -> Option<Entry> {
        self.recent.take(key).or_else(|| self.older.take(key))
    }

    fn put(&mut self, key: Box<str>, entry: Entry, limit: usize) {
        let bytes = entry.answer.bytes(&key);
        if self.recent.bytes + bytes > limit / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        let recent = &mut self.recent;
        recent.bytes += bytes;
        for (table, extent) in entry.answer.read.iter() {
            for (column, _) in extent.columns() {
                let is_known =
                    |known: &(TableName, ColumnId)| known.1 == column && known.0 == *table;
                if !recent.watched.iter().any(is_known) {
                    recent.watched.push((table.clone(), column));
                }
            }
        }
        recent.answers.insert(key, entry);
    }
}

impl Generation {
    fn take(&mut self, key: &str) -> Option<Entry> {
        let entry = self.answers.remove(key)?;
        self.bytes -= entry.answer.bytes(key);
        Some(entry)
    }
}

impl Answer {
    fn bytes(&self, key: &str) -> usize {
        let topics = self.read.iter().map(|(_, extent)| 1 + extent.values());
        ENTRY
            + 2 * key.len()
            + self.json.len()
            + self.warnings.iter().map(String::len).sum::<usize>()
            + TOPIC * topics.sum::<usize>()
    }
}

/// What the handler of a query answers: as kept, or by running it.
pub(super) async fn answer<'a>(
    ctx: &'a QueryCtx,
    args: &'a Args,
    handler: HandlerFuture<'a>,
) -> Result<Reply> {
    let state = ctx.state();
    let engine = &*state.engine;
    let kept = engine.kept();
    if kept.limit == 0 {
        return handler.await;
    }
    engine.tell_the_time();
    if engine.host().changed_elsewhere() {
        kept.clear();
    }
    let key = format!("{} {}", state.log.function(), args.as_json());
    #[cfg_attr(not(debug_assertions), expect(unused_mut))]
    let mut found = kept.get(&key, engine.versions());
    #[cfg(debug_assertions)]
    if let Some(found) = &mut found
        && state.is_asked_how()
    {
        // Who asks how it is answered is shown the statements, too.
        found.is_probe = true;
    }
    if let Some(found) = &found
        && !found.is_probe
    {
        state.answered(&found.answer);
        return Ok(Reply::from_shared_json(found.answer.json.clone()));
    }
    state.record();
    let reply = handler.await?;
    let recorded = state.recorded();
    #[cfg(debug_assertions)]
    state.warn_of_the_clock();
    #[cfg(debug_assertions)]
    if let Some(found) = found {
        if is_same(&found.answer.json, reply.as_json()) {
            state.answered_alike();
            return Ok(Reply::from_shared_json(found.answer.json.clone()));
        }
        kept.store().take(&key);
        state.warn_of_another_answer();
        return Ok(reply);
    }
    if let Some((read, warnings)) = recorded {
        let answer = Answer {
            json: reply.shared_json(),
            read,
            warnings,
        };
        kept.insert(key, answer, engine.version_count());
        #[cfg(debug_assertions)]
        state.explain(|explanation| explanation.is_kept = true);
    }
    Ok(reply)
}

/// Whether two replies say the same; the members of an object have no order.
#[cfg(debug_assertions)]
fn is_same(one: &str, other: &str) -> bool {
    let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
    one == other || value(one) == value(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sqlite::Value,
        tracking::{Extent, TopicKey, ValueDigest},
    };

    const ROOM: ColumnId = ColumnId(1);
    const AUTHOR: ColumnId = ColumnId(2);

    fn digest(column: ColumnId, value: i64) -> ValueDigest {
        let key = TopicKey::new([1; 16]);
        key.digest("messages", column, &Value::Integer(value))
            .unwrap()
    }

    fn messages(extent: Extent) -> Footprint {
        let mut footprint = Footprint::default();
        *footprint.entry(&"messages".into()) = extent;
        footprint
    }

    fn at(column: ColumnId, values: &[i64]) -> Footprint {
        let value = |value: &i64| (column, digest(column, *value));
        messages(Extent::at(values.iter().map(value)))
    }

    fn answer(text: &str, read: Footprint) -> Answer {
        Answer {
            json: Arc::new(text.to_owned()),
            read,
            warnings: Vec::new(),
        }
    }

    fn kept(limit: usize) -> Kept {
        Kept::new(|name| {
            assert_eq!(name, "EDGEPOD_KEPT_LIMIT");
            Some(format!(" {limit} "))
        })
    }

    fn watched(kept: &Kept, table: &str) -> Vec<ColumnId> {
        let mut columns = Vec::new();
        kept.add_watched(table, &mut columns);
        columns.sort();
        columns
    }

    #[test]
    fn answers_have_so_many_bytes_and_the_least_recently_used_go_first() {
        let versions = Versions::new("life".to_owned());
        let text = "x".repeat(1_000);
        let kept = kept(20_000);
        let insert =
            |name: String, text: &str| kept.insert(name, answer(text, Footprint::default()), 0);
        let there = |name: &str| kept.get(name, &versions).is_some();
        let bytes = || {
            let store = kept.store();
            [&store.recent, &store.older].map(|generation| {
                let each = generation.answers.iter();
                let bytes: usize = each.map(|(key, entry)| entry.answer.bytes(key)).sum();
                assert_eq!(bytes, generation.bytes);
                bytes
            })
        };
        for name in 0..100 {
            insert(name.to_string(), &text);
            assert!(there("0"), "what is used stays");
            assert!(there(&name.to_string()));
            assert!(bytes().iter().sum::<usize>() <= 20_000);
        }
        assert!(there("99") && there("95") && !there("1") && !there("80"));
        insert("large".to_owned(), &text.repeat(10));
        assert!(
            !there("large") && there("99"),
            "it would take the room of the others"
        );
        kept.clear();
        assert!(!there("99") && bytes() == [0, 0]);
    }

    #[test]
    fn without_a_number_the_limit_is_8_megabytes() {
        for set in [None, Some("much".to_owned())] {
            assert_eq!(Kept::new(|_| set).limit, 8 * 1024 * 1024);
        }
    }

    #[test]
    fn columns_are_watched_while_an_answer_depends_on_them() {
        let kept = kept(4_000);
        let text = "x".repeat(1_000);
        kept.insert("a".to_owned(), answer(&text, at(ROOM, &[7])), 0);
        kept.insert("b".to_owned(), answer(&text, at(AUTHOR, &[1, 2])), 0);
        assert_eq!(watched(&kept, "messages"), [ROOM, AUTHOR]);
        assert!(watched(&kept, "rooms").is_empty());
        kept.insert("c".to_owned(), answer(&text, at(AUTHOR, &[8])), 0);
        assert_eq!(watched(&kept, "messages"), [AUTHOR], "the first made room");
    }

    /// Asks and writes at random, as an engine does; the first answer that is given again though a write touched it. Every
    /// fiftieth write or so is forgotten, if `forgets` says so.
    fn history(seed: u64, steps: usize, forgets: bool) -> Option<String> {
        let mut random = fastrand::Rng::with_seed(seed);
        let versions = Versions::new("life".to_owned());
        let kept = kept(6_000);
        // What is true: how often each row was written, by its room and its author.
        let mut rows = [[0_u32; 5]; 5];
        for step in 0..steps {
            let value = random.usize(..5);
            if random.bool() {
                let column = [ROOM, AUTHOR][random.usize(..2)];
                let (key, read, truth) = match random.u8(..4) {
                    0 => {
                        let all: u32 = rows.iter().flatten().sum();
                        ("all".to_owned(), messages(Extent::whole()), all)
                    }
                    1 => ("none".to_owned(), Footprint::from_iter(["rooms"]), 0),
                    _ => {
                        let cells = (0..5).map(|other| match column == ROOM {
                            true => rows[value][other],
                            false => rows[other][value],
                        });
                        (
                            format!("{column:?} {value}"),
                            at(column, &[value as i64]),
                            cells.sum(),
                        )
                    }
                };
                match kept.get(&key, &versions) {
                    Some(found) if *found.answer.json != truth.to_string() => {
                        let given = &found.answer.json;
                        return Some(format!(
                            "seed {seed}, step {step}: {key} is {given}, not {truth}"
                        ));
                    }
                    Some(_) => {}
                    None => kept.insert(key, answer(&truth.to_string(), read), versions.count()),
                }
                continue;
            }
            let other = random.usize(..5);
            rows[value][other] += 1;
            // A write says which values it touched of the columns that are watched; or of too few, or of none.
            let mut extent = Extent::default();
            for column in watched(&kept, "messages") {
                extent.know(column);
                let of = if column == ROOM { value } else { other };
                extent.add(column, digest(column, of as i64));
            }
            let written = match random.u8(..10) {
                0 => messages(Extent::whole()),
                1 => at(ROOM, &[value as i64]),
                2 => Footprint::every(),
                _ if extent == Extent::default() => messages(Extent::whole()),
                _ => messages(extent),
            };
            if forgets && random.u8(..50) == 0 {
                continue;
            }
            let mut changed = versions.lock();
            versions.wrote(&mut changed, &written, |table| watched(&kept, table));
        }
        None
    }

    #[test]
    fn no_kept_answer_is_old_in_random_histories() {
        let runs = std::env::var("EDGEPOD_KEPT_RUNS").map_or(200, |runs| runs.parse().unwrap());
        for seed in 0..runs {
            assert_eq!(history(seed, 2_000, false), None);
        }
    }

    #[test]
    fn a_write_that_is_forgotten_is_found() {
        let found = (0..200).filter(|seed| history(*seed, 2_000, true).is_some());
        assert!(found.count() > 50);
    }
}
