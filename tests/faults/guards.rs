//! Every guard, for the builder, for statements of sea-query and for text: what it says is the same on both hosts, and nothing
//! is written when it refuses, even where the function lets the error pass and commits.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    a_guard_refuses_and_nothing_is_written,
    what_a_guard_allows_works,
    exactly_a_thousand_rows_come_with_a_warning,
    a_statement_that_was_refused_after_it_ran_takes_the_function_with_it,
    a_violated_reference_names_its_columns,
    a_query_cannot_write_by_text,
    a_result_larger_than_one_text_of_sqlite_arrives,
    a_row_larger_than_any_that_can_be_stored_is_refused,
    what_a_statement_reads_is_asked_again_when_the_schema_has_changed,
];

fn fill(items: i64) {
    server().call("fill").args(json!({"items": items})).ok();
}

fn fingerprint() -> Value {
    server().call("fingerprint").ok()
}

/// What the attempt says, and the reply's warnings.
#[track_caller]
fn attempt(what: &str) -> (String, Vec<String>) {
    let reply = server().call("attempt").args(json!({"what": what})).send();
    assert_eq!(reply.status, 200, "{what}: {}", reply.text());
    let body = reply.json();
    let warnings = body["warnings"].as_array().into_iter().flatten();
    (
        body["data"].as_str().expect("a text").to_owned(),
        warnings
            .map(|warning| warning.as_str().expect("a text").to_owned())
            .collect(),
    )
}

/// What is said of a result that no host could return.
const TOO_LARGE: &str =
    "BAD_REQUEST: A text, a blob or a row is larger than the 2000000 bytes that SQLite takes here";

/// Attempts, and what they must say.
const REFUSED: &[(&str, &str)] = &[
    ("statement: delete", "INTERNAL: this statement has no WHERE"),
    ("statement: delete where true", "holds for every row"),
    ("statement: delete where TRUE", "holds for every row"),
    ("statement: delete where 1", "holds for every row"),
    ("statement: delete where 1 = 1", "holds for every row"),
    (
        "statement: delete where not in nothing",
        "holds for every row",
    ),
    ("statement: update", "wrap it in without_where(…)"),
    ("statement: update where ? = ?", "holds for every row"),
    (
        "builder: insert 1001",
        "BAD_REQUEST: An insert into `items` takes 1000 rows at most",
    ),
    (
        "statement: insert 1001",
        "BAD_REQUEST: An insert takes 1000 rows at most, and this one has 1001",
    ),
    (
        "builder: large value",
        "BAD_REQUEST: A value has 2000001 bytes, and SQLite takes 2000000 at most here.",
    ),
    (
        "statement: large value",
        "BAD_REQUEST: A value has 2000001 bytes, and SQLite takes 2000000 at most here.",
    ),
    (
        "text: large value",
        "BAD_REQUEST: A value has 2000001 bytes, and SQLite takes 2000000 at most here.",
    ),
    (
        "builder: large row",
        "BAD_REQUEST: The values of a statement have 2400000 bytes, and one row takes 2000000 at most",
    ),
    (
        "statement: large row",
        "BAD_REQUEST: The values of a statement have 2400000 bytes, and one row takes 2000000 at most",
    ),
    (
        "builder: long pattern",
        "BAD_REQUEST: The pattern for `name` has 60 bytes, and SQLite takes 50 at most",
    ),
    (
        "statement: long pattern",
        "BAD_REQUEST: A LIKE pattern takes 50 bytes at most, and this one has more",
    ),
    (
        "builder: deep",
        "BAD_REQUEST: The conditions or calculations of this statement nest more than the 100 levels",
    ),
    (
        "statement: deep",
        "BAD_REQUEST: The conditions or calculations of this statement nest more than the 100 levels",
    ),
    (
        "text: deep",
        "BAD_REQUEST: The conditions or calculations of this statement nest more than the 100 levels",
    ),
    (
        "builder: 120 columns",
        "INTERNAL: the select from `kinds and kinds and kinds and kinds` returns 120 columns, and the platform allows 100",
    ),
    (
        "statement: 101 columns",
        "INTERNAL: a table, a result and an index have 100 columns at most",
    ),
    (
        "text: 101 columns",
        "INTERNAL: a table, a result and an index have 100 columns at most",
    ),
    (
        "text: table of 101 columns",
        "INTERNAL: a table, a result and an index have 100 columns at most",
    ),
    (
        "statement: 6 selects",
        "INTERNAL: UNION, EXCEPT and INTERSECT join 5 selects at most",
    ),
    (
        "text: 6 selects",
        "INTERNAL: UNION, EXCEPT and INTERSECT join 5 selects at most",
    ),
    (
        "builder: 11 triggers",
        "INTERNAL: triggers call each other 10 levels deep at most",
    ),
    (
        "statement: 11 triggers",
        "INTERNAL: triggers call each other 10 levels deep at most",
    ),
    (
        "text: 11 triggers",
        "INTERNAL: triggers call each other 10 levels deep at most",
    ),
    (
        "text: long pattern",
        "BAD_REQUEST: A LIKE pattern takes 50 bytes at most, and this one has more",
    ),
    ("statement: value too large", TOO_LARGE),
    ("text: value too large", TOO_LARGE),
    (
        "statement: long text",
        "BAD_REQUEST: A statement has 100000 bytes of SQL at most, and this one has 1000",
    ),
    (
        "text: long",
        "BAD_REQUEST: A statement has 100000 bytes of SQL at most, and this one has 1000",
    ),
    (
        "text: 101 parameters",
        "INTERNAL: a statement takes 100 parameters at most, and this one has more",
    ),
    (
        "text: 128 arguments",
        "INTERNAL: a function of SQLite takes 127 arguments at most",
    ),
    (
        "text: pragma",
        "a PRAGMA that changes a setting would outlive the function",
    ),
    ("text: several", "more than one statement"),
    ("statement: writes", "more than one statement"),
];

fn a_guard_refuses_and_nothing_is_written() {
    fill(3);
    let before = fingerprint();
    let mut wrong = String::new();
    for (what, words) in REFUSED {
        let (said, _) = attempt(what);
        if !said.contains(words) {
            wrong += &format!("{what}\n  said     {said:.300}\n  expected {words}\n");
        }
        assert_eq!(fingerprint(), before, "{what} wrote something: {said}");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn what_a_guard_allows_works() {
    let mut wrong = String::new();
    for (what, rows) in [
        ("statement: delete where 1 = 2", 0),
        ("statement: update where ? = another", 0),
        ("statement: update without_where", 3),
        ("builder: insert 1000", 1000),
        ("statement: insert 1000", 1000),
        ("statement: insert select", 3),
        ("builder: update returning", 3),
        ("builder: 300 filters", 3),
        ("builder: 300 in a list", 3),
        ("builder: 1000 in a list", 3),
        ("builder: insert 1000 of 20 columns", 1000),
        ("statement: 300 parameters", 3),
        ("statement: not too deep", 1),
        ("statement: 100 columns", 1),
        ("statement: 5 selects", 15),
        ("builder: 90 columns", 0),
        ("builder: 10 triggers", 1),
        ("statement: 10 triggers", 1),
        ("text: 10 triggers", 1),
        ("text: not too deep", 1),
        ("text: 5 selects", 5),
        ("text: 100 columns", 1),
        ("text: 100 parameters", 1),
    ] {
        fill(3);
        let (said, _) = attempt(what);
        if said != format!("{rows} rows") {
            wrong += &format!("{what}: {said:.300}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn exactly_a_thousand_rows_come_with_a_warning() {
    for (items, warned) in [(999, false), (1000, true), (1001, true)] {
        fill(items);
        for what in ["builder: all", "statement: all", "statement: limit 5000"] {
            let (said, warnings) = attempt(what);
            assert_eq!(said, format!("{} rows", items.min(1000)), "{what}");
            let told = warnings
                .iter()
                .any(|warning| warning.contains("exactly 1000 rows"));
            assert_eq!(told, warned, "{what} of {items}: {warnings:?}");
        }
        let (said, warnings) = attempt("builder: limit 5000");
        assert_eq!(said, format!("{} rows", items.min(1000)));
        assert!(
            warnings
                .iter()
                .any(|warning| warning.contains("limit of 5000 rows")),
            "{warnings:?}"
        );
        if items == 1000 {
            // Of what a statement wrote it returns everything or nothing.
            assert_eq!(
                attempt("builder: update returning"),
                ("1000 rows".to_owned(), vec![])
            );
        }
    }
    // The log has them, with the function's name.
    let log = server().log();
    assert!(
        log.lines()
            .any(|line| line.contains("exactly 1000 rows") && line.contains("attempt")),
        "{log}"
    );
}

fn a_statement_that_was_refused_after_it_ran_takes_the_function_with_it() {
    fill(1001);
    let before = fingerprint();
    for (what, words) in [
        (
            "statement: insert select",
            "An insert takes 1000 rows at most, and this one has 1001",
        ),
        (
            "builder: update returning",
            "A statement returns 1000 rows at most, and this one wrote and would return 1001",
        ),
    ] {
        // The function lets the error pass; the call fails all the same.
        let error = server()
            .call("attempt")
            .args(json!({"what": what}))
            .error(400);
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains(words), "{what}: {message}");
        assert_eq!(fingerprint(), before, "{what} wrote something");
    }
    let (said, _) = attempt("statement: insert select 1000");
    assert_eq!(said, "1000 rows");
}

fn a_violated_reference_names_its_columns() {
    fill(1);
    for what in [
        "builder: part of nothing",
        "statement: part of nothing",
        "statement: part moves to nothing",
        "builder: delete with parts",
        "statement: delete with parts",
    ] {
        let (said, _) = attempt(what);
        assert!(
            said.starts_with("CONFLICT: ") && said.ends_with("[\"parts.item_id\"]"),
            "{what}: {said}"
        );
    }
}

fn a_query_cannot_write_by_text() {
    fill(3);
    let before = fingerprint();
    let said = server()
        .call("attemptRead")
        .args(json!({"what": "statement: writes"}))
        .ok();
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("more than one statement")),
        "{said}"
    );
    assert_eq!(fingerprint(), before);
}

fn a_result_larger_than_one_text_of_sqlite_arrives() {
    fill(1);
    // 1000 rows of 9 KB: more than the 8 MB that workerd's SQLite makes one text of.
    assert_eq!(attempt("large rows").0, "1000 rows");
    for what in ["builder: large rows", "statement: large rows"] {
        assert_eq!(attempt(what).0, "1000 rows");
    }
    fill(0);
}

fn a_row_larger_than_any_that_can_be_stored_is_refused() {
    fill(0);
    assert_eq!(attempt("large row").0, "1 rows");
    // Five times the one of 1.98 MB, side by side.
    for what in [
        "builder: row too large",
        "statement: row too large",
        "text: row too large",
    ] {
        let (said, _) = attempt(what);
        assert!(said.starts_with(TOO_LARGE), "{what}: {said:.300}");
    }
    assert_eq!(attempt("builder: all").0, "1 rows");
    fill(0);
}

/// SQLite keeps prepared statements, and runs an EXPLAIN of one although the schema has changed since: it then tells of the
/// tables that were there before, or of freed memory.
fn what_a_statement_reads_is_asked_again_when_the_schema_has_changed() {
    for i in 0..8 {
        let (first, second) = match i % 2 {
            0 => ("swap_a", "swap_b"),
            _ => ("swap_b", "swap_a"),
        };
        let reply = server()
            .call("swapTables")
            .args(json!({"first": first, "second": second}))
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(
            reply.json()["meta"]["tables"],
            json!(["swap_a"]),
            "round {i}"
        );
    }
}
