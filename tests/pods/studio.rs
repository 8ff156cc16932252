//! What the studio asks of an app that is built for development: rows, edits, and what has happened.

use edgepod_tests::{Socket, cases, http::Call, server};
use serde_json::{Value, json};

use crate::{add, admin, admin::until_listed, call_in, socket_url};

cases![
    rows_come_as_they_are_stored,
    only_a_select_is_selected,
    a_write_is_a_call_that_screens_hear_of,
    another_number_of_rows_is_a_conflict_and_rolls_back,
    only_the_admin_reaches_them,
    what_has_happened_is_told_in_order,
    what_was_forgotten_is_said,
];

fn ask(pod: &str, function: &str, args: Value) -> Call<'static> {
    admin::called(pod, function, fastrand::u128(..)).args(args)
}

fn select(pod: &str, sql: &str, values: Value, columns: &[&str]) -> Call<'static> {
    let args = json!({"sql": sql, "values": values, "columns": columns, "limit": 100});
    ask(pod, "_edgepod_select", args)
}

fn open(pod: &str) {
    add(call_in(pod, "addNote"), "here");
    until_listed(pod);
}

fn rows_come_as_they_are_stored() {
    let pod = "open-cells";
    open(pod);
    let one = |sql: &str, values: Value| select(pod, sql, values, &["x"]).ok()["rows"][0][0].take();
    for (sql, cell) in [
        ("SELECT NULL", Value::Null),
        ("SELECT 9007199254740991", json!(9_007_199_254_740_991_i64)),
        (
            "SELECT 9007199254740993",
            json!({"integer": "9007199254740993"}),
        ),
        (
            "SELECT -9223372036854775807 - 1",
            json!({"integer": "-9223372036854775808"}),
        ),
        ("SELECT 1.5", json!(1.5)),
        ("SELECT 9e999", json!({"text": "Inf", "length": 3})),
        (
            r#"SELECT 'a "quoted" \ text, null'"#,
            json!(r#"a "quoted" \ text, null"#),
        ),
        ("SELECT ''", json!("")),
        ("SELECT json('[1,2]')", json!("[1,2]")),
        ("SELECT x'00ff'", json!({"blob": "00ff", "bytes": 2})),
        ("SELECT 'é' || char(128512)", json!("é😀")),
        ("VALUES (7) ;", json!(7)),
        ("WITH a AS (SELECT 8) SELECT * FROM a -- a note", json!(8)),
    ] {
        assert_eq!(one(sql, json!([])), cell, "{sql}");
    }
    let long = one("SELECT printf('%.2000c', 'x')", json!([]));
    assert_eq!(long["length"], 2000);
    assert_eq!(long["text"].as_str().map(str::len), Some(1000));
    // SQLite counts its characters up to the first NUL.
    let long = one("SELECT char(0) || printf('%.100000c', 'x')", json!([]));
    assert_eq!(long, json!({"text": "", "length": 0}));
    let wide = "é".repeat(1_000);
    assert_eq!(one("SELECT ?", json!([wide])), json!(wide));
    let long = one("SELECT zeroblob(1000)", json!([]));
    assert_eq!(long["bytes"], 1000);
    assert_eq!(long["blob"].as_str().map(str::len), Some(512));
    // What is given comes back.
    for cell in [
        Value::Null,
        json!(7),
        json!(-1.25),
        json!("it's ?"),
        json!({"integer": "9223372036854775807"}),
        json!({"blob": "0aff", "bytes": 2}),
    ] {
        let sql = "SELECT '?', ? AS x /* ? */";
        let reply = select(pod, sql, json!([cell]), &["a", "x"]).ok();
        assert_eq!(reply["rows"], json!([["?", cell]]));
    }
    // Two columns of one name, and a page.
    let sql = "SELECT value, value FROM json_each('[1,2,3]')";
    let args = json!({"sql": sql, "columns": ["value", "value"], "limit": 1, "offset": 1});
    let page = ask(pod, "_edgepod_select", args).ok();
    assert_eq!(page, json!({"rows": [[2, 2]], "more": true}));
}

fn only_a_select_is_selected() {
    let pod = "open-selecting";
    open(pod);
    for (sql, words) in [
        ("", "no statement"),
        (";", "SELECT"),
        ("DELETE FROM notes", "SELECT"),
        ("SELECT 1; DELETE FROM notes", "more than one"),
        ("SELECT 1) SELECT 1 --", "parentheses"),
        ("SELECT 1) DELETE FROM notes WHERE (1", "parentheses"),
        ("SELECT 'a", "quote"),
        ("SELECT missing FROM notes", "no such column"),
        ("SELECT ?", "parameters"),
        ("SELECT ?1", "parameters"),
        ("SELECT 1, 2", "columns"),
    ] {
        let error = select(pod, sql, json!([]), &["x"]).error(400);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{sql}: {message}");
    }
    for cell in [
        json!(true),
        json!([1]),
        json!({"integer": "9223372036854775808"}),
        json!({"integer": 1}),
        json!({"blob": "0"}),
        json!({"blob": "00", "bytes": 7}),
        json!({"text": "cut", "length": 7}),
    ] {
        select(pod, "SELECT ?", json!([cell]), &["x"]).error(400);
    }
    assert_eq!(call_in(pod, "getNotes").ok(), json!(["here"]));
}

fn execute(pod: &str, sql: &str, values: Value, rows: usize) -> Call<'static> {
    let args = json!({"sql": sql, "values": values, "returning": ["id", "text"], "rows": rows});
    ask(pod, "_edgepod_execute", args)
}

fn a_write_is_a_call_that_screens_hear_of() {
    let pod = "open-editing";
    open(pod);
    let session = server::unique("studio");
    let mut socket = Socket::open(&socket_url(&session, Some(pod))).expect("it opens");
    let read = || call_in(pod, "getNotes").session(&session).ok();
    read();
    let sql = "UPDATE notes SET text = ? WHERE id = ? AND text IS ?";
    let done = execute(pod, sql, json!(["there", 1, "here"]), 1).ok();
    assert_eq!(done, json!({"rows": [[1, "there"]]}));
    socket.stale_of("notes");
    assert_eq!(read(), json!(["there"]));
    let done = execute(
        pod,
        "INSERT INTO notes (id, text) VALUES (?, ?)",
        json!([7, "new"]),
        1,
    );
    assert_eq!(done.ok(), json!({"rows": [[7, "new"]]}));
    socket.stale_of("notes");
    assert_eq!(read(), json!(["there", "new"]));
    let done = execute(pod, "DELETE FROM notes WHERE id = ?", json!([7]), 1).ok();
    assert_eq!(done, json!({"rows": [[7, "new"]]}));
    socket.stale_of("notes");
    assert_eq!(read(), json!(["there"]));
}

fn another_number_of_rows_is_a_conflict_and_rolls_back() {
    let pod = "open-conflicting";
    open(pod);
    add(call_in(pod, "addNote"), "two");
    let sql = "UPDATE notes SET text = 'all'";
    let error = execute(pod, sql, json!([]), 1).error(409);
    assert_eq!(error["code"], "CONFLICT");
    let sql = "UPDATE notes SET text = ? WHERE id = 1 AND text IS ?";
    execute(pod, sql, json!(["mine", "theirs"]), 1).error(409);
    let same = "INSERT INTO notes (id, text) VALUES (1, 'again')";
    execute(pod, same, json!([]), 1).error(409);
    for sql in [
        "SELECT 1",
        "CREATE TABLE x (y)",
        "UPDATE notes SET text = 'x' RETURNING *",
        "UPDATE notes SET text = 'x'; DELETE FROM notes",
        "UPDATE notes SET missing = 'x'",
    ] {
        execute(pod, sql, json!([]), 1).error(400);
    }
    assert_eq!(call_in(pod, "getNotes").ok(), json!(["here", "two"]));
}

fn only_the_admin_reaches_them() {
    let pod = "open-admins";
    open(pod);
    for function in ["_edgepod_select", "_edgepod_execute", "_edgepod_events"] {
        call_in(pod, function).args(json!({"after": 0})).error(404);
    }
    let manifest = server()
        .request("POST", "/rpc/_edgepod_events")
        .args(json!({"after": 0}));
    manifest.header("x-edgepod-pod", pod).error(404);
}

/// What has happened since, and where to go on.
fn events(pod: &str, after: u64) -> (Vec<Value>, u64, Value) {
    let mut told = ask(pod, "_edgepod_events", json!({ "after": after })).ok();
    let events: Vec<Value> = serde_json::from_value(told["events"].take()).expect("a list");
    let next = told["next"].as_u64().expect("a number");
    (events, next, told)
}

fn what_has_happened_is_told_in_order() {
    let pod = "open-telling";
    open(pod);
    let (_, before, first) = events(pod, 0);
    assert_eq!(first["lost"], false);
    let session = server::unique("studio");
    let mut socket = Socket::open(&socket_url(&session, Some(pod))).expect("it opens");
    call_in(pod, "getNotes").session(&session).ok();
    call_in(pod, "addNote").args(json!({"text": "new"})).ok();
    call_in(pod, "getNotes").session(&session).ok();
    call_in(pod, "getNotes").session(&session).ok();
    call_in(pod, "addNote").args(json!({"text": 7})).error(400);
    socket.stale_of("notes");
    socket.close();
    let (mut all, next, told) = events(pod, before);
    // The socket's end is told when it is known.
    for _ in 0..100 {
        if all.last().is_some_and(|event| event["state"] == "closed") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        all = events(pod, before).0;
    }
    assert_eq!(told["life"], first["life"]);
    let what: Vec<String> = all
        .iter()
        .map(|event| {
            let name = ["function", "state"].map(|name| event[name].as_str().unwrap_or_default());
            format!(
                "{} {}",
                event["type"].as_str().unwrap_or_default(),
                name.join("")
            )
        })
        .collect();
    assert_eq!(
        what,
        [
            "socket opened",
            "call getNotes",
            "woke ",
            "call addNote",
            "call getNotes",
            "call getNotes",
            "call addNote",
            "socket closed",
        ]
    );
    let [opened, read, woke, wrote, again, kept, wrong, closed] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(
        (&opened["session"], &closed["session"]),
        (&json!(session), &json!(session))
    );
    assert_eq!(read["reads"], json!(["notes"]));
    assert_eq!(read["kind"], "query");
    assert_eq!(
        (&read["rows_read"], &read["session"]),
        (&json!(1), &json!(session))
    );
    let sql = read["statements"][0]["sql"].as_str().unwrap_or_default();
    assert!(sql.contains("SELECT"), "{read}");
    assert_eq!(
        (&woke["session"], &woke["sockets"]),
        (&json!(session), &json!(1))
    );
    assert_eq!(woke["topics"], json!(["notes"]));
    assert_eq!(woke["trace"], wrote["trace"]);
    assert_eq!(wrote["writes"], json!(["notes"]));
    assert_eq!(wrote["args"], r#"{"text":"new"}"#);
    // An object counts the entries of indexes, too.
    assert!(wrote["rows_written"].as_u64() >= Some(1), "{wrote}");
    assert_eq!(wrote["told"], 1);
    assert_eq!(
        (&again["cached"], &again["rows_read"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(kept["cached"], again["kept"], "{again} {kept}");
    assert_eq!(
        (&wrong["status"], &wrong["code"]),
        (&json!(400), &json!("BAD_REQUEST"))
    );
    let numbers: Vec<u64> = all.iter().filter_map(|event| event["n"].as_u64()).collect();
    let expected: Vec<u64> = (before..before + 8).collect();
    assert_eq!(numbers, expected);
    let (none, same, _) = events(pod, before + 8);
    assert!(none.is_empty() && same == before + 8 && next <= same);
}

fn what_was_forgotten_is_said() {
    let pod = "open-forgetting";
    open(pod);
    let calls: Vec<Value> = (0..50).map(|_| json!({"name": "getNotes"})).collect();
    let (_, before, _) = events(pod, 0);
    for _ in 0..90 {
        let batch = server()
            .request("POST", "/rpc")
            .args(json!({ "calls": calls }));
        let reply = batch.header("x-edgepod-pod", pod).send().json();
        assert_eq!(reply["results"][49]["data"], json!(["here"]), "{reply}");
    }
    let (mut all, mut next, told) = events(pod, before);
    assert_eq!(told["lost"], true, "{before} {next} {}", all[0]);
    let mut number = all[0]["n"].as_u64().expect("a number");
    assert!(number > before);
    // The rest comes in pieces, with nothing between them left out.
    while !all.is_empty() {
        for event in &all {
            assert_eq!(event["n"], number);
            number += 1;
        }
        let told;
        (all, next, told) = events(pod, next);
        assert_eq!(told["lost"], false);
    }
    assert_eq!(number, before + 90 * 50);
    // A number of another life begins anew.
    assert!(!events(pod, u64::from(u32::MAX)).0.is_empty());
}
