//! `#[edgepod::test]` and `TestApp`: what a test of an app's own functions sees.

#![allow(missing_docs)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use edgepod::{
    middleware::{Per, rate_limit},
    prelude::*,
    testing::{CallError, Event, Footprint, TestApp},
};
use serde_json::json;

#[edgepod::table(name = "rooms")]
pub struct Room {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub name: String,
    #[default(now)]
    pub created_at: Timestamp,
}

#[edgepod::table(name = "messages")]
pub struct Message {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[index]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
    pub text: String,
    pub seal: Option<Bytes>,
}

#[edgepod::query]
pub async fn get_rooms(ctx: &QueryCtx) -> Result<Vec<Room>> {
    ctx.db.select::<Room>().all()
}

#[edgepod::query]
pub async fn get_messages(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Message>> {
    ctx.db
        .select::<Message>()
        .filter(Message::room_id.eq(room_id))
        .all()
}

#[edgepod::function(middleware = [require_user])]
pub async fn add_room(ctx: &Ctx, name: String) -> Result<Room> {
    ctx.log.info(format!("a room: {name}"));
    ctx.db.insert(NewRoom { name }).returning()
}

#[edgepod::function]
pub async fn say(ctx: &Ctx, room_id: i64, text: String) -> Result<Message> {
    let message = NewMessage {
        room_id,
        text,
        seal: None,
    };
    ctx.db.insert(message).returning()
}

#[edgepod::function(internal)]
pub async fn fail(ctx: &Ctx) -> Result<()> {
    ctx.db
        .insert(NewRoom {
            name: "lost".into(),
        })
        .exec()?;
    panic!("on purpose")
}

#[edgepod::action]
pub async fn say_later(ctx: &ActionCtx, room_id: i64) -> Result<i64> {
    for text in ["one", "two"] {
        tokio::time::sleep(Duration::from_millis(1)).await;
        ctx.transaction(|tx| {
            let text = text.to_owned();
            let message = NewMessage {
                room_id,
                text,
                seal: None,
            };
            tx.db.insert(message).exec()
        })?;
    }
    Ok(2)
}

#[edgepod::query]
pub async fn get_setting(ctx: &QueryCtx) -> Result<Option<String>> {
    Ok(ctx.env.var("SETTING"))
}

#[edgepod::query]
pub async fn get_time(ctx: &QueryCtx) -> Result<Timestamp> {
    Ok(ctx.now())
}

#[edgepod::query(middleware = [rate_limit(2, Per::Hour)])]
async fn get_rarely(_ctx: &QueryCtx) -> Result<bool> {
    Ok(true)
}

edgepod::app!();

fn rooms(app: &TestApp) -> Result<[i64; 2]> {
    app.transaction(|ctx| {
        let room = |name: &str| ctx.db.insert(NewRoom { name: name.into() }).returning();
        Ok([room("kitchen")?.id, room("garden")?.id])
    })
}

#[edgepod::test]
async fn a_write_wakes_the_windows_that_show_it(app: TestApp) {
    let [kitchen, garden] = rooms(&app)?;
    let seen = app.user("bob").watch(get_messages::call(kitchen));
    let other = app.watch(get_messages::call(garden));
    let list = app.watch(get_rooms::call());
    app.user("ada").call(say::call(kitchen, "tea")).await?;
    assert_eq!(
        [seen.refetches(), other.refetches(), list.refetches()],
        [1, 0, 0]
    );
    assert_eq!(seen.data()?[0].text, "tea");
    assert_eq!(seen.reasons(), ["say by ada changed messages"]);
    // It is told again, after it has read again.
    app.call(say::call(kitchen, "more tea")).await?;
    assert_eq!(seen.refetches(), 2);
    assert_eq!(seen.reasons()[1], "say changed messages");
    assert_eq!(other.data()?, []);
}

#[edgepod::test]
async fn an_action_wakes_windows_when_it_has_ended(app: TestApp) {
    let [kitchen, _] = rooms(&app)?;
    let seen = app.watch(get_messages::call(kitchen));
    assert_eq!(app.call(say_later::call(kitchen)).await?, 2);
    assert_eq!(seen.refetches(), 1);
    assert_eq!(seen.data()?.len(), 2);
}

#[edgepod::test]
async fn middleware_and_guards_are_those_of_production(app: TestApp) {
    let refused = app.call(add_room::call("hall")).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("UNAUTHORIZED", 401));
    assert_eq!(app.data()["rooms"], json!([]));
    let room = app.user("ada").call(add_room::call("hall")).await?;
    assert_eq!((room.id, room.name.as_str()), (1, "hall"));
    assert!(app.log().iter().any(|line| line.contains("a room: hall")));
    let refused = app.call(say::call(99, "into the void")).await.unwrap_err();
    assert_eq!(refused.status(), 409, "{refused}");
}

#[edgepod::test]
async fn what_panics_leaves_nothing_and_says_why(app: TestApp) {
    let list = app.watch(get_rooms::call());
    let error = app.call(fail::call()).await.unwrap_err();
    assert_eq!(error.code(), "INTERNAL");
    assert!(!error.message().contains("on purpose"));
    assert!(error.to_string().contains("on purpose"), "{error}");
    assert_eq!(app.data()["rooms"], json!([]));
    assert_eq!(list.refetches(), 0);
}

#[edgepod::test]
async fn the_clock_is_the_tests_own(app: TestApp) {
    let before = app.call(get_time::call()).await?;
    assert_eq!(before.as_micros(), 1_767_225_600_000_000);
    app.advance(Duration::from_secs(3600));
    let now = app.call(get_time::call()).await?;
    assert_eq!(now, app.now());
    assert_eq!(now.as_micros() - before.as_micros(), 3_600_000_000);
    // The column's default is SQL.
    let room = app.user("ada").call(add_room::call("hall")).await?;
    assert_eq!(room.created_at, app.now());
}

#[edgepod::test]
async fn a_crash_keeps_what_was_committed(app: TestApp) {
    let [kitchen, _] = rooms(&app)?;
    let seen = app.watch(get_messages::call(kitchen));
    app.call(say::call(kitchen, "before")).await?;
    app.crash();
    assert_eq!(seen.reasons()[1], "the app started again");
    assert_eq!(seen.data()?.len(), 1);
    app.call(say::call(kitchen, "after")).await?;
    assert_eq!(seen.refetches(), 3);
    assert_eq!(seen.data()?.len(), 2);
}

#[edgepod::test]
async fn rows_are_compared_as_they_are(app: TestApp) -> Result<(), CallError> {
    app.transaction(|ctx| {
        let room = ctx
            .db
            .insert(NewRoom {
                name: "hall".into(),
            })
            .returning()?;
        let seal = Some(Bytes::from(vec![1, 255]));
        let message = NewMessage {
            room_id: room.id,
            text: "a".into(),
            seal,
        };
        ctx.db.insert(message).exec()
    })
    .unwrap();
    let expected = json!([{"id": 1, "room_id": 1, "text": "a", "seal": "01ff"}]);
    assert_eq!(app.data()["messages"], expected);
    Ok(())
}

#[edgepod::test]
async fn the_environment_is_the_tests_own(app: TestApp) {
    assert_eq!(app.call(get_setting::call()).await?, None);
    app.set_var("SETTING", "on");
    assert_eq!(app.call(get_setting::call()).await?.as_deref(), Some("on"));
}

#[edgepod::test]
async fn a_window_that_is_dropped_is_told_nothing(app: TestApp) {
    let [kitchen, _] = rooms(&app)?;
    let told = Arc::new(Mutex::new(0));
    let count = told.clone();
    app.watch_engine(move |event| {
        if let Event::Announced { sockets, .. } = event {
            *count.lock().unwrap() += sockets.len();
        }
    });
    let stays = app.watch(get_messages::call(kitchen));
    for _ in 0..100 {
        drop(app.watch(get_messages::call(kitchen)));
    }
    app.call(say::call(kitchen, "to one")).await?;
    assert_eq!((*told.lock().unwrap(), stays.refetches()), (1, 1));
}

#[edgepod::test]
#[should_panic(expected = "UNAUTHORIZED")]
async fn a_call_that_fails_fails_the_test(app: TestApp) {
    app.call(add_room::call("hall")).await?;
}

#[edgepod::test]
async fn a_test_needs_no_app() {}

/// "Parallel, milliseconds each": how long is for `docs/testing-functions.md` to say, that it is so many for this.
#[test]
fn a_thousand_tests_run() {
    for _ in 0..1000 {
        edgepod::__private::testing::run(|app| async move {
            app.user("ada").call(add_room::call("hall")).await.map(drop)
        });
    }
}

/// What an engine does, in words.
fn told(event: &Event<'_>) -> String {
    match event {
        Event::CallBegan(call) => format!("{} begins", call.function),
        Event::Statement {
            call,
            sql,
            time: (began, took),
            rows,
            ..
        } => {
            assert!(!sql.is_empty() && *began > 0 && *took >= 0);
            match rows {
                Ok((read, written)) => format!("{} reads {read}, writes {written}", call.function),
                Err(error) => format!("{} fails: {error}", call.function),
            }
        }
        Event::CallEnded(ended) => {
            assert!(ended.micros.is_some_and(|micros| micros >= 0));
            assert!(!ended.call.trace_id.is_empty());
            let names = |topics: &Footprint| {
                let tables = topics.tables();
                let tables: Vec<_> = tables.iter().map(|table| table.as_str()).collect();
                tables.join(", ")
            };
            format!(
                "{} ends with {}: read [{}], wrote [{}], stale for itself {}",
                ended.call.function,
                ended.status,
                names(ended.read),
                names(ended.written),
                ended.stale.is_some()
            )
        }
        Event::Announced {
            call,
            sockets,
            topics,
        } => {
            let tables = topics.tables();
            let tables: Vec<_> = tables.iter().map(|table| table.as_str()).collect();
            format!(
                "{} wakes {} for {}",
                call.map_or("the clock", |call| call.function),
                sockets.len(),
                tables.join(", ")
            )
        }
        Event::SocketOpened { .. } => "a socket opens".to_owned(),
        Event::SocketClosed { .. } => "a socket closes".to_owned(),
        _ => "something else".to_owned(),
    }
}

#[edgepod::test]
async fn whoever_watches_the_engine_is_told_what_it_does_and_why(app: TestApp) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = log.clone();
    app.watch_engine(move |event| lines.lock().unwrap().push(told(event)));
    let seen = app.watch(get_rooms::call());
    log.lock().unwrap().clear();

    app.user("ada").call(add_room::call("den")).await?;
    assert_eq!(seen.refetches(), 1);
    app.call(add_room::call("attic")).await.unwrap_err();
    drop(seen);

    assert_eq!(
        *log.lock().unwrap(),
        [
            "addRoom begins",
            "addRoom reads 1, writes 1",
            "addRoom wakes 1 for rooms",
            "addRoom ends with 200: read [], wrote [rooms], stale for itself false",
            "getRooms begins",
            "getRooms reads 1, writes 0",
            "getRooms ends with 200: read [rooms], wrote [], stale for itself false",
            "addRoom begins",
            "addRoom ends with 401: read [], wrote [], stale for itself false",
            "a socket closes",
        ]
    );
}

#[edgepod::test]
async fn a_limit_lets_in_so_many(app: TestApp) {
    for _ in 0..2 {
        app.call(get_rarely::call()).await?;
    }
    let error = app.call(get_rarely::call()).await.unwrap_err();
    assert_eq!(error.code(), "TOO_MANY_REQUESTS");
}
