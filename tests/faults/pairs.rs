//! Keys and indexes of several columns: what is unique together is told apart, named when it is taken, and met by an upsert.

use edgepod_tests::{cases, http::names, server};
use serde_json::{Value, json};

cases![
    what_is_taken_names_all_its_columns,
    an_upsert_meets_the_row_of_the_same_key,
    pages_follow_the_whole_key,
];

fn fill(items: i64) {
    server().call("fill").args(json!({"items": items})).ok();
}

fn place(item: i64, day: &str, shelf: i64, slot: i64) -> Value {
    json!({"place": {"item_id": item, "day": day, "shelf": shelf, "slot": slot}})
}

/// Everything, by its pages.
fn places() -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = server()
            .call("getPlaces")
            .args(json!({"cursor": cursor}))
            .ok();
        all.extend(page["items"].as_array().expect("items").clone());
        cursor = page["next"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

fn what_is_taken_names_all_its_columns() {
    fill(2);
    server().call("put").args(place(1, "Mon", 1, 1)).ok();
    server().call("put").args(place(1, "Tue", 1, 2)).ok();
    server().call("put").args(place(2, "Mon", 1, 3)).ok();
    let before = places();
    for (taken, columns) in [
        (place(1, "Mon", 9, 9), ["item_id", "day"]),
        (place(2, "Tue", 1, 1), ["shelf", "slot"]),
    ] {
        let error = server().call("put").args(taken).error(409);
        assert_eq!(error["code"], "CONFLICT");
        for column in columns {
            assert!(names(&error.to_string(), column), "{error}");
        }
    }
    assert_eq!(places(), before);
}

fn an_upsert_meets_the_row_of_the_same_key() {
    fill(2);
    server().call("put").args(place(1, "Mon", 1, 1)).ok();
    server().call("moveItem").args(place(1, "Mon", 2, 2)).ok();
    server().call("moveItem").args(place(1, "Tue", 1, 1)).ok();
    server().call("exchange").args(place(2, "Mon", 2, 2)).ok();
    let expected: Vec<Value> = [place(1, "Tue", 1, 1), place(2, "Mon", 2, 2)]
        .iter()
        .map(|args| args["place"].clone())
        .collect();
    assert_eq!(places(), expected);
}

fn pages_follow_the_whole_key() {
    fill(3);
    let mut expected = Vec::new();
    for item in 1..=3 {
        for (slot, day) in ["Fri", "Mon", "Sat"].into_iter().enumerate() {
            let args = place(
                item,
                day,
                7,
                item * 10 + i64::try_from(slot).expect("small"),
            );
            server().call("put").args(args.clone()).ok();
            expected.push(args["place"].clone());
        }
    }
    assert_eq!(places(), expected);
}
