//! Who is told of a row: readers of that row and of its whole table, and nobody else.

use edgepod_tests::{Heard, PATIENCE, Socket, cases, server};
use serde_json::{Value, json};
use std::time::Duration;
use tungstenite::Message;

cases![
    a_reader_of_one_row_is_told_of_that_row_alone,
    a_read_that_found_no_row_is_told_when_it_comes,
    a_topic_says_nothing_of_its_value,
    the_same_question_has_the_same_topic_for_everybody,
    a_reader_of_the_table_has_the_table_for_a_topic,
    told_is_over_until_it_is_read_again,
    a_writer_learns_which_of_its_topics_it_made_stale,
    reconnecting_asks_for_what_changed_alone,
    what_was_read_before_a_greeting_is_told_after_it,
    more_values_than_can_be_named_stand_for_their_table,
    a_thousand_topics_are_listed_in_a_message,
    of_more_than_are_subscribed_one_by_one_what_changed_is_told_alone,
    a_socket_that_promised_a_list_and_sends_something_else_is_closed,
];

struct Session {
    id: String,
    socket: Socket,
}

impl Session {
    #[track_caller]
    fn new() -> Self {
        let id = server::unique("topics");
        let socket = server().socket(&id);
        Self { id, socket }
    }

    /// Reads a user; the topics of the reply.
    #[track_caller]
    fn read(&self, id: &Value) -> Vec<String> {
        let call = server().call("getUserById").args(json!({"id": id}));
        let reply = call.session(&self.id).send().json();
        texts(&reply["meta"]["topics"])
    }

    #[track_caller]
    fn told(&mut self) -> Value {
        match self.socket.next_within(PATIENCE) {
            Some(Heard::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("a signal was expected, and this came: {other:?}"),
        }
    }
}

#[track_caller]
fn texts(list: &Value) -> Vec<String> {
    let list = list
        .as_array()
        .unwrap_or_else(|| panic!("topics are a list: {list}"));
    list.iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn user() -> Value {
    let email = format!("{}@example.com", server::unique("topics"));
    let user = server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
    user["id"].clone()
}

#[track_caller]
fn delete(id: &Value) {
    server().call("deleteUser").args(json!({"id": id})).ok();
}

fn a_reader_of_one_row_is_told_of_that_row_alone() {
    let (one, two) = (user(), user());
    let (mut ada, mut bob) = (Session::new(), Session::new());
    let topics = ada.read(&one);
    bob.read(&two);
    user();
    delete(&one);
    let told = ada.told();
    assert_eq!(told["tables"], json!(["users"]));
    assert_eq!(texts(&told["topics"]), topics);
    ada.socket.assert_silent();
    bob.socket.assert_silent();
}

fn a_read_that_found_no_row_is_told_when_it_comes() {
    let last = user().as_i64().unwrap();
    let mut reader = Session::new();
    let topics = reader.read(&json!(last + 1));
    assert_eq!(user(), json!(last + 1));
    assert_eq!(texts(&reader.told()["topics"]), topics);
}

fn a_topic_says_nothing_of_its_value() {
    let session = Session::new();
    let (one, two) = (user(), user());
    let (first, second) = (session.read(&one), session.read(&two));
    assert_ne!(first, second);
    for (id, topics) in [(one, first), (two, second)] {
        let [topic] = &topics[..] else {
            panic!("{topics:?}");
        };
        let rest = topic.strip_prefix("users#").unwrap();
        assert!(rest.len() > 16, "{topic}");
        assert_ne!(rest.rsplit('.').next(), Some(id.to_string().as_str()));
    }
}

fn the_same_question_has_the_same_topic_for_everybody() {
    let id = user();
    assert_eq!(Session::new().read(&id), Session::new().read(&id));
}

fn a_reader_of_the_table_has_the_table_for_a_topic() {
    let mut session = Session::new();
    let reply = server().call("getUsers").session(&session.id).send().json();
    assert_eq!(reply["meta"]["topics"], json!(["users"]));
    let id = user();
    let told = session.told();
    assert_eq!(told["topics"], json!(["users"]));
    let mut both = texts(&json!(["users"]));
    both.extend(session.read(&id));
    delete(&id);
    assert_eq!(texts(&session.told()["topics"]), both);
}

fn told_is_over_until_it_is_read_again() {
    let last = user().as_i64().unwrap();
    let mut reader = Session::new();
    let next = json!(last + 1);
    reader.read(&next);
    user();
    reader.told();
    delete(&next);
    reader.socket.assert_silent();
}

fn a_writer_learns_which_of_its_topics_it_made_stale() {
    let (one, two) = (user(), user());
    let session = Session::new();
    let topics = session.read(&one);
    session.read(&two);
    let call = server().call("deleteUser").args(json!({"id": one}));
    let reply = call.session(&session.id).send().json();
    assert_eq!(texts(&reply["meta"]["stale"]), topics);
    assert_eq!(reply["meta"]["written"], json!(["users"]));
}

/// Connects again with this in the address; what the greeting calls stale.
#[track_caller]
fn greeted(since: &str, topics: &[String]) -> Value {
    let mut id = format!("{}&since={since}", server::unique("topics"));
    for topic in topics {
        id.push_str("&topic=");
        id.push_str(&topic.replace('#', "%23"));
    }
    let socket = server().socket(&id);
    let mut session = Session { id, socket };
    session.told()
}

fn reconnecting_asks_for_what_changed_alone() {
    let (one, two) = (user(), user());
    let stays = Session::new();
    let topics = [stays.read(&one), stays.read(&two)].concat();
    let reply = server().call("getUsers").send().json();
    let since = reply["meta"]["version"].as_str().unwrap().to_owned();
    delete(&one);
    let hello = greeted(&since, &topics);
    assert_eq!(hello["type"], "hello");
    let stale = texts(&hello["topics"]);
    assert!(stale.contains(&topics[0]), "{hello}");
    // The row that stays was watched by the other session all the time.
    assert!(!stale.contains(&topics[1]), "{hello}");
    let version = hello["version"].as_str().unwrap();
    let again = greeted(version, &topics);
    assert_eq!(again["topics"], json!([]), "{again}");
}

fn what_was_read_before_a_greeting_is_told_after_it() {
    let user = user();
    let id = server::unique("early");
    let number = user.as_i64().unwrap();
    let (topics, _) = read_many(&id, number..number + 1);
    // From an earlier life, so that all may be old; and the reply has come meanwhile, as new as the greeting.
    let socket = server().socket(&format!("{id}&since=another.0"));
    let mut session = Session { id, socket };
    assert_eq!(texts(&session.told()["topics"]), topics);
    delete(&user);
    assert_eq!(texts(&session.told()["topics"]), topics);
}

fn more_values_than_can_be_named_stand_for_their_table() {
    let reply = server().call("getUsers").send().json();
    let since = reply["meta"]["version"].as_str().unwrap().to_owned();
    user();
    let hello = greeted(&since, &["users#*".to_owned()]);
    assert_eq!(hello["topics"], json!(["users", "*"]), "{hello}");
}

/// Reads so many users, of whom none has to be there, in batches: all their topics, and of which version they are.
#[track_caller]
fn read_many(session: &str, ids: std::ops::Range<i64>) -> (Vec<String>, String) {
    let mut topics = Vec::new();
    let mut version = String::new();
    let ids: Vec<i64> = ids.collect();
    for ids in ids.chunks(50) {
        let calls: Vec<Value> = ids
            .iter()
            .map(|id| json!({"name": "getUserById", "args": {"id": id}}))
            .collect();
        let call = server()
            .request("POST", "/rpc")
            .args(json!({"calls": calls}));
        let reply = call.session(session).send().json();
        for result in reply["results"].as_array().expect("results") {
            topics.extend(texts(&result["meta"]["topics"]));
        }
        version = reply["meta"]["version"].as_str().unwrap().to_owned();
    }
    (topics, version)
}

/// Connects again and lists these topics in the first message.
#[track_caller]
fn listed(id: &str, since: &str, topics: &[String]) -> Session {
    let id = format!("{id}&since={since}&topics=listed");
    let mut socket = server().socket(&id);
    let list: Vec<String> = topics.iter().map(|t| format!("{t}@{since}")).collect();
    socket.send(Message::text(list.join("\n")));
    Session { id, socket }
}

/// A client that holds `many` users loses its connection and comes back: it is told of the few that changed meanwhile, and of
/// those that change afterwards.
#[track_caller]
fn comes_back_with(many: i64) -> (Session, Vec<String>, Vec<Value>) {
    let id = server::unique("many");
    let first = server().socket(&id);
    let users: Vec<Value> = (0..3).map(|_| user()).collect();
    let last = users[2].as_i64().unwrap();
    let (mut topics, since) = read_many(&id, last + 1000..last + 1000 + many - 3);
    let mut of_users = Vec::new();
    for user in &users {
        let (topic, _) = read_many(&id, user.as_i64().unwrap()..user.as_i64().unwrap() + 1);
        of_users.extend(topic);
    }
    topics.extend(of_users.clone());
    assert_eq!(topics.len() as i64, many);
    drop(first);
    // So that its end has come through.
    std::thread::sleep(Duration::from_secs(1));
    delete(&users[0]);
    delete(&users[1]);
    let mut session = listed(&id, &since, &topics);
    let hello = session.told();
    assert_eq!(hello["type"], "hello", "{hello}");
    let mut expected = of_users[..2].to_vec();
    expected.sort();
    let mut told = texts(&hello["topics"]);
    told.sort();
    assert_eq!(told, expected);
    assert_eq!(hello["tables"], json!(["users"]), "{hello}");
    (session, of_users, users)
}

fn a_thousand_topics_are_listed_in_a_message() {
    let (mut session, topics, users) = comes_back_with(1000);
    user();
    delete(&users[2]);
    assert_eq!(texts(&session.told()["topics"]), topics[2..]);
    // It is a socket like others from here on.
    session.socket.assert_silent();
    session.socket.send(Message::text("ping"));
    assert!(matches!(
        session.socket.next_within(PATIENCE),
        Some(Heard::Text(text)) if text.contains("pong")
    ));
}

fn of_more_than_are_subscribed_one_by_one_what_changed_is_told_alone() {
    let (mut session, ..) = comes_back_with(1300);
    user();
    // Of the table, then: whatever it holds of it may have changed.
    assert_eq!(session.told()["topics"], json!(["users", "*"]));
}

fn a_socket_that_promised_a_list_and_sends_something_else_is_closed() {
    for message in [Message::binary(vec![1]), Message::text("x".repeat(300_000))] {
        let id = format!("{}&since=&topics=listed", server::unique("listed"));
        let mut socket = server().socket(&id);
        socket.send(message);
        assert!(matches!(
            socket.next_within(PATIENCE),
            Some(Heard::Closed(Some(1008)))
        ));
    }
    let id = server::unique("listed");
    let mut session = listed(&id, "", &[]);
    assert_eq!(session.told()["type"], "hello");
    session.socket.send(Message::text("users@a.1"));
    assert!(matches!(
        session.socket.next_within(PATIENCE),
        Some(Heard::Closed(Some(1008)))
    ));
}
