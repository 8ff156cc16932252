//! A message wakes the windows of its room, and the lists of whoever has it unread.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::cases;
use serde_json::json;

use crate::client::Member;

cases![
    of_a_hundred_rooms_one_wakes,
    a_list_is_told_of_its_own_counts,
    a_page_follows_the_next,
];

const SOON: Duration = Duration::from_secs(5);
/// In which whoever is told at all would have been told.
const SILENT: Duration = Duration::from_millis(5);

fn of_a_hundred_rooms_one_wakes() {
    let ada = Member::new("Ada");
    let org = ada.org();
    let rooms: Vec<i64> = (0..100)
        .map(|n| ada.room(&org, &format!("room {n}")))
        .collect();
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
    let (ada, bob, eve) = (Member::new("Ada"), Member::new("Bob"), Member::new("Eve"));
    let (org, elsewhere) = (ada.org(), eve.org());
    bob.call("joinOrg", json!({"invitation": org["invitation"]}));
    let room = ada.room(&org, "attic");
    let mut lists = [(&ada, &org), (&bob, &org), (&eve, &elsewhere)].map(|(member, org)| {
        let window = member.window();
        window.call("getRooms", json!({"org_id": org["id"]}));
        window
    });
    ada.call("send", json!({"room_id": room, "text": "Hello"}));
    let [ada_list, bob_list, eve_list] = &mut lists;
    let seats = BTreeSet::from(["seats".to_owned()]);
    assert_eq!(bob_list.told_within(SOON), seats);
    assert_eq!(ada_list.told_within(SILENT), BTreeSet::new());
    assert_eq!(eve_list.told_within(SILENT), BTreeSet::new());
    let rooms = bob_list.call("getRooms", json!({"org_id": org["id"]}));
    assert_eq!(rooms[1]["unread"], 1, "{rooms}");
    bob.call("markRead", json!({"room_id": room}));
    assert_eq!(bob_list.told_within(SOON), seats);
}

fn a_page_follows_the_next() {
    let ada = Member::new("Ada");
    let org = ada.org();
    let room = ada.room(&org, "attic");
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
