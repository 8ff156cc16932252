//! Presence: what sessions say of themselves for as long as they have a socket, such as who types in a room.
//!
//! It is in memory, and with the sockets through hibernation. No row is written for it, and nothing need be said again: it ends
//! with the session's last socket, or at the time that it was said to end. A session that comes back soon finds it as it was.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Ctx, QueryCtx, sessions::SessionId};
use crate::{
    Code, Error, Result,
    auth::Claims,
    db::{ColumnType, Observer as _, Timestamp},
    sqlite::Value,
    tracking::{ColumnId, Footprint, Topic, TopicKey},
};

/// The most bytes of one presence, as JSON.
const BYTES: usize = 1024;

/// Of how many keys a session may be present at one time; the one that was said first gives way.
const OF_A_SESSION: usize = 8;

/// Sessions without a socket whose presences are kept for their coming back; the oldest go first.
const AWAY: usize = 256;

/// What a session says of itself under a key. `#[edgepod::presence]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no presence",
    label = "not a presence",
    note = "a presence is a struct with `#[edgepod::presence(key = …)]`"
)]
pub trait Presence: Serialize + DeserializeOwned + 'static {
    /// Under what it is asked for.
    type Key: ColumnType;

    /// The struct's path.
    #[doc(hidden)]
    const NAME: &'static str;

    /// How long it lasts unless it is said again; `None` for as long as the session has a socket.
    #[doc(hidden)]
    const AT_MOST: Option<Duration>;

    /// The field that is the key.
    #[doc(hidden)]
    fn key(&self) -> Self::Key;
}

impl QueryCtx {
    /// Who is present under a key: each user once, however many tabs they have, with what was said last, in the order in which
    /// they came. Whoever is signed in is a user, and everybody else each session.
    ///
    /// The caller is told when that changes, as with a read of rows.
    ///
    /// ```ignore
    /// #[edgepod::presence(key = room_id, at_most = "8s")]
    /// pub struct Typing { pub room_id: i64, pub name: String }
    ///
    /// #[edgepod::query]
    /// pub async fn get_typing(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Typing>> {
    ///     ctx.who::<Typing>(room_id)
    /// }
    /// ```
    ///
    /// # Errors
    /// `BAD_REQUEST` for a key that is no value of its type.
    pub fn who<T: Presence>(&self, key: impl Into<T::Key>) -> Result<Vec<T>> {
        let state = self.state();
        let topic = topic::<T>(key.into(), state.engine.topic_key())?;
        // Before they are looked at: who comes now is told.
        state.read(&Footprint::from(&topic));
        let now = || state.engine.host().now_micros();
        let (present, until) = state.engine.present(&topic, &now);
        if let Some(until) = until {
            self.refresh_at(Timestamp::from_micros(until));
        }
        // What was said before the struct was another is not for now.
        let read = |json: Box<RawValue>| serde_json::from_str(json.get()).ok();
        Ok(present.into_iter().filter_map(read).collect())
    }
}

impl Ctx {
    /// The caller's session is present from the commit on: until its last socket closes, until the time that its struct says
    /// has gone by, or until [`absent`](Self::absent). Said again under the same key, it takes the place of what was said.
    ///
    /// ```ignore
    /// #[edgepod::function]
    /// pub async fn typing(ctx: &Ctx, room_id: i64) -> Result<()> {
    ///     let name = ctx.user_as::<Member>()?.name;
    ///     ctx.present(Typing { room_id, name })
    /// }
    /// ```
    ///
    /// # Errors
    /// `BAD_REQUEST` where the call names no session, which clients with a socket do; `PAYLOAD_TOO_LARGE` beyond 1 KB of JSON.
    pub fn present<T: Presence>(&self, presence: T) -> Result<()> {
        let state = self.state();
        let session = state.writer().ok_or_else(|| {
            Error::bad_request(
                "Presence is a session's: send its id as X-EdgePod-Session-Id, and open its socket.",
            )
        })?;
        let json = serde_json::value::to_raw_value(&presence)?;
        if json.get().len() > BYTES {
            return Err(Error::new(
                Code::PayloadTooLarge,
                format!(
                    "A presence has {BYTES} bytes of JSON at most, and this one has {}.",
                    json.get().len()
                ),
            ));
        }
        let engine = &state.engine;
        let who = match state.user.as_ref().and_then(Claims::subject) {
            Some(subject) => format!("user {subject}"),
            None => format!("session {}", session.as_str()),
        };
        let who = digest(engine.topic_key(), T::NAME, &Value::Text(who));
        let until = T::AT_MOST.map(|time| {
            let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            engine.host().now_micros().saturating_add(time)
        });
        state.say(Change {
            topic: topic::<T>(presence.key(), engine.topic_key())?,
            session,
            said: Some((who, json, until)),
        });
        Ok(())
    }

    /// The caller's session is no longer present under a key, from the commit on. Where it was not, nothing changes.
    ///
    /// # Errors
    /// `BAD_REQUEST` for a key that is no value of its type.
    pub fn absent<T: Presence>(&self, key: impl Into<T::Key>) -> Result<()> {
        let state = self.state();
        let topic = topic::<T>(key.into(), state.engine.topic_key())?;
        if let Some(session) = state.writer() {
            state.say(Change {
                topic,
                session,
                said: None,
            });
        }
        Ok(())
    }
}

/// The topic of a key.
fn topic<T: Presence>(key: T::Key, secret: &TopicKey) -> Result<Topic> {
    let table = format!("presence:{}", T::NAME);
    let key = match key.into_value()? {
        // Here a value equals nothing but itself.
        Value::Real(number) => Value::Text(format!("real {}", number.to_bits())),
        Value::Blob(bytes) => {
            Value::Text(format!("blob {}", base16ct::lower::encode_string(&bytes)))
        }
        key => key,
    };
    Ok(Topic::at(secret, &table, KEY, &key))
}

/// Who it is, without saying so.
fn digest(secret: &TopicKey, name: &str, who: &Value) -> String {
    let digest = secret.digest(name, KEY, who);
    format!("{:?}", digest.expect("a text has one"))
}

const KEY: ColumnId = ColumnId(0);

/// What a call says, until it commits.
pub(super) struct Change {
    topic: Topic,
    session: SessionId,
    /// Who it is, the presence, and until when; `None` where it ends.
    said: Option<(String, Box<RawValue>, Option<i64>)>,
}

impl Change {
    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }
}

/// What a session has said of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    /// The topic's text.
    #[serde(rename = "t")]
    topic: String,
    /// Who it is.
    #[serde(rename = "w")]
    who: String,
    #[serde(rename = "j")]
    json: Box<RawValue>,
    /// When it was said, in microseconds since 1970.
    #[serde(rename = "a")]
    at: i64,
    /// When it ends.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

impl Said {
    fn lasts(&self, now: i64) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// What an engine asks of presences. It stands behind a pointer, so that only a Worker whose app has some carries them.
pub(super) trait Present: Send {
    /// Who is present under a topic, and when the first of them ends.
    fn who(&self, topic: &Topic, now: &dyn Fn() -> i64) -> (Vec<Box<RawValue>>, Option<i64>);

    /// A call that said something has committed: the topics of which it changed who is present.
    fn change(&mut self, change: Change, is_open: bool, now: i64) -> Footprint;

    /// A session has its first socket, or another one: the topics under which it is present again.
    fn opened(&mut self, id: &SessionId) -> Footprint;

    /// A session has no socket any more: the topics under which it is no longer present.
    fn closed(&mut self, id: &SessionId) -> Footprint;

    /// What a session has said, to keep with its sockets.
    fn of(&self, id: &SessionId) -> Option<Box<RawValue>>;

    /// Whether a session has said anything.
    fn knows(&self, id: &SessionId) -> bool;

    /// A session was there before the engine began, and this was kept with its sockets.
    fn restore(&mut self, id: &SessionId, said: &RawValue);
}

/// The way to what only apps with presences carry. Each presence names it.
#[doc(hidden)]
pub struct PresenceDef {
    make: fn() -> Box<dyn Present>,
}

#[doc(hidden)]
pub static PRESENCES: PresenceDef = PresenceDef {
    make: || Box::<Presences>::default(),
};

/// That an app has presences.
#[doc(hidden)]
pub struct PresenceRegistration(pub &'static PresenceDef);

inventory::collect!(PresenceRegistration);

/// Nobody's yet, where the app has presences.
pub(super) fn of_app() -> Option<Box<dyn Present>> {
    let mut registered = inventory::iter::<PresenceRegistration>();
    registered.next().map(|registered| (registered.0.make)())
}

/// What all sessions have said.
#[derive(Default)]
struct Presences {
    sessions: HashMap<SessionId, OfSession>,
    /// Who is present, in the order in which they came.
    topics: HashMap<Topic, Vec<SessionId>>,
    /// Sessions without a socket, the oldest first.
    away: VecDeque<SessionId>,
}

/// What a session has said, the oldest first.
#[derive(Default)]
struct OfSession {
    is_open: bool,
    said: Vec<(Topic, Said)>,
}

impl Present for Presences {
    fn who(&self, topic: &Topic, now: &dyn Fn() -> i64) -> (Vec<Box<RawValue>>, Option<i64>) {
        let Some(sessions) = self.topics.get(topic) else {
            return (Vec::new(), None);
        };
        let open = sessions.iter().filter_map(|id| self.sessions.get(id));
        let said = open.filter(|of| of.is_open).flat_map(|of| &of.said);
        let all: Vec<&Said> = said
            .filter(|(of, _)| of == topic)
            .map(|(_, said)| said)
            .collect();
        let ends = all.iter().any(|said| said.until.is_some());
        let now = if ends { now() } else { 0 };
        let mut users: Vec<&Said> = Vec::new();
        let mut first = None;
        for said in all.into_iter().filter(|said| said.lasts(now)) {
            first = match (first, said.until) {
                (Some(first), Some(until)) => Some(i64::min(first, until)),
                (first, until) => first.or(until),
            };
            match users.iter_mut().find(|user| user.who == said.who) {
                Some(user) if user.at <= said.at => *user = said,
                Some(_) => {}
                None => users.push(said),
            }
        }
        (users.iter().map(|said| said.json.clone()).collect(), first)
    }

    fn change(&mut self, change: Change, is_open: bool, now: i64) -> Footprint {
        let Change {
            topic,
            session: id,
            said,
        } = change;
        let mut changed = Footprint::default();
        let is_new = !self.sessions.contains_key(&id);
        if is_new && said.is_none() {
            return changed;
        }
        let of = self.sessions.entry(id.clone()).or_default();
        if is_new {
            of.is_open = is_open;
        }
        let place = of.said.iter().position(|(of, _)| *of == topic);
        let before = place.map(|place| of.said.remove(place).1);
        let before = before.filter(|said| said.lasts(now));
        let Some((who, json, until)) = said else {
            if before.is_some() && of.is_open {
                changed.add(&topic);
            }
            self.leave(&id, &topic);
            self.forget_if_silent(&id);
            return changed;
        };
        let is_same =
            before.is_some_and(|before| before.json.get() == json.get() && before.who == who);
        if !is_same && of.is_open {
            changed.add(&topic);
        }
        let text = topic.to_string();
        of.said.push((
            topic.clone(),
            Said {
                topic: text,
                who,
                json,
                at: now,
                until,
            },
        ));
        let is_away = !of.is_open;
        let over = (of.said.len() > OF_A_SESSION).then(|| of.said.remove(0));
        let sessions = self.topics.entry(topic).or_default();
        if !sessions.contains(&id) {
            sessions.push(id.clone());
        }
        if let Some((topic, _)) = over {
            if !is_away {
                changed.add(&topic);
            }
            self.leave(&id, &topic);
        }
        if is_new && is_away {
            self.wait(id);
        }
        changed
    }

    fn opened(&mut self, id: &SessionId) -> Footprint {
        let mut changed = Footprint::default();
        let Some(of) = self.sessions.get_mut(id) else {
            return changed;
        };
        if !std::mem::replace(&mut of.is_open, true) {
            of.said.iter().for_each(|(topic, _)| changed.add(topic));
            self.away.retain(|away| away != id);
        }
        changed
    }

    fn closed(&mut self, id: &SessionId) -> Footprint {
        let mut changed = Footprint::default();
        if let Some(of) = self.sessions.get_mut(id)
            && std::mem::replace(&mut of.is_open, false)
        {
            of.said.iter().for_each(|(topic, _)| changed.add(topic));
            self.wait(id.clone());
        }
        changed
    }

    fn of(&self, id: &SessionId) -> Option<Box<RawValue>> {
        let of = self.sessions.get(id)?;
        let said: Vec<&Said> = of.said.iter().map(|(_, said)| said).collect();
        serde_json::value::to_raw_value(&said).ok()
    }

    fn knows(&self, id: &SessionId) -> bool {
        self.sessions.contains_key(id)
    }

    fn restore(&mut self, id: &SessionId, said: &RawValue) {
        let Ok(said) = serde_json::from_str::<Vec<Said>>(said.get()) else {
            return;
        };
        let said: Vec<_> = said
            .into_iter()
            .map(|said| (Topic::parse(&said.topic), said))
            .collect();
        for (topic, _) in &said {
            let sessions = self.topics.entry(topic.clone()).or_default();
            if !sessions.contains(id) {
                sessions.push(id.clone());
            }
        }
        let of = OfSession {
            is_open: true,
            said,
        };
        self.sessions.insert(id.clone(), of);
    }
}

impl Presences {
    fn wait(&mut self, id: SessionId) {
        self.away.push_back(id);
        if self.away.len() > AWAY
            && let Some(oldest) = self.away.pop_front()
            && let Some(of) = self.sessions.remove(&oldest)
        {
            for (topic, _) in of.said {
                self.leave(&oldest, &topic);
            }
        }
    }

    fn leave(&mut self, id: &SessionId, topic: &Topic) {
        if let Some(sessions) = self.topics.get_mut(topic) {
            sessions.retain(|session| session != id);
            if sessions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    fn forget_if_silent(&mut self, id: &SessionId) {
        if self.sessions.get(id).is_some_and(|of| of.said.is_empty()) {
            self.sessions.remove(id);
            self.away.retain(|away| away != id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_000_000;

    fn id(name: &str) -> SessionId {
        SessionId::new(name)
    }

    fn room(room: i64) -> Topic {
        let key = TopicKey::new([1; 16]);
        Topic::at(&key, "presence:Here", KEY, &Value::Integer(room))
    }

    fn says(session: &str, place: i64, json: &str, until: Option<i64>) -> Change {
        let json = RawValue::from_string(json.to_owned()).unwrap();
        Change {
            topic: room(place),
            session: id(session),
            said: Some((session.to_owned(), json, until)),
        }
    }

    fn who(presences: &Presences, place: i64, now: i64) -> Vec<String> {
        let (all, _) = presences.who(&room(place), &|| now);
        all.iter().map(|json| json.get().to_owned()).collect()
    }

    #[test]
    fn it_is_seen_while_the_session_has_a_socket() {
        let mut presences = Presences::default();
        let changed = presences.change(says("a", 7, "1", None), false, NOON);
        assert!(changed.is_empty() && who(&presences, 7, NOON).is_empty());
        assert_eq!(presences.opened(&id("a")), Footprint::from(&room(7)));
        assert!(presences.opened(&id("a")).is_empty(), "a second socket");
        assert_eq!(who(&presences, 7, NOON), ["1"]);
        assert_eq!(presences.closed(&id("a")), Footprint::from(&room(7)));
        assert!(who(&presences, 7, NOON).is_empty());
        presences.opened(&id("a"));
        assert_eq!(who(&presences, 7, NOON), ["1"], "it came back");
    }

    #[test]
    fn it_ends_at_its_time_and_the_first_end_is_known() {
        let mut presences = Presences::default();
        for (session, until) in [("a", Some(NOON + 8)), ("b", None), ("c", Some(NOON + 5))] {
            presences.change(says(session, 7, "1", until), true, NOON);
        }
        let first = |now: i64| presences.who(&room(7), &|| now).1;
        assert_eq!(who(&presences, 7, NOON + 4).len(), 3);
        assert_eq!(first(NOON), Some(NOON + 5));
        assert_eq!(who(&presences, 7, NOON + 5).len(), 2);
        assert_eq!(first(NOON + 5), Some(NOON + 8));
        assert_eq!(
            (who(&presences, 7, NOON + 8).len(), first(NOON + 8)),
            (1, None)
        );
        // Said again after its end, it is there anew.
        let again = says("a", 7, "1", Some(NOON + 20));
        assert_eq!(
            presences.change(again, true, NOON + 9),
            Footprint::from(&room(7))
        );
    }

    #[test]
    fn what_is_kept_with_the_sockets_restores_it() {
        let mut presences = Presences::default();
        presences.change(says("a", 7, "{\"name\":\"Ada\"}", None), true, NOON);
        presences.change(says("a", 8, "2", Some(NOON + 8)), true, NOON);
        let kept = presences.of(&id("a")).unwrap();
        let mut restored = Presences::default();
        // Each of its sockets has it.
        for _ in 0..2 {
            restored.restore(&id("a"), &kept);
        }
        assert_eq!(who(&restored, 7, NOON), ["{\"name\":\"Ada\"}"]);
        assert_eq!(who(&restored, 8, NOON + 7), ["2"]);
        assert!(who(&restored, 8, NOON + 8).is_empty());
        let both = restored.closed(&id("a"));
        assert_eq!(both.topics().len(), 2);
    }

    #[test]
    fn nothing_piles_up() {
        let mut presences = Presences::default();
        for n in 0..10_000 {
            let session = n.to_string();
            presences.change(says(&session, n, "1", None), true, NOON);
            presences.closed(&id(&session));
        }
        assert_eq!(presences.sessions.len(), AWAY);
        assert_eq!((presences.topics.len(), presences.away.len()), (AWAY, AWAY));
        for n in 0..10_000 {
            presences.change(says("busy", 20_000 + n, "1", None), true, NOON);
        }
        assert_eq!(presences.sessions[&id("busy")].said.len(), OF_A_SESSION);
        assert_eq!(presences.topics.len(), AWAY + OF_A_SESSION);
    }
}
