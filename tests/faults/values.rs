//! Values at the ends of what a column, a page or a reply holds.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    what_is_computed_past_a_column_is_refused_and_changes_nothing,
    a_time_at_the_end_of_the_years_is_refused,
    pages_follow_values_of_every_storage,
    a_table_of_a_hundred_columns_has_pages,
    returning_gives_rows_as_triggers_leave_them,
    a_row_that_the_database_fills_alone_is_inserted,
    a_conflict_over_an_expression_names_its_index,
    a_large_integer_is_refused_in_every_shape,
    what_was_stored_before_is_read_as_javascript_reads_it,
    an_argument_that_does_not_fit_is_named_by_its_path,
    an_error_is_held_to_what_a_result_is,
    a_result_has_a_limit_in_bytes,
    a_reply_has_a_limit_in_bytes,
    what_is_read_as_another_type_is_an_error,
];

fn what_is_computed_past_a_column_is_refused_and_changes_nothing() {
    let past = |column: &str, upsert: bool| {
        server()
            .call("goPast")
            .args(json!({"column": column, "upsert": upsert}))
            .error(400)
    };
    past("tiny", false);
    server().call("getGauges").ok();
    for column in [
        "tiny", "byte", "small", "port", "int", "left", "big", "whole", "cents", "level",
        "perhaps", "ratio", "half",
    ] {
        for upsert in [false, true] {
            let error = past(column, upsert);
            assert_eq!(
                error["data"]["columns"],
                json!([format!("gauges.{column}")]),
                "{error}"
            );
            // Each call rolled back: not even the row that it began with is there.
            assert_eq!(server().call("getGauges").ok(), json!([]));
        }
    }
}

fn a_time_at_the_end_of_the_years_is_refused() {
    for text in [
        "9999-12-31T23:30:00-01:00",
        "0000-01-01T00:30:00+01:00",
        "10000-01-01T00:00:00Z",
        "+010000-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "9999-12-31T23:59:60-23:59",
    ] {
        let error = server()
            .call("sameTimes")
            .args(json!({"time": text}))
            .error(400);
        assert_eq!(error["data"]["path"], "time", "{error}");
        // The other libraries may know more years, or fewer: they answer.
        for argument in ["chrono", "jiff"] {
            let reply = server()
                .call("sameTimes")
                .args(json!({argument: text}))
                .send();
            assert!(
                [200, 400].contains(&reply.status),
                "{argument} {text}: {}",
                reply.text()
            );
        }
    }
    let last = "9999-12-31T23:59:59.999999Z";
    let reply = server().call("sameTimes").args(json!({"time": last})).ok();
    assert_eq!(reply[0], last);
}

fn pages_follow_values_of_every_storage() {
    server().call("fillSamples").ok();
    let pages = |column: &str, descending: bool, shape: &str| {
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        for _ in 0..12 {
            let args = json!({"column": column, "descending": descending, "shape": shape, "cursor": cursor});
            let page = server().call("samplePages").args(args).ok();
            all.extend(
                page["items"]
                    .as_array()
                    .expect("items")
                    .iter()
                    .map(|item| item.as_i64().expect("a number")),
            );
            cursor = page["next"].clone();
            if cursor.is_null() {
                return all;
            }
        }
        panic!("the pages by {column} do not end");
    };
    for column in [
        "id", "digest", "label", "text", "weight", "whole", "flag", "at", "key",
    ] {
        for descending in [false, true] {
            let mut ids = pages(column, descending, "Rows");
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), 9, "{column}");
            let sizes = pages(column, descending, "Groups");
            let groups = match column {
                "id" => 9,
                "label" => 3,
                "flag" => 2,
                _ => 5,
            };
            assert_eq!(
                (sizes.len(), sizes.iter().sum::<i64>()),
                (groups, 9),
                "{column}: {sizes:?}"
            );
            assert_eq!(
                pages(column, descending, "Distinct").len(),
                groups,
                "{column}"
            );
        }
    }
}

fn a_table_of_a_hundred_columns_has_pages() {
    let filled = server().call("fillHundreds").args(json!({"count": 7})).ok();
    assert_eq!(filled, 7);
    let (mut ids, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..5 {
        let page = server()
            .call("pageOfHundreds")
            .args(json!({ "cursor": cursor }))
            .ok();
        for row in page["items"].as_array().expect("rows") {
            assert_eq!(row.as_object().expect("a row").len(), 100);
            ids.push(row["id"].clone());
        }
        cursor = page["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(json!(ids), json!([6, 3, 4, 5, 0, 1, 2]));
}

fn returning_gives_rows_as_triggers_leave_them() {
    assert_eq!(server().call("writeHeadings").ok(), json!([1, 2, 3, 4, 5]));
}

fn a_row_that_the_database_fills_alone_is_inserted() {
    assert_eq!(server().call("drawTickets").ok(), json!(3));
}

fn a_conflict_over_an_expression_names_its_index() {
    let error = server().call("addHeadingTwice").error(409);
    let data = json!({"constraint": "unique", "columns": [], "index": "headings_lower"});
    assert_eq!(error["data"], data, "{error}");
}

const LARGE: i64 = (1 << 53) + 1;

fn a_large_integer_is_refused_in_every_shape() {
    for (function, args, path) in [
        ("fileReport", json!({"body": {"ref": LARGE}}), "body.ref"),
        (
            "fileReport",
            json!({"body": [1, {"a": -LARGE}]}),
            "body[1].a",
        ),
        ("fileReport", json!({"body": LARGE}), "body"),
        (
            "sameValues",
            json!({"free": {"a": [u64::MAX]}}),
            "free.a[0]",
        ),
        ("sameValues", json!({"loose": ["x", LARGE]}), "loose[1]"),
    ] {
        let error = server().call(function).args(args).error(400);
        assert_eq!(error["data"]["path"], path, "{error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| text.contains("2^53 - 1")),
            "{error}"
        );
    }
    // Nor does one that the server makes go in.
    let error = server()
        .call("fileNumber")
        .args(json!({"number": LARGE.to_string()}))
        .error(400);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("`number`")),
        "{error}"
    );
    server()
        .call("fileNumber")
        .args(json!({"number": (LARGE - 2).to_string()}))
        .ok();
    server()
        .call("fileReport")
        .args(json!({"body": {"a": 1e300, "b": [null, "x"]}}))
        .ok();
    server().call("getReports").ok();
}

fn what_was_stored_before_is_read_as_javascript_reads_it() {
    server()
        .call("plantReport")
        .args(json!({"text": format!("{{\"ref\":{LARGE}}}")}))
        .ok();
    let reports = server().call("getReports").ok();
    let last = reports
        .as_array()
        .and_then(|all| all.last())
        .expect("a report");
    assert_eq!(last["body"]["ref"].as_f64(), Some(LARGE as f64), "{last}");
}

fn an_argument_that_does_not_fit_is_named_by_its_path() {
    for (args, path, words) in [
        (
            json!({"pair": [1, 2, 3]}),
            "pair",
            "more than the 2 elements",
        ),
        (json!({"pair": [1]}), "pair", "invalid length 1"),
        (json!({"half": 1e39}), "half", "floats of 32 bits"),
        (json!({"half": -1e300}), "half", "floats of 32 bits"),
        (json!({"loose": [true]}), "loose[0]", "did not match"),
    ] {
        let error = server().call("sameValues").args(args).error(400);
        assert_eq!(error["data"]["path"], path, "{error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| text.contains(words)),
            "{error}"
        );
    }
    let same = server()
        .call("sameValues")
        .args(json!({"pair": [1, 2], "half": 0.5}))
        .ok();
    assert_eq!(same, json!([null, null, [1, 2], 0.5]));
}

fn an_error_is_held_to_what_a_result_is() {
    let error = server()
        .call("failWith")
        .args(json!({"number": "7"}))
        .error(409);
    assert_eq!(error["data"]["number"], 7);
    let error = server()
        .call("failWith")
        .args(json!({"number": LARGE.to_string()}))
        .error(500);
    assert_eq!(error["code"], "INTERNAL");
}

fn a_result_has_a_limit_in_bytes() {
    server().call("dropBlocks").ok();
    for _ in 0..9 {
        server()
            .call("addBlock")
            .args(json!({"bytes": 1_950_000}))
            .ok();
    }
    let error = server().call("getBlocks").error(413);
    assert_eq!(error["code"], "PAYLOAD_TOO_LARGE");
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.contains("`getBlocks`") && message.contains(".page("),
        "{message}"
    );
    // The database answers on, also within the call.
    assert_eq!(server().call("countBlocks").ok(), json!(9));
    let (mut rows, mut cursor) = (0, Value::Null);
    loop {
        let page = server()
            .call("blockPages")
            .args(json!({"cursor": cursor}))
            .ok();
        rows += page["items"].as_array().map_or(0, Vec::len);
        cursor = page["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(rows, 9);
    server().call("dropBlocks").ok();
}

fn a_reply_has_a_limit_in_bytes() {
    let count = || server().call("countBlocks").ok();
    let before = count();
    let error = server()
        .call("addAndSay")
        .args(json!({"bytes": 16 << 20}))
        .error(413);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("`addAndSay`")),
        "{error}"
    );
    assert_eq!(count(), before, "what it wrote is undone");
    let said = server()
        .call("addAndSay")
        .args(json!({"bytes": 8 << 20}))
        .ok();
    assert_eq!(said.as_str().map(str::len), Some(8 << 20));
    server().call("dropBlocks").ok();
}

fn what_is_read_as_another_type_is_an_error() {
    for how in ["blob as text", "text as blob", "width", "infinity"] {
        let error = server()
            .call("misread")
            .args(json!({"how": how}))
            .error(500);
        assert_eq!(error["code"], "INTERNAL", "{how}");
    }
    assert_eq!(
        server().call("misread").args(json!({"how": "blob"})).ok(),
        json!(1)
    );
}
