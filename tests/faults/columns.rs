//! What SQLite computes of columns is the same on both hosts, and a search is told of what it would find now.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    columns_are_computed,
    a_search_finds_words_and_hears_of_new_ones,
];

fn add(title: &str, body: Option<&str>, at: &str) -> Value {
    let args = json!({"title": title, "body": body, "at": at});
    server().call("addEntry").args(args).ok()
}

fn columns_are_computed() {
    let title = server::unique("Ä'Computed");
    add(&title, Some("some words"), "1969-12-31T23:59:59.999999Z");
    add(&title, Some("a"), "9999-12-31T00:00:00Z");
    add(&title, None, "2026-11-24T01:00:00+02:00");
    let name = "') --";
    let args = json!({"title": title, "than": 3, "name": name});
    let rows = server().call("computeEntries").args(args).ok();
    let lower = title.to_ascii_lowercase();
    let row = |row: &Value| {
        assert_eq!(row["lower"], lower.as_str());
        assert_eq!(row["upper"], title.to_ascii_uppercase());
        json!([
            row["body"],
            row["length"],
            row["date"],
            row["kind"],
            row["later"]
        ])
    };
    let rows: Vec<Value> = rows.as_array().expect("rows").iter().map(row).collect();
    assert_eq!(
        json!(rows),
        json!([
            [
                "some words",
                10,
                "1969-12-31",
                name,
                "1970-01-01T00:00:59.999999Z"
            ],
            ["a", 1, "9999-12-31", title, "9999-12-31T00:01:00.000000Z"],
            [
                "-",
                null,
                "2026-11-23",
                "empty",
                "2026-11-23T23:01:00.000000Z"
            ],
        ])
    );
}

fn a_search_finds_words_and_hears_of_new_ones() {
    server().call("indexEntries").ok();
    let at = "2026-11-24T00:00:00Z";
    let first = add(
        "Garden",
        Some("The apple tree bears an apple and no pear"),
        at,
    );
    add("Kitchen", Some("A pear"), at);
    let session = server::unique("searching");
    let search = |words: &str| {
        let args = json!({"words": words});
        server()
            .call("searchEntries")
            .args(args)
            .session(&session)
            .ok()
    };
    let mut socket = server().socket(&session);
    let found = search("apple PEAR");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0][0], first["id"]);
    let snippet = found[0][1].as_str().unwrap_or_default();
    assert!(snippet.contains("[apple]"), "{snippet}");
    for nothing in [
        "",
        "\"",
        "apple OR nothing",
        "title:",
        "NEAR(",
        "*",
        "\u{0}",
    ] {
        assert_eq!(search(nothing), json!([]), "{nothing:?}");
    }
    // The index is read, and so is the table that it is of.
    add("Cellar", Some("An apple beside a pear"), at);
    socket.stale_of("entry_words");
    assert_eq!(search("apple pear").as_array().map(Vec::len), Some(2));
    let args = json!({"word": "gar"});
    let completed = server().call("completeEntries").args(args).ok();
    assert_eq!(completed, json!([first]));
}
