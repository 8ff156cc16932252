//! A message wakes the windows of its room, and the lists of whoever has it unread.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::{PATIENCE, cases};
use serde_json::json;

use crate::client::{Member, office};

cases![
    of_a_hundred_rooms_one_wakes,
    a_list_is_told_of_its_own_counts,
    a_page_follows_the_next,
];

const SOON: Duration = PATIENCE;
/// In which whoever is told at all would have been told.
const SILENT: Duration = Duration::from_millis(5);

fn of_a_hundred_rooms_one_wakes() {
    let (ada, ..) = office();
    let rooms: Vec<i64> = (0..100).map(|n| ada.room(&format!("room {n}"))).collect();
    let mut windows: Vec<_> = rooms
        .iter()
        .map(|room| {
            let window = ada.window();
            for (query, args) in [
                ("getMessages", json!({"room_id": room})),
                ("getReactions", json!({"room_id": room, "from_message": 0})),
                ("getTyping", json!({"room_id": room})),
                ("getHere", json!({"room_id": room})),
            ] {
                window.call(query, args);
            }
            window
        })
        .collect();
    ada.call("send", json!({"room_id": rooms[42], "text": "Hello"}));
    let messages = BTreeSet::from(["messages".to_owned()]);
    assert_eq!(windows[42].told_within(SOON), messages);
    // One of the four questions of that window, and nothing of any other.
    for (n, window) in windows.iter_mut().enumerate() {
        assert_eq!(window.told_within(SILENT), BTreeSet::new(), "room {n}");
    }
}

fn a_list_is_told_of_its_own_counts() {
    let (ada, bob, _) = office();
    let eve = Member::new("Eve");
    // Room and seat have the same numbers there.
    let eve = eve.of(&eve.org());
    let room = ada.room("attic");
    assert_eq!(eve.room("attic"), room);
    let mut lists = [&ada, &bob, &eve].map(|member| {
        let window = member.window();
        window.call("getRooms", json!({}));
        window.call("getMessages", json!({"room_id": 1}));
        window
    });
    ada.call("send", json!({"room_id": room, "text": "Hello"}));
    let [ada_list, bob_list, eve_list] = &mut lists;
    let seats = BTreeSet::from(["seats".to_owned()]);
    assert_eq!(bob_list.told_within(SOON), seats);
    assert_eq!(ada_list.told_within(SILENT), BTreeSet::new());
    assert_eq!(eve_list.told_within(SILENT), BTreeSet::new());
    let rooms = bob_list.call("getRooms", json!({}));
    assert_eq!(rooms[1]["unread"], 1, "{rooms}");
    bob.call("markRead", json!({"room_id": room}));
    assert_eq!(bob_list.told_within(SOON), seats);
}

fn a_page_follows_the_next() {
    let (ada, ..) = office();
    let room = ada.room("attic");
    for n in 0..35 {
        ada.call("send", json!({"room_id": room, "text": n.to_string()}));
    }
    let first = ada.call("getMessages", json!({"room_id": room}));
    assert_eq!(first["items"].as_array().unwrap().len(), 30);
    assert_eq!(first["items"][0]["text"], "34");
    let next = json!({"room_id": room, "cursor": first["next"]});
    let second = ada.call("getMessages", next);
    assert_eq!(second["items"][4]["text"], "0");
    assert_eq!(second["next"], json!(null));
}
