//! What joins, columns, groups and pages return and read, the same on both hosts.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    a_join_reads_every_table_of_it,
    a_left_join_returns_null_where_nothing_matches,
    groups_become_a_struct,
    integers_keep_every_digit_and_a_sum_beyond_64_bits_is_an_error,
    pages_show_every_row_once_while_rows_come_and_go,
    a_cursor_of_another_list_is_a_bad_request,
    a_reader_of_a_join_is_told_of_each_table,
    an_empty_condition_deletes_nothing,
    an_upsert_counts_on,
];

fn fill() {
    let works = json!([
        ["ada", "notes", 60, 4.5],
        ["ada", "engine", 20, null],
        ["ben", "trees", 300, 4.5],
        ["cy", "air", 5, 0.1],
        ["cy", "sea", 6, null],
        ["cy", "sun", 7, -2.0],
    ]);
    let authors = json!([
        ["ada", "London"],
        ["ben", null],
        ["cy", "Rome"],
        ["dee", "Rome"]
    ]);
    let added = server()
        .call("fillLibrary")
        .args(json!({"authors": authors, "works": works}))
        .ok();
    assert_eq!(added, 6);
}

#[track_caller]
fn call(name: &str, args: Value) -> (Value, Value) {
    let reply = server().call(name).args(args).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut json = reply.json();
    assert_eq!(json.get("warnings"), None, "{json}");
    (json["data"].take(), json["meta"]["tables"].take())
}

fn a_join_reads_every_table_of_it() {
    fill();
    let (data, tables) = call("getWorks", json!({"town": "Rome"}));
    let titles: Vec<_> = data
        .as_array()
        .expect("pairs")
        .iter()
        .map(|pair| (&pair[0]["name"], &pair[1]["title"], &pair[1]["rating"]))
        .map(|(name, title, rating)| json!([name, title, rating]))
        .collect();
    assert_eq!(
        json!(titles),
        json!([["cy", "air", 0.1], ["cy", "sea", null], ["cy", "sun", -2.0]])
    );
    assert_eq!(tables, json!(["authors", "works"]));
    assert_eq!(
        call("getTotal", json!({})),
        (json!([6, "398"]), json!(["works"]))
    );
}

fn a_left_join_returns_null_where_nothing_matches() {
    fill();
    let (data, tables) = call("getLongWorks", json!({"pages": 50}));
    let rows: Vec<_> = data
        .as_array()
        .expect("pairs")
        .iter()
        .map(|pair| json!([pair[0]["name"], pair[1]["title"], pair[1].is_null()]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["dee", null, true],
            ["cy", null, true],
            ["ben", "trees", false],
            ["ada", "notes", false]
        ])
    );
    assert_eq!(tables, json!(["authors", "works"]));
}

fn groups_become_a_struct() {
    fill();
    let (data, tables) = call("getSummaries", json!({"works": 2}));
    assert_eq!(
        data,
        json!([
            {"author": "ada", "works": 2, "pages": 80, "best": 4.5},
            {"author": "cy", "works": 3, "pages": 18, "best": 0.1},
        ])
    );
    assert_eq!(tables, json!(["authors", "works"]));
    let (data, _) = call("getSummaries", json!({"works": 0}));
    assert_eq!(
        data[3],
        json!({"author": "dee", "works": 0, "pages": null, "best": null})
    );
}

fn integers_keep_every_digit_and_a_sum_beyond_64_bits_is_an_error() {
    let fill = |pages: &[i64]| {
        let pages: Vec<_> = pages.iter().map(i64::to_string).collect();
        server()
            .call("fillPages")
            .args(json!({"pages": pages}))
            .ok();
    };
    fill(&[i64::MAX - 1, 1]);
    let total = call("getTotal", json!({})).0;
    assert_eq!(total, json!([2, i64::MAX.to_string()]));
    // A plain `i64` is a number in JavaScript, and this one would be rounded there.
    server().call("getWorks").error(500);
    fill(&[i64::MIN]);
    let total = call("getTotal", json!({})).0;
    assert_eq!(total, json!([1, i64::MIN.to_string()]));
    fill(&[i64::MAX, 1]);
    server().call("getTotal").error(500);
}

fn pages_show_every_row_once_while_rows_come_and_go() {
    fill();
    let mut titles = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let (page, tables) = call("getWorkPage", json!({"cursor": cursor, "size": 2}));
        assert_eq!(tables, json!(["works"]));
        for work in page["items"].as_array().expect("items") {
            titles.push(work["title"].as_str().expect("a title").to_owned());
        }
        cursor = page["next"].clone();
        match titles.len() {
            // The row that the cursor stands on goes, and one comes before it.
            2 => {
                let gone = json!({"titles": [titles[1]]});
                assert_eq!(server().call("deleteWorks").args(gone).ok(), 1);
                let work = json!({"id": 900_000, "author": "dee", "title": "new", "pages": 1, "rating": 5.0});
                server().call("putWork").args(json!({"work": work})).ok();
            }
            6 => break,
            _ => {}
        }
    }
    assert_eq!(titles, ["notes", "trees", "air", "sun", "engine", "sea"]);
    assert_eq!(cursor, Value::Null);

    let mut titles = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let (page, tables) = call("getTitlePage", json!({"cursor": cursor, "size": 4}));
        assert_eq!(tables, json!(["authors", "works"]));
        titles.extend(page["items"].as_array().expect("items").clone());
        cursor = page["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(
        json!(titles),
        json!([
            ["London", "notes"],
            ["London", "engine"],
            ["Rome", "sun"],
            ["Rome", "sea"],
            ["Rome", "air"],
            ["Rome", "new"],
        ])
    );
}

fn a_cursor_of_another_list_is_a_bad_request() {
    fill();
    let (page, _) = call("getWorkPage", json!({"size": 1}));
    let next = &page["next"];
    let error = server()
        .call("getTitlePage")
        .args(json!({"cursor": next, "size": 1}))
        .error(400);
    assert!(error.to_string().contains("another list"), "{error}");
    server()
        .call("getWorkPage")
        .args(json!({"cursor": "no cursor", "size": 1}))
        .error(400);
    server()
        .call("getWorkPage")
        .args(json!({"size": 0}))
        .error(400);
}

fn a_reader_of_a_join_is_told_of_each_table() {
    fill();
    let session = server::unique("joins");
    let mut socket = server().socket(&session);
    let read = || server().call("getWorks").session(&session).ok();
    read();
    let work = json!({"id": 800_000, "author": "dee", "title": "t", "pages": 1, "rating": null});
    server().call("putWork").args(json!({"work": work})).ok();
    assert!(socket.stale().contains("works"));
    read();
    // Nothing is deleted, and nobody is told.
    let none = json!({"titles": ["no such title"]});
    assert_eq!(server().call("deleteWorks").args(none).ok(), 0);
    socket.assert_silent();
    fill();
    let mut stale = socket.stale();
    while !stale.contains("authors") {
        stale.extend(socket.stale());
    }
}

fn an_empty_condition_deletes_nothing() {
    fill();
    let error = server()
        .call("deleteWorks")
        .args(json!({"titles": []}))
        .error(400);
    assert!(
        error.to_string().contains("every row of `works`"),
        "{error}"
    );
    assert_eq!(call("getTotal", json!({})).0[0], 6);
}

fn an_upsert_counts_on() {
    fill();
    let put = |title: &str| {
        let work =
            json!({"id": 700_000, "author": "ben", "title": title, "pages": 10, "rating": null});
        let work = server().call("putWork").args(json!({"work": work})).ok();
        json!([work["title"], work["pages"]])
    };
    assert_eq!(put("first"), json!(["first", 10]));
    assert_eq!(put("second"), json!(["second", 11]));
    assert_eq!(put("third"), json!(["third", 12]));
}
