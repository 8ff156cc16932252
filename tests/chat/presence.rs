//! Who is there and who types: told to whoever looks, and over by itself.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{PATIENCE, cases, server::is_workerd};
use serde_json::{Value, json};

use crate::client::{self, Member, presence};

cases![
    typing_is_told_to_the_room_and_goes_by_itself,
    whoever_is_there_is_there_until_the_last_window_closes,
    a_lost_connection_that_comes_back_finds_it_as_it_was,
    it_outlives_the_sleep_of_an_object,
    thirty_idle_windows_cost_nothing,
];

const SOON: Duration = PATIENCE;
const SILENT: Duration = Duration::from_millis(300);

#[track_caller]
fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list}"));
    list.iter().map(|it| it["name"].as_str().unwrap()).collect()
}

/// Two members of an organisation with a room.
fn office() -> (Member, Member, Value) {
    let (ada, bob, _) = client::office();
    let room = json!({"room_id": ada.room("attic")});
    (ada, bob, room)
}

fn typing_is_told_to_the_room_and_goes_by_itself() {
    let (ada, bob, room) = office();
    let (mut seen, window) = (ada.window(), bob.window());
    assert_eq!(seen.call("getTyping", room.clone()), json!([]));
    let began = Instant::now();
    window.call("typeIn", room.clone());
    assert_eq!(seen.told_within(SOON), presence("Typing"));
    assert_eq!(names(&seen.call("getTyping", room.clone())), ["Bob"]);
    // Said again, it is nothing new.
    window.call("typeIn", room.clone());
    assert_eq!(seen.told_within(SILENT), BTreeSet::new());
    // Nobody says that it is over: the clock does, at the end of what was said first, and of what was said last.
    while !seen
        .call("getTyping", room.clone())
        .as_array()
        .unwrap()
        .is_empty()
    {
        let told = seen.told_within(SOON);
        assert!(!told.is_empty(), "it is not told that nobody types");
    }
    assert!(began.elapsed() >= Duration::from_secs(6));
}

fn whoever_is_there_is_there_until_the_last_window_closes() {
    let (ada, bob, room) = office();
    let mut seen = ada.window();
    seen.call("getHere", room.clone());
    let (one, two) = (bob.window(), bob.window());
    one.call("enter", room.clone());
    assert_eq!(seen.told_within(SOON), presence("Here"));
    assert_eq!(names(&seen.call("getHere", room.clone())), ["Bob"]);
    two.call("enter", room.clone());
    seen.told_within(SILENT);
    assert_eq!(names(&seen.call("getHere", room.clone())), ["Bob"]);
    one.socket.close();
    seen.told_within(SILENT);
    assert_eq!(names(&seen.call("getHere", room.clone())), ["Bob"]);
    two.socket.close();
    assert_eq!(seen.told_within(SOON), presence("Here"));
    // What the end of the first window told may have come only now.
    while !names(&seen.call("getHere", room.clone())).is_empty() {
        assert_eq!(seen.told_within(SOON), presence("Here"));
    }
}

fn a_lost_connection_that_comes_back_finds_it_as_it_was() {
    let (ada, bob, room) = office();
    let mut seen = ada.window();
    let mut window = bob.window();
    window.call("enter", room.clone());
    seen.call("getHere", room.clone());
    window.reconnect();
    // It was gone, and is there again; what is told in between depends on which of the sockets was first.
    let until = Instant::now() + SOON;
    while names(&seen.call("getHere", room.clone())) != ["Bob"] {
        assert!(Instant::now() < until, "Bob does not come back");
        seen.told_within(SILENT);
    }
    window.socket.close();
    while !names(&seen.call("getHere", room.clone())).is_empty() {
        assert!(Instant::now() < until, "Bob does not go");
        seen.told_within(SILENT);
    }
}

/// An object without work sleeps after ten seconds, and its memory is gone.
fn it_outlives_the_sleep_of_an_object() {
    let (ada, bob, room) = office();
    let (mut seen, window) = (ada.window(), bob.window());
    seen.call("getHere", room.clone());
    window.call("enter", room.clone());
    assert_eq!(seen.told_within(SOON), presence("Here"));
    if is_workerd() {
        thread::sleep(Duration::from_secs(14));
    }
    assert_eq!(names(&seen.call("getHere", room.clone())), ["Bob"]);
    window.socket.close();
    assert_eq!(seen.told_within(SOON), presence("Here"));
    assert_eq!(seen.call("getHere", room), json!([]));
}

fn thirty_idle_windows_cost_nothing() {
    let (ada, _, room) = office();
    let mut windows: Vec<_> = (0..30)
        .map(|_| {
            let window = ada.window();
            window.call("enter", room.clone());
            window.call("getHere", room.clone());
            window
        })
        .collect();
    for window in &mut windows {
        window.socket.drain();
        window.call("getHere", room.clone());
    }
    thread::sleep(Duration::from_secs(2));
    for window in &mut windows {
        assert_eq!(
            window.told_within(Duration::from_millis(5)),
            BTreeSet::new()
        );
    }
}
