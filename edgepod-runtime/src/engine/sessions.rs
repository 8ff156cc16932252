//! Who reads what: sessions, their sockets, and the tables that they are subscribed to.
//!
//! A session is named by the client. Its calls subscribe it, its sockets receive. A call may come before the socket does:
//! then the session waits a while, and what changes meanwhile is told when the socket arrives.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::SocketId;
use crate::tracking::{TableName, TableSet};

/// Sessions that may wait for their socket at one time; the oldest go first.
const WAITING: usize = 4096;

/// Bytes of an attachment: the platform keeps at most 16,384 with a socket.
const ATTACHMENT: usize = 16_000;

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

#[derive(Default)]
struct Session {
    sockets: Vec<SocketId>,
    tables: TableSet,
    /// What changed while there was no socket.
    missed: TableSet,
    /// When the session began to wait, as a count of waiting sessions.
    waiting_since: Option<u64>,
}

/// What is kept with a socket, so that it outlives hibernation.
#[derive(Serialize, Deserialize)]
struct Attachment {
    #[serde(rename = "s")]
    session: String,
    #[serde(rename = "t")]
    tables: Vec<String>,
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
    readers: HashMap<TableName, HashSet<SessionId>>,
    waiting: VecDeque<(u64, SessionId)>,
    waited: u64,
}

impl Sessions {
    /// A socket of a session opens. Returns what changed since the session's first read, for that socket.
    pub(super) fn open(&mut self, socket: SocketId, id: SessionId) -> TableSet {
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

    /// The tables that a session reads.
    pub(super) fn reads(&self, id: &SessionId) -> TableSet {
        self.sessions
            .get(id)
            .map_or_else(TableSet::default, |session| session.tables.clone())
    }

    /// A socket that was open before the engine began: from its attachment.
    pub(super) fn restore(&mut self, socket: SocketId, attachment: &str) {
        let Ok(attachment) = serde_json::from_str::<Attachment>(attachment) else {
            return;
        };
        let id = SessionId::new(&attachment.session);
        self.open(socket, id.clone());
        for table in &attachment.tables {
            self.subscribe(&id, &TableName::new(table));
        }
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
        for table in session.tables.iter() {
            if let Some(readers) = self.readers.get_mut(table) {
                readers.remove(id);
                if readers.is_empty() {
                    self.readers.remove(table);
                }
            }
        }
    }

    /// Subscribes a session to a table; whether that is new.
    pub(super) fn subscribe(&mut self, id: &SessionId, table: &TableName) -> bool {
        let session = self.sessions.entry(id.clone()).or_default();
        if session.sockets.is_empty() && session.waiting_since.is_none() {
            self.waited += 1;
            session.waiting_since = Some(self.waited);
            self.waiting.push_back((self.waited, id.clone()));
        }
        let new = session.tables.insert(table.clone());
        if new {
            self.readers
                .entry(table.clone())
                .or_default()
                .insert(id.clone());
        }
        if self.waiting.len() > WAITING
            && let Some((_, oldest)) = self.waiting.pop_front()
        {
            self.end(&oldest);
        }
        new
    }

    /// The attachments to keep with a session's sockets, now that its subscriptions have changed.
    pub(super) fn attachments(&self, id: &SessionId) -> Option<(Vec<SocketId>, String)> {
        let session = self.sessions.get(id)?;
        let encode = |tables: &TableSet| {
            serde_json::to_string(&Attachment {
                session: id.0.to_string(),
                tables: tables.iter().map(|t| t.as_str().to_owned()).collect(),
            })
            .expect("strings are JSON")
        };
        let mut attachment = encode(&session.tables);
        if attachment.len() > ATTACHMENT {
            attachment = encode(&TableSet::every());
        }
        Some((session.sockets.clone(), attachment))
    }

    /// Tables have changed: who is to be told what. Sessions that wait for their socket are told when it comes.
    pub(super) fn written(&mut self, tables: &TableSet) -> Vec<(Vec<SocketId>, TableSet)> {
        let ids: HashSet<SessionId> = if tables.is_every() {
            self.sessions.keys().cloned().collect()
        } else {
            tables
                .iter()
                .map(TableName::as_str)
                .chain([TableName::EVERY])
                .filter_map(|table| self.readers.get(table))
                .flatten()
                .cloned()
                .collect()
        };
        // Sessions that read the same tables share one message.
        let mut told: Vec<(Vec<SocketId>, TableSet)> = Vec::new();
        for id in ids {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            let stale = session.tables.stale_after(tables);
            if stale.is_empty() {
                continue;
            }
            if session.sockets.is_empty() {
                session.missed.extend(&stale);
                continue;
            }
            match told.iter_mut().find(|(_, tables)| *tables == stale) {
                Some((sockets, _)) => sockets.extend(&session.sockets),
                None => told.push((session.sockets.clone(), stale)),
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SessionId {
        SessionId::new(name)
    }

    fn set(names: &[&str]) -> TableSet {
        names.iter().copied().collect()
    }

    #[test]
    fn only_readers_of_a_table_are_told() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        sessions.open(SocketId(2), id("b"));
        sessions.subscribe(&id("a"), &"users".into());
        sessions.subscribe(&id("b"), &"posts".into());
        assert_eq!(
            sessions.written(&set(&["posts", "tags"])),
            [(vec![SocketId(2)], set(&["posts"]))]
        );
    }

    #[test]
    fn what_changes_before_the_socket_arrives_is_told_when_it_does() {
        let mut sessions = Sessions::default();
        sessions.subscribe(&id("a"), &"users".into());
        assert!(sessions.written(&set(&["users"])).is_empty());
        assert_eq!(sessions.open(SocketId(1), id("a")), set(&["users"]));
        assert!(sessions.open(SocketId(2), id("a")).is_empty());
    }

    #[test]
    fn a_session_ends_with_its_last_socket() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        sessions.open(SocketId(2), id("a"));
        sessions.subscribe(&id("a"), &"users".into());
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
        sessions.subscribe(&id("a"), &"users".into());
        let (sockets, attachment) = sessions.attachments(&id("a")).unwrap();
        assert_eq!(sockets, [SocketId(1)]);

        let mut restored = Sessions::default();
        restored.restore(SocketId(9), &attachment);
        restored.restore(SocketId(10), "not an attachment");
        assert_eq!(
            restored.written(&set(&["users"])),
            [(vec![SocketId(9)], set(&["users"]))]
        );
    }

    #[test]
    fn more_tables_than_an_attachment_holds_become_every_table() {
        let mut sessions = Sessions::default();
        sessions.open(SocketId(1), id("a"));
        for i in 0..2000 {
            sessions.subscribe(&id("a"), &TableName::new(&format!("table_{i:04}")));
        }
        let (_, attachment) = sessions.attachments(&id("a")).unwrap();
        assert!(attachment.len() <= ATTACHMENT, "{}", attachment.len());
        let mut restored = Sessions::default();
        restored.restore(SocketId(1), &attachment);
        assert_eq!(restored.written(&set(&["any"])).len(), 1);
    }

    #[test]
    fn sessions_without_a_socket_do_not_pile_up() {
        let mut sessions = Sessions::default();
        for i in 0..WAITING + 100 {
            sessions.subscribe(&id(&i.to_string()), &"users".into());
        }
        assert_eq!(sessions.sessions.len(), WAITING);
        assert_eq!(sessions.waiting.len(), WAITING);
    }
}
