//! Who reads what: sessions, their sockets, and the topics that they are subscribed to.
//!
//! A session is named by the client. Its calls subscribe it, its sockets receive. A call may come before the socket does:
//! then the session waits a while, and what changes meanwhile is told when the socket arrives.
//!
//! A subscription to values of a table ends when the session is told that they changed: whoever still shows them reads them
//! again. One to more values of a table than [`VALUES`] becomes one to the table, until that is told. So what a session costs
//! is bounded by what it shows.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{SocketId, presence::Present, readers::Readers};
use crate::{
    planted,
    tracking::{ColumnId, Footprint, TableName, TableSet, Topic},
};

/// Sessions that may wait for their socket at one time; the oldest go first.
const WAITING: usize = 4096;

/// Bytes of an attachment: the platform keeps at most 16,384 with a socket.
const ATTACHMENT: usize = 16_000;

/// Values of one table that a session depends on, before it depends on the table.
const VALUES: usize = 1024;

/// The name of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SessionId(Arc<str>);

impl SessionId {
    pub(super) fn new(id: &str) -> Self {
        Self(id.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is stale for a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The topics.
    pub topics: Footprint,
    /// Whether values are that are not named, so that a client reads again whatever it has.
    pub every: bool,
}

impl Stale {
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(super) fn extend(&mut self, other: &Stale) {
        self.topics.read_too(&other.topics);
        self.every |= other.every;
    }
}

#[derive(Default)]
struct Session {
    sockets: Vec<SocketId>,
    reads: Footprint,
    /// Tables that it depends on because it depended on too many of their values.
    collapsed: TableSet,
    /// What changed while there was no socket.
    missed: Stale,
    /// When the session began to wait, as a count of waiting sessions.
    waiting_since: Option<u64>,
    /// Whether its attachment names this life, of which it may have heard.
    is_noted: bool,
}

/// What is kept with a socket, so that it outlives hibernation.
#[derive(Serialize, Deserialize)]
struct Attachment {
    #[serde(rename = "s")]
    session: String,
    /// The topics' texts.
    #[serde(rename = "t")]
    topics: Vec<String>,
    /// Tables that stand for more of their values than are listed.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    collapsed: Vec<String>,
    /// The name of the life that wrote it.
    #[serde(rename = "l", default, skip_serializing_if = "String::is_empty")]
    life: String,
    /// What the session says of itself.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    said: Option<Box<RawValue>>,
}

/// An open socket.
struct Open {
    session: SessionId,
    /// How many messages were sent to it.
    sent: u32,
}

#[derive(Default)]
pub(super) struct Sessions {
    sessions: HashMap<SessionId, Session>,
    sockets: HashMap<SocketId, Open>,
    readers: Readers,
    /// What sessions say of themselves, where the app has presences.
    presences: Option<Box<dyn Present>>,
    waiting: VecDeque<(u64, SessionId)>,
    waited: u64,
    /// Sessions that were told something for the first time in this life.
    told_first: Vec<SessionId>,
}

impl Sessions {
    /// A socket of a session opens. Returns what changed since the session's first read, for that socket.
    pub(super) fn open(&mut self, socket: SocketId, id: SessionId) -> Stale {
        let session = self.sessions.entry(id.clone()).or_default();
        session.sockets.push(socket);
        let turn = session.waiting_since.take();
        let missed = std::mem::take(&mut session.missed);
        if let Some(turn) = turn {
            self.stop_waiting(turn);
        }
        self.sockets.insert(
            socket,
            Open {
                session: id,
                sent: 0,
            },
        );
        missed
    }

    /// Counts a message to a socket; its number, from 1.
    pub(super) fn count(&mut self, socket: SocketId) -> u32 {
        self.sockets.get_mut(&socket).map_or(0, |open| {
            open.sent += 1;
            open.sent
        })
    }

    /// What a session reads.
    pub(super) fn reads(&self, id: &SessionId) -> Footprint {
        self.sessions
            .get(id)
            .map_or_else(Footprint::default, |session| session.reads.clone())
    }

    /// The columns of a table on whose values some session depends.
    pub(super) fn watched(&self, table: &str) -> Vec<ColumnId> {
        self.readers.watched(table)
    }

    /// The version's count since which writes say what they touch of a column, if they do.
    pub(super) fn watched_since(&self, table: &TableName, column: ColumnId) -> Option<u64> {
        self.readers.watched_since(table, column)
    }

    /// Whether any session reads a table.
    pub(super) fn is_read(&self, table: &TableName) -> bool {
        self.readers.knows(table.as_str())
    }

    /// A socket that was open before the engine began: from its attachment, which names its session, and the life that wrote it.
    pub(super) fn restore(
        &mut self,
        socket: SocketId,
        attachment: &str,
    ) -> Option<(SessionId, String)> {
        let attachment = serde_json::from_str::<Attachment>(attachment).ok()?;
        let id = SessionId::new(&attachment.session);
        self.open(socket, id.clone());
        let mut topics = Footprint::default();
        for topic in &attachment.topics {
            topics.add(&Topic::parse(topic));
        }
        self.subscribe(&id, &topics, 0);
        for table in &attachment.collapsed {
            self.collapse(&id, &TableName::new(table), 0);
        }
        if let (Some(presences), Some(said)) = (&mut self.presences, &attachment.said) {
            presences.restore(&id, said);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.is_noted = false;
        }
        Some((id, attachment.life))
    }

    /// Sessions that were told something for the first time in this life: their attachments are to name it.
    pub(super) fn take_told_first(&mut self) -> Vec<SessionId> {
        std::mem::take(&mut self.told_first)
    }

    /// A socket is gone; with its last socket a session ends.
    pub(super) fn close(&mut self, socket: SocketId) {
        let Some(Open { session: id, .. }) = self.sockets.remove(&socket) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sockets.retain(|s| *s != socket);
            if session.sockets.is_empty() {
                self.end(&id);
            }
        }
    }

    /// The session of a socket.
    pub(super) fn of(&self, socket: SocketId) -> Option<&SessionId> {
        self.sockets.get(&socket).map(|open| &open.session)
    }

    /// The sessions of some sockets, each with how many of them it has.
    #[cfg(debug_assertions)]
    pub(super) fn grouped(&self, sockets: &[SocketId]) -> Vec<(SessionId, usize)> {
        let mut all: Vec<(SessionId, usize)> = Vec::new();
        for session in sockets.iter().filter_map(|socket| self.of(*socket)) {
            match all.iter_mut().find(|(known, _)| known == session) {
                Some((_, count)) => *count += 1,
                None => all.push((session.clone(), 1)),
            }
        }
        all
    }

    /// Whether a session has a socket.
    pub(super) fn is_open(&self, id: &SessionId) -> bool {
        let session = self.sessions.get(id);
        session.is_some_and(|session| !session.sockets.is_empty())
    }

    /// None yet, of an app that may have presences.
    pub(super) fn of_app(presences: Option<Box<dyn Present>>) -> Self {
        Self {
            presences,
            ..Self::default()
        }
    }

    /// What sessions say of themselves, where the app has presences.
    pub(super) fn presences(&mut self) -> Option<&mut dyn Present> {
        self.presences
            .as_deref_mut()
            .map(|presences| presences as _)
    }

    /// Whether a session has said something of itself.
    pub(super) fn has_said(&self, id: &SessionId) -> bool {
        let presences = self.presences.as_deref();
        presences.is_some_and(|presences| presences.knows(id))
    }

    fn stop_waiting(&mut self, turn: u64) {
        if let Ok(place) = self.waiting.binary_search_by_key(&turn, |(turn, _)| *turn) {
            self.waiting.remove(place);
        }
    }

    fn end(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        if let Some(turn) = session.waiting_since {
            self.stop_waiting(turn);
        }
        for (table, extent) in session.reads.iter() {
            self.readers.remove(table, extent, id);
        }
    }

    /// Subscribes a session to topics, at the version's count; whether one is new.
    pub(super) fn subscribe(&mut self, id: &SessionId, topics: &Footprint, count: u64) -> bool {
        let session = self.sessions.entry(id.clone()).or_default();
        if session.sockets.is_empty() && session.waiting_since.is_none() {
            self.waited += 1;
            session.waiting_since = Some(self.waited);
            self.waiting.push_back((self.waited, id.clone()));
        }
        let mut new = !std::mem::replace(&mut session.is_noted, true);
        let mut too_many = Vec::new();
        for (table, extent) in topics.iter() {
            let known = session.reads.entry(table);
            if extent.whole && !known.whole {
                known.whole = true;
                new = true;
                self.readers.add(table, None, id, count);
            }
            if extent.values() == 0 || session.collapsed.contains(table.as_str()) {
                continue;
            }
            for (column, digests) in extent.columns() {
                for digest in digests {
                    if known.add(column, *digest) {
                        new = true;
                        self.readers.add(table, Some((column, *digest)), id, count);
                    }
                }
            }
            if known.values() > VALUES {
                too_many.push(table.clone());
            }
        }
        for table in too_many {
            self.collapse(id, &table, count);
        }
        if self.waiting.len() > WAITING
            && let Some((_, oldest)) = self.waiting.pop_front()
        {
            self.end(&oldest);
        }
        new
    }

    /// Makes of a session's subscriptions to values of a table one to the table.
    pub(super) fn collapse(&mut self, id: &SessionId, table: &TableName, count: u64) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Some(values) = session.reads.remove_table(table.as_str()) {
            self.readers.remove(table, &values, id);
        }
        session.reads.entry(table).whole = true;
        session.collapsed.insert(table.clone());
        self.readers.add(table, None, id, count);
    }

    /// The attachments to keep with a session's sockets, now that its subscriptions have changed.
    pub(super) fn attachments(
        &self,
        id: &SessionId,
        life: &str,
    ) -> Option<(Vec<SocketId>, String)> {
        let session = self.sessions.get(id)?;
        let names = |tables: &TableSet| tables.iter().map(|t| t.as_str().to_owned()).collect();
        let encode = |topics: Vec<String>, collapsed: Vec<String>| {
            let attachment = Attachment {
                session: id.0.to_string(),
                topics,
                collapsed,
                life: life.to_owned(),
                said: self.presences.as_deref().and_then(|of| of.of(id)),
            };
            serde_json::to_string(&attachment).expect("strings are JSON")
        };
        let texts = session
            .reads
            .topics()
            .iter()
            .map(Topic::to_string)
            .collect();
        let mut attachment = encode(texts, names(&session.collapsed));
        if attachment.len() > ATTACHMENT {
            attachment = encode(Vec::new(), names(&session.reads.tables()));
        }
        if attachment.len() > ATTACHMENT {
            attachment = encode(Vec::new(), vec![TableName::EVERY.to_owned()]);
        }
        Some((session.sockets.clone(), attachment))
    }

    /// What a write makes stale for a session.
    pub(super) fn stale(&self, id: &SessionId, written: &Footprint) -> Stale {
        let Some(session) = self.sessions.get(id) else {
            return Stale::default();
        };
        let topics = session.reads.stale_after(written);
        let every = topics.iter().any(|(table, _)| {
            session.collapsed.contains(table.as_str())
                || session.collapsed.contains(TableName::EVERY)
        });
        Stale { topics, every }
    }

    /// Whether a session depends on one of these topics' tables because it depended on too many of their values, so that a
    /// client which is told of them is to read again whatever it has.
    pub(super) fn has_collapsed(&self, id: &SessionId, topics: &Footprint) -> bool {
        let collapsed = self.sessions.get(id).map(|session| &session.collapsed);
        collapsed.is_some_and(|collapsed| {
            let mut tables = topics.iter();
            tables.any(|(table, _)| {
                collapsed.contains(table.as_str()) || collapsed.contains(TableName::EVERY)
            })
        })
    }

    /// What a write makes stale for a session, which is about to be told: its subscriptions to these values end.
    pub(super) fn told(&mut self, id: &SessionId, written: &Footprint) -> Stale {
        let stale = self.stale(id, written);
        self.over(id, stale)
    }

    fn over(&mut self, id: &SessionId, stale: Stale) -> Stale {
        let Some(session) = self.sessions.get_mut(id) else {
            return stale;
        };
        if stale.every && session.collapsed.contains(TableName::EVERY) {
            // All that it reads it reads again.
            let reads = std::mem::take(&mut session.reads);
            session.collapsed = TableSet::default();
            for (table, extent) in reads.iter() {
                self.readers.remove(table, extent, id);
            }
            return stale;
        }
        for topic in stale.topics.topics() {
            if topic.at.is_some() {
                session.reads.remove(&topic);
            }
        }
        for (table, extent) in stale.topics.iter() {
            let mut over = extent.clone();
            over.whole = session.collapsed.contains(table.as_str());
            if planted::is("a subscription to a table ends when it is told") {
                over.whole = extent.whole;
            } else if over.whole {
                session.collapsed.remove(table);
                session.reads.remove_table(table.as_str());
            }
            self.readers.remove(table, &over, id);
        }
        stale
    }

    /// Topics have changed: who is to be told what. Sessions that wait for their socket are told when it comes.
    pub(super) fn written(&mut self, written: &Footprint) -> Vec<(Vec<SocketId>, Stale)> {
        // Sessions for which the same is stale share one message.
        let mut messages: Vec<(Vec<SocketId>, Stale)> = Vec::new();
        for id in self.readers.concerned(written) {
            let stale = self.told(&id, written);
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if stale.is_empty() {
                continue;
            }
            if session.sockets.is_empty() {
                session.missed.extend(&stale);
                continue;
            }
            if !std::mem::replace(&mut session.is_noted, true) {
                self.told_first.push(id.clone());
            }
            match messages.iter_mut().find(|(_, known)| *known == stale) {
                Some((sockets, _)) => sockets.extend(&session.sockets),
                None => messages.push((session.sockets.clone(), stale)),
            }
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sqlite::Value,
        tracking::{Extent, TopicKey, ValueDigest},
    };

    const ROOM: ColumnId = ColumnId(1);

    fn id(name: &str) -> SessionId {
        SessionId::new(name)
    }

    fn set(names: &[&str]) -> Footprint {
        names.iter().copied().collect()
    }

    fn digest(room: i64) -> ValueDigest {
        TopicKey::new([1; 16])
            .digest("messages", ROOM, &Value::Integer(room))
            .unwrap()
    }

    fn rooms(rooms: impl IntoIterator<Item = i64>) -> Footprint {
        let mut footprint = Footprint::default();
        let extent = Extent::at(rooms.into_iter().map(|room| (ROOM, digest(room))));
        *footprint.entry(&"messages".into()) = extent;
        footprint
    }

    fn stale(topics: Footprint) -> Stale {
        Stale {
            topics,
            every: false,
        }
    }

    #[test]
    fn only_readers_of_a_table_are_told() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        sessions.open(SocketId(2), id("b"));
        sessions.subscribe(&id("a"), &set(&["users"]), 0);
        sessions.subscribe(&id("b"), &set(&["posts"]), 0);
        assert_eq!(
            sessions.written(&set(&["posts", "tags"])),
            [(vec![SocketId(2)], stale(set(&["posts"])))]
        );
    }

    #[test]
    fn only_readers_of_a_value_are_told_and_once() {
        let mut sessions = Sessions::default();
        for (socket, name, room) in [(1, "a", 7), (2, "b", 8), (3, "c", 7)] {
            sessions.open(SocketId(socket), id(name));
            sessions.subscribe(&id(name), &rooms([room]), 0);
        }
        assert_eq!(sessions.watched("messages"), [ROOM]);
        let told = sessions.written(&rooms([7, 9]));
        let [(sockets, what)] = &told[..] else {
            panic!("{told:?}");
        };
        let mut sockets = sockets.clone();
        sockets.sort();
        assert_eq!(sockets, [SocketId(1), SocketId(3)]);
        assert_eq!(*what, stale(rooms([7])));
        assert!(sessions.written(&rooms([7])).is_empty(), "told is over");
        sessions.subscribe(&id("a"), &rooms([7]), 0);
        assert_eq!(sessions.written(&rooms([7])).len(), 1, "read again");
        assert_eq!(sessions.written(&set(&["messages"])).len(), 1, "b");
        assert!(sessions.readers.is_empty());
    }

    #[test]
    fn writes_say_their_values_for_a_while_after_the_last_reader_has_gone() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        sessions.subscribe(&id("a"), &rooms([7]), 3);
        sessions.close(SocketId(1));
        let messages = TableName::new("messages");
        for _ in 0..256 {
            assert_eq!(sessions.watched("messages"), [ROOM]);
            assert_eq!(sessions.watched_since(&messages, ROOM), Some(3));
            sessions.written(&rooms([8]));
            // Of another table.
            sessions.written(&set(&["users"]));
        }
        sessions.written(&rooms([8]));
        assert!(sessions.watched("messages").is_empty());
        assert!(!sessions.is_read(&messages));
    }

    #[test]
    fn a_session_that_shows_many_values_depends_on_the_table_until_it_is_told() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        for room in 0..10_000 {
            sessions.subscribe(&id("a"), &rooms([room]), 0);
        }
        let (_, attachment) = sessions.attachments(&id("a"), "life").unwrap();
        assert!(attachment.len() < 80, "{attachment}");
        assert_eq!(sessions.reads(&id("a")), set(&["messages"]));
        let told = sessions.written(&rooms([3]));
        let [(_, what)] = &told[..] else {
            panic!("{told:?}");
        };
        assert!(what.every);
        assert!(sessions.written(&rooms([4])).is_empty());
        sessions.subscribe(&id("a"), &rooms([5]), 0);
        assert_eq!(sessions.reads(&id("a")), rooms([5]));
    }

    #[test]
    fn what_changes_before_the_socket_arrives_is_told_when_it_does() {
        let mut sessions = Sessions::default();
        sessions.subscribe(&id("a"), &set(&["users"]), 0);
        sessions.subscribe(&id("a"), &rooms([7]), 0);
        assert!(sessions.written(&set(&["users"])).is_empty());
        assert!(sessions.written(&rooms([7])).is_empty());
        let mut both = set(&["users"]);
        both.read_too(&rooms([7]));
        assert_eq!(sessions.open(SocketId(1), id("a")), stale(both));
        assert!(sessions.open(SocketId(2), id("a")).is_empty());
    }

    #[test]
    fn a_session_ends_with_its_last_socket() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        sessions.open(SocketId(2), id("a"));
        sessions.subscribe(&id("a"), &set(&["users"]), 0);
        sessions.subscribe(&id("a"), &rooms([7]), 0);
        sessions.close(SocketId(1));
        assert_eq!(sessions.written(&set(&["users"])).len(), 1);
        sessions.close(SocketId(2));
        assert!(sessions.written(&set(&["users"])).is_empty());
        assert!(sessions.sessions.is_empty() && sessions.readers.is_empty());
    }

    #[test]
    fn an_attachment_restores_the_subscriptions() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        let mut reads = set(&["users"]);
        reads.read_too(&rooms([7]));
        sessions.subscribe(&id("a"), &reads, 0);
        let (sockets, attachment) = sessions.attachments(&id("a"), "life").unwrap();
        assert_eq!(sockets, [SocketId(1)]);

        let mut restored = Sessions::default();
        restored.restore(SocketId(9), &attachment);
        restored.restore(SocketId(10), "not an attachment");
        assert_eq!(restored.reads(&id("a")), reads);
        assert_eq!(
            restored.written(&rooms([7])),
            [(vec![SocketId(9)], stale(rooms([7])))]
        );
        // As one was written before there were topics.
        let mut restored = Sessions::default();
        restored.restore(SocketId(1), r#"{"s":"a","t":["users"]}"#);
        assert_eq!(restored.reads(&id("a")), set(&["users"]));
    }

    #[test]
    fn more_topics_than_an_attachment_holds_become_their_tables_or_every_table() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        let several = |i: i64| {
            let mut topics = Footprint::default();
            let digests = (0..100).map(|room| (ROOM, digest(room)));
            *topics.entry(&TableName::new(&format!("table_{i:04}"))) = Extent::at(digests);
            topics
        };
        for (count, covered) in [(20, "table_0007"), (2000, TableName::EVERY)] {
            for i in 0..count {
                sessions.subscribe(&id("a"), &several(i), 0);
            }
            let (_, attachment) = sessions.attachments(&id("a"), "life").unwrap();
            assert!(attachment.len() <= ATTACHMENT, "{}", attachment.len());
            let mut restored = Sessions::default();
            restored.restore(SocketId(1), &attachment);
            assert!(restored.reads(&id("a")).get(covered).unwrap().whole);
            let told = restored.written(&set(&["table_0007"]));
            assert!(told[0].1.every, "{told:?}");
        }
    }

    #[test]
    fn sessions_without_a_socket_do_not_pile_up() {
        let mut sessions = Sessions::default();
        for i in 0..WAITING + 100 {
            sessions.subscribe(&id(&i.to_string()), &set(&["users"]), 0);
        }
        assert_eq!(sessions.sessions.len(), WAITING);
        assert_eq!(sessions.waiting.len(), WAITING);
    }
}
