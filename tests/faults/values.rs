//! Values at the ends of what a column, a page or a reply holds.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    what_is_computed_past_a_column_is_refused_and_changes_nothing,
    a_time_at_the_end_of_the_years_is_refused,
    pages_follow_values_of_every_storage,
    returning_gives_rows_as_triggers_leave_them,
    a_row_that_the_database_fills_alone_is_inserted,
    a_conflict_over_an_expression_names_its_index,
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
