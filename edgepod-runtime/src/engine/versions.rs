//! Which version of the database a reply shows, and what has changed since one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::sessions::{SessionId, Sessions};
use crate::{
    planted,
    thin::push_number,
    tracking::{ColumnId, Footprint, TableName, Topic, ValueDigest},
};

/// Values whose last change is remembered; of more, all that changed are forgotten, and count as changed.
const VALUES: usize = 16_384;

/// Digits of a life's beginning in its name.
const TIME: usize = 13;

/// Counts committed writes, for as long as the engine lives. What happened in an earlier life is unknown in this one, so a
/// version names the life, too.
pub(super) struct Versions {
    epoch: RwLock<Arc<str>>,
    /// Read without the lock, changed under it.
    count: AtomicU64,
    changed: Mutex<Changed>,
}

/// The counts at which topics last changed.
#[derive(Default)]
pub(super) struct Changed {
    tables: HashMap<TableName, Counts>,
    values: HashMap<ValueDigest, u64>,
    /// Of values that are not listed, what is known begins here.
    values_since: u64,
}

/// The counts of a table.
#[derive(Default)]
struct Counts {
    /// Of a write to any row.
    any: u64,
    /// Of a write that may have touched any value.
    whole: u64,
    /// Of writes that did not say which values they touched of a column that was watched.
    unknown: Vec<(ColumnId, u64)>,
}

impl Versions {
    /// Versions of a life with this name, which no other life of the database has.
    pub(super) fn new(epoch: String) -> Self {
        Self {
            epoch: RwLock::new(epoch.into()),
            count: AtomicU64::new(0),
            changed: Mutex::default(),
        }
    }

    /// The name of this life.
    pub(super) fn epoch(&self) -> Arc<str> {
        let epoch = self.epoch.read().unwrap_or_else(PoisonError::into_inner);
        epoch.clone()
    }

    /// Makes sure that the name of this life sorts behind that of one before it, of which clients have heard on the sockets that
    /// they still have. A clock that went back would have them take what is new for old. Before any version is given away.
    pub(super) fn follow(&self, before: &str) {
        let mut epoch = self.epoch.write().unwrap_or_else(PoisonError::into_inner);
        if before < &**epoch {
            return;
        }
        let time = before
            .get(..TIME)
            .and_then(|time| i64::from_str_radix(time, 16).ok());
        if let (Some(time), Some(random)) = (time, epoch.get(TIME..)) {
            *epoch = self::epoch(time + 1, random).into();
        }
    }

    /// The count of writes that were announced. Read before the data that it is to describe, it may be too low, which costs a
    /// client a needless read; never too high, which would cost it a change.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// A count as clients see it.
    pub(super) fn name(&self, count: u64) -> String {
        let epoch = self.epoch();
        let mut name = String::with_capacity(epoch.len() + 21);
        name.push_str(&epoch);
        name.push('.');
        push_number(&mut name, count);
        name
    }

    /// While this is held nobody else announces or opens a socket, so that signals leave in the order of their versions.
    pub(super) fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a committed write of these topics; the new count. `watched` gives the columns on whose values somebody depends.
    pub(super) fn wrote(
        &self,
        changed: &mut Changed,
        written: &Footprint,
        watched: impl Fn(&str) -> Vec<ColumnId>,
    ) -> u64 {
        let count = self.count() + 1;
        for (table, extent) in written.iter() {
            let counts = changed.tables.entry(table.clone()).or_default();
            counts.any = count;
            if extent.whole {
                counts.whole = count;
            } else {
                for column in watched(table.as_str()) {
                    if extent.column(column).is_none() {
                        counts.unknown.retain(|(known, _)| *known != column);
                        counts.unknown.push((column, count));
                    }
                }
            }
            for digest in extent.columns().flat_map(|(_, digests)| digests) {
                changed.values.insert(*digest, count);
            }
        }
        if changed.values.len() > VALUES {
            changed.values.clear();
            changed.values_since = count;
        }
        self.count.store(count, Ordering::Release);
        count
    }

    /// The tables that have changed since a version: every one where that is not known.
    pub(super) fn since(&self, changed: &Changed, version: &str) -> Footprint {
        match self.known(version) {
            None => Footprint::every(),
            Some(since) => changed
                .tables
                .iter()
                .filter(|(_, counts)| counts.any > since)
                .map(|(table, _)| table.clone())
                .collect(),
        }
    }

    /// Whether a table was written in this life.
    pub(super) fn has_changed(&self, changed: &Changed, table: &TableName) -> bool {
        changed.tables.contains_key(table)
    }

    /// The version at which each table last changed.
    #[cfg(feature = "native")]
    pub(super) fn changes(&self, changed: &Changed) -> HashMap<String, String> {
        let change = |(table, counts): (&TableName, &Counts)| {
            (table.as_str().to_owned(), self.name(counts.any))
        };
        changed.tables.iter().map(change).collect()
    }

    /// Whether data of a topic that is of this version may be old. `watched_since` is the count since which writes say what they
    /// touch of the topic's column, if they do.
    fn is_stale(
        &self,
        changed: &Changed,
        topic: &Topic,
        version: &str,
        watched_since: impl FnOnce() -> Option<u64>,
    ) -> bool {
        let Some(since) = self.known(version) else {
            return true;
        };
        self.is_older(
            changed,
            topic.table.as_str(),
            topic.at,
            since,
            watched_since,
        )
    }

    /// Whether what was read at this count still holds, where writes have said since which of its values they touch.
    pub(super) fn holds(&self, changed: &Changed, read: &Footprint, since: u64) -> bool {
        if self.count() == since || planted::is("a kept answer is kept for ever") {
            return true;
        }
        let is_older =
            |table: &TableName, at| self.is_older(changed, table.as_str(), at, since, || Some(0));
        // A write of everything is also of what reads no table.
        let every = changed.tables.get(TableName::EVERY);
        every.is_none_or(|counts| counts.any <= since)
            && read.iter().all(|(table, extent)| {
                !(extent.whole && is_older(table, None))
                    && extent.columns().all(|(column, digests)| {
                        let mut digests = digests.iter();
                        digests.all(|digest| !is_older(table, Some((column, *digest))))
                    })
            })
    }

    fn is_older(
        &self,
        changed: &Changed,
        table: &str,
        at: Option<(ColumnId, ValueDigest)>,
        since: u64,
        watched_since: impl FnOnce() -> Option<u64>,
    ) -> bool {
        if table == TableName::EVERY {
            return self.count() > since;
        }
        let is_later = |counts: &Counts| counts.any > since;
        if changed.tables.get(TableName::EVERY).is_some_and(is_later) {
            return true;
        }
        let Some(counts) = changed.tables.get(table).filter(|counts| is_later(counts)) else {
            return false;
        };
        let Some((column, digest)) = at else {
            return true;
        };
        let is_unknown = |(known, count): &(ColumnId, u64)| *known == column && *count > since;
        counts.whole > since
            || changed.values_since > since
            || counts.unknown.iter().any(is_unknown)
            || watched_since().is_none_or(|watched| watched > since)
            || changed
                .values
                .get(&digest)
                .is_some_and(|count| *count > since)
    }

    /// The count of a version of this life.
    fn known(&self, version: &str) -> Option<u64> {
        version
            .rsplit_once('.')
            .filter(|(epoch, _)| **epoch == *self.epoch())
            .and_then(|(_, count)| count.parse().ok())
            .filter(|count| *count <= self.count())
    }

    /// What is stale for a client that was here before: of the topics that it names, and of those that its session reads
    /// beside them, as replies to the client may be on their way.
    pub(super) fn missed(
        &self,
        changed: &Changed,
        resume: &Resume,
        sessions: &Sessions,
        id: &SessionId,
    ) -> Footprint {
        let Some(since) = resume.since.as_deref() else {
            return Footprint::default();
        };
        if planted::is("a greeting says that nothing was missed") {
            return Footprint::default();
        }
        let reads = sessions.reads(id);
        if resume.held.is_empty() && reads.is_empty() && !since.is_empty() {
            return self.since(changed, since);
        }
        let is_stale = |topic: &Topic, version: &str| {
            self.is_stale(changed, topic, version, || {
                sessions.watched_since(&topic.table, topic.at?.0)
            })
        };
        let mut missed = Footprint::default();
        for held in &resume.held {
            if is_stale(&held.topic, held.version.as_deref().unwrap_or(since)) {
                missed.add(&held.topic);
            }
        }
        // Who was nowhere before has nothing from before.
        if !since.is_empty() {
            for topic in reads.topics() {
                let named = resume.held.iter().any(|held| held.topic == topic);
                if !named && is_stale(&topic, since) {
                    missed.add(&topic);
                }
            }
        }
        missed
    }
}

/// What a client that was here before knows, given with its new socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The last version that it heard of; empty on its first socket. Absent: it is not to be greeted.
    pub since: Option<String>,
    /// The topics of which it holds data.
    pub held: Vec<Held>,
}

/// A topic of which a client holds data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The topic.
    pub topic: Topic,
    /// Whether the table stands for more of its values than the client could name.
    pub(super) collapsed: bool,
    /// The version of the data, where it says.
    version: Option<String>,
}

impl Held {
    /// Reads a list: one a line.
    pub fn list(text: &str) -> Vec<Self> {
        text.lines().map(Self::parse).collect()
    }

    /// Reads `<topic>@<version>`, or `<topic>`; `<table>#*` stands for values of a table that are too many to name.
    pub fn parse(text: &str) -> Self {
        let (topic, version) = match text.rsplit_once('@') {
            Some((topic, version)) => (topic, Some(version.to_owned())),
            None => (text, None),
        };
        let (topic, collapsed) = match topic.strip_suffix("#*") {
            Some(table) => (table, true),
            None => (topic, false),
        };
        Self {
            topic: Topic::parse(topic),
            collapsed,
            version,
        }
    }
}

/// The name of a life that begins at this time. Names sort as the lives did; the random part keeps apart two that begin at
/// one time.
pub(super) fn epoch(began: i64, random: &str) -> String {
    format!("{began:0TIME$x}{random}")
}

/// The answer to the keep-alive of a client that was greeted. An object's JavaScript writes the same.
#[cfg(any(feature = "native", test))]
pub(crate) fn write_pong(changed: &impl serde::Serialize) -> String {
    #[derive(serde::Serialize)]
    struct Pong<'a, T> {
        #[serde(rename = "type")]
        kind: &'static str,
        changed: &'a T,
    }
    let kind = "pong";
    serde_json::to_string(&Pong { kind, changed }).expect("strings are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sqlite::Value,
        tracking::{ColumnId, TopicKey},
    };

    #[test]
    fn what_changed_since_a_version_is_known_exactly() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        let start = versions.name(versions.count());
        versions.wrote(&mut changed, &Footprint::from_iter(["users"]), |_| {
            Vec::new()
        });
        let middle = versions.name(versions.count());
        versions.wrote(&mut changed, &Footprint::from_iter(["posts"]), |_| {
            Vec::new()
        });
        let end = versions.name(versions.count());
        let since = |version: &str| versions.since(&changed, version);
        assert_eq!(since(&start), Footprint::from_iter(["posts", "users"]));
        assert_eq!(since(&middle), Footprint::from_iter(["posts"]));
        assert!(since(&end).is_empty());
    }

    #[test]
    fn since_a_version_of_another_life_everything_may_have_changed() {
        let versions = Versions::new("life".to_owned());
        for unknown in ["other.0", "life.1", "life.x", "life", "", "0"] {
            let since = versions.since(&versions.lock(), unknown);
            assert!(since.is_every(), "{unknown:?}");
        }
    }

    #[test]
    fn a_client_hears_what_changed_after_the_data_that_it_holds() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        for table in ["users", "posts", "tags"] {
            versions.wrote(&mut changed, &Footprint::from_iter([table]), |_| Vec::new());
        }
        let missed = |since: &str, tables: &[&str], reads: &[&str]| {
            let resume = Resume {
                since: Some(since.to_owned()),
                held: tables.iter().map(|held| Held::parse(held)).collect(),
            };
            let (mut sessions, id) = (Sessions::default(), SessionId::new("a"));
            sessions.subscribe(&id, &reads.iter().copied().collect(), 0);
            let missed = versions.missed(&changed, &resume, &sessions, &id);
            let missed: Vec<String> = missed.topics().iter().map(Topic::to_string).collect();
            missed.join(" ")
        };
        // Each table by the version of its own data, whatever the client has heard of since.
        assert_eq!(
            missed("life.3", &["users@life.0", "posts@life.2"], &[]),
            "users"
        );
        assert_eq!(
            missed("life.1", &["users", "posts", "tags@life.3"], &[]),
            "posts"
        );
        // A read whose reply the client does not have yet.
        assert_eq!(
            missed("life.1", &["users@life.3"], &["users", "tags"]),
            "tags"
        );
        assert_eq!(
            missed("other.7", &["users@life.3"], &["users", "tags"]),
            "tags"
        );
        // A first socket.
        assert_eq!(missed("", &[], &["users"]), "");
        assert_eq!(missed("", &["users@life.0", "posts@life.3"], &[]), "users");
        assert_eq!(missed("life.3", &["*@life.2"], &[]), "*");
        assert_eq!(missed("life.3", &["*@life.3"], &[]), "");
    }

    #[test]
    fn a_write_of_every_table_makes_each_stale() {
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        versions.wrote(&mut changed, &Footprint::every(), |_| Vec::new());
        let users = Topic::parse("users");
        assert!(versions.is_stale(&changed, &users, "life.0", || None));
        assert!(!versions.is_stale(&changed, &users, "life.1", || None));
    }

    #[test]
    fn a_value_is_stale_after_writes_of_it_and_where_they_did_not_say() {
        let column = ColumnId(1);
        let key = TopicKey::new([1; 16]);
        let room = |room: i64| {
            let digest = key.digest("messages", column, &Value::Integer(room));
            Topic {
                table: "messages".into(),
                at: Some((column, digest.unwrap())),
            }
        };
        let at = |rooms: &[i64]| {
            let mut footprint = Footprint::default();
            rooms.iter().for_each(|n| footprint.add(&room(*n)));
            footprint
        };
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        versions.wrote(&mut changed, &at(&[7]), |_| Vec::new());
        versions.wrote(&mut changed, &at(&[8]), |_| Vec::new());
        let stale = |changed: &Changed, n: i64, since: &str, watched: Option<u64>| {
            versions.is_stale(changed, &room(n), since, || watched)
        };
        assert!(stale(&changed, 7, "life.0", Some(0)));
        assert!(!stale(&changed, 7, "life.1", Some(0)));
        assert!(!stale(&changed, 9, "life.0", Some(0)));
        assert!(stale(&changed, 9, "life.0", Some(1)), "watched later");
        assert!(stale(&changed, 9, "life.0", None), "not watched");
        assert!(!stale(&changed, 9, "life.2", None), "nothing was written");
        versions.wrote(&mut changed, &Footprint::from_iter(["messages"]), |_| {
            Vec::new()
        });
        assert!(stale(&changed, 9, "life.2", Some(0)));
        for n in 0..=VALUES as i64 {
            versions.wrote(&mut changed, &at(&[n]), |_| Vec::new());
        }
        assert!(changed.values.len() <= VALUES);
        assert!(stale(&changed, 9, "life.3", Some(0)), "forgotten");
        assert!(!stale(
            &changed,
            9,
            &versions.name(versions.count()),
            Some(0)
        ));
    }

    #[test]
    fn a_write_that_does_not_say_what_it_touched_of_a_watched_column_may_have_touched_each_value() {
        let (room, author) = (ColumnId(1), ColumnId(2));
        let topic = |column: ColumnId| {
            let digest = TopicKey::new([1; 16]).digest("messages", column, &Value::Integer(7));
            Topic {
                table: "messages".into(),
                at: Some((column, digest.unwrap())),
            }
        };
        let versions = Versions::new("life".to_owned());
        let mut changed = versions.lock();
        let mut written = Footprint::default();
        written.add(&topic(room));
        // As `ctx.invalidate([Message::room_id.topic(7)])` does.
        versions.wrote(&mut changed, &written, |_| vec![room, author]);
        let stale =
            |topic: &Topic, since: &str| versions.is_stale(&changed, topic, since, || Some(0));
        assert!(stale(&topic(room), "life.0"));
        assert!(stale(&topic(author), "life.0"));
        assert!(!stale(&topic(author), "life.1"));
    }

    #[test]
    fn a_life_sorts_behind_the_one_before_it_wherever_the_clock_is() {
        let before = epoch(1_795_000_000_000_000, "ffff");
        for began in [0, 1_795_000_000_000_000, 1_800_000_000_000_000] {
            let versions = Versions::new(epoch(began, "0000"));
            versions.follow("no name of a life");
            versions.follow("");
            versions.follow(&before);
            assert!(*versions.epoch() > *before, "{}", versions.epoch());
            assert_eq!(versions.epoch().len(), before.len());
        }
    }

    #[test]
    fn lives_sort_by_their_beginnings() {
        let (first, second) = (1_795_000_000_000_000, 1_795_000_000_000_001);
        assert!(epoch(first, "ffff") < epoch(second, "0000"));
        assert_eq!(epoch(first, "ffff").len(), epoch(0, "0000").len());
    }
}
