//! Any value of every type that a column can have is read back as it was written, or refused.

use edgepod_tests::{cases, server};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

cases![
    any_value_is_read_back,
    the_ends_of_every_range_are_read_back,
    a_statement_that_is_a_text_counts_and_wakes,
    what_does_not_fit_is_refused,
    no_number_is_stored_in_place_of_one,
    two_megabytes_go_in_and_more_are_refused,
    a_text_too_long_for_a_cursor_is_said_to_be,
    defaults_are_of_their_types,
    a_row_has_its_own_value_where_there_is_a_default,
    a_column_calculates_in_its_own_type,
    a_text_that_is_no_variant_is_named_in_the_log,
];

const SAFE: i64 = (1 << 53) - 1;

/// Integers: often the ends of the range.
fn integers(low: i64, high: i64) -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(low),
        Just(high),
        Just(0.clamp(low, high)),
        low..=high,
        (-9_i64).clamp(low, high)..=9.min(high)
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        any::<String>(),
        "[a-z '\"\\\\%_\u{0}\u{1}\u{2028}\u{feff}\u{1f600}é\u{301}]{0,12}",
        // What looks like something else.
        Just("null".to_owned()),
        Just("12".to_owned()),
        Just("[null,\"6100\"]".to_owned()),
        Just("{\"$blob\":\"00\"}".to_owned()),
        Just("a\u{0}b\u{0}".to_owned()),
    ]
}

/// Floats: SQLite has one zero.
fn floats() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(-0.0),
        Just(0.1 + 0.2),
        Just(9_007_199_254_740_993.0),
        (-1_000_000_000_i32..1_000_000_000).prop_map(|cents| f64::from(cents) / 100.0),
    ]
}

fn base64() -> impl Strategy<Value = String> {
    use base64ct::{Base64, Encoding};
    prop_oneof![Just(Vec::new()), Just(vec![0]), vec(any::<u8>(), 0..80)]
        .prop_map(|bytes| Base64::encode_string(&bytes))
}

/// The years 0 to 9999, to the microsecond, less what the type does not have of them.
fn times(last: i64) -> impl Strategy<Value = String> {
    const FIRST: i64 = -62_167_219_200_000_000;
    prop_oneof![Just(FIRST), Just(last), Just(-1), FIRST..=last].prop_map(|micros| {
        chrono::DateTime::from_timestamp_micros(micros)
            .expect("in range")
            .to_rfc3339()
    })
}

const LAST: i64 = 253_402_300_799_999_999;
/// jiff's times end a day earlier, and a bit.
const LAST_OF_JIFF: i64 = 253_402_207_200_000_000;

fn dates() -> impl Strategy<Value = String> {
    (0..=9999, 1..=12_u32, 1..=28_u32)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn uuids() -> impl Strategy<Value = String> {
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
}

fn roles() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("admin"), Just("team-member"), Just("it's \"quoted\"")]
}

fn settings() -> impl Strategy<Value = Value> {
    let limit = prop_oneof![
        Just(json!("Open")),
        any::<u32>().prop_map(|n| json!({"UpTo": n}))
    ];
    (vec(texts(), 0..3), limit, floats())
        .prop_map(|(tags, limit, factor)| json!({"tags": tags, "limit": limit, "factor": factor}))
}

fn or_null<S: Strategy<Value: serde::Serialize>>(values: S) -> impl Strategy<Value = Value> {
    proptest::option::of(values).prop_map(|value| json!(value))
}

/// A row as a client sends it.
fn kinds() -> impl Strategy<Value = Value> {
    let numbers = (
        integers(i64::MIN, i64::MAX),
        integers(-SAFE, SAFE),
        integers(i32::MIN.into(), i32::MAX.into()),
        integers(i16::MIN.into(), i16::MAX.into()),
        integers(i8::MIN.into(), i8::MAX.into()),
        integers(0, SAFE),
        integers(0, u32::MAX.into()),
        integers(0, u16::MAX.into()),
        integers(0, u8::MAX.into()),
        any::<bool>(),
        floats(),
        any::<f32>().prop_filter("finite", |x| x.is_finite()),
    );
    let others = (
        (texts(), base64(), uuids(), settings(), roles()),
        (
            times(LAST),
            times(LAST),
            times(LAST_OF_JIFF),
            dates(),
            dates(),
        ),
        integers(-SAFE, SAFE),
        (
            or_null(integers(i64::MIN, i64::MAX).prop_map(|n| n.to_string())),
            or_null(texts()),
            or_null(base64()),
            or_null(uuids()),
            or_null(roles()),
            or_null(settings()),
        ),
    );
    (numbers, others).prop_map(|(numbers, others)| {
        let (int64, i64, i32, i16, i8, u64, u32, u16, u8, flag, f64, f32) = numbers;
        let (
            (text, bytes, uuid, settings, role),
            (time, chrono, jiff, chrono_date, jiff_date),
            cents,
            (maybe_int64, maybe_text, maybe_bytes, maybe_uuid, maybe_role, maybe_json),
        ) = others;
        json!({
            "int64": int64.to_string(), "i64": i64, "i32": i32, "i16": i16, "i8": i8, "u64": u64, "u32": u32, "u16": u16,
            "u8": u8, "flag": flag, "f64": f64, "f32": f32, "text": text, "bytes": bytes, "time": time, "chrono": chrono,
            "chrono_date": chrono_date, "jiff": jiff, "jiff_date": jiff_date, "uuid": uuid, "json": settings, "role": role,
            "cents": cents, "maybe_int64": maybe_int64, "maybe_text": maybe_text, "maybe_bytes": maybe_bytes,
            "maybe_uuid": maybe_uuid, "maybe_role": maybe_role, "maybe_json": maybe_json,
        })
    })
}

/// A row to begin with.
fn plain() -> Value {
    json!({
        "int64": "0", "i64": 0, "i32": 0, "i16": 0, "i8": 0, "u64": 0, "u32": 0, "u16": 0, "u8": 0, "flag": false, "f64": 0.5,
        "f32": 0.5, "text": "", "bytes": "", "time": "2026-11-24T10:42:11Z", "chrono": "2026-11-24T10:42:11Z",
        "chrono_date": "2026-11-24", "jiff": "2026-11-24T10:42:11Z", "jiff_date": "2026-11-24",
        "uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "json": {"tags": [], "limit": "Open", "factor": 1.0}, "role": "admin",
        "cents": 0, "maybe_int64": null, "maybe_text": null, "maybe_bytes": null, "maybe_uuid": null, "maybe_role": null,
        "maybe_json": null,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut row = plain();
    row[name] = value;
    row
}

fn time(text: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    chrono::DateTime::parse_from_rfc3339(text).ok()
}

/// Whether the row that came has the values of the one that was sent.
fn assert_same(sent: &Value, came: &Value) {
    for (name, sent) in sent.as_object().expect("a row") {
        let came = &came[name];
        let same = match name.as_str() {
            "time" | "chrono" | "jiff" => {
                let instant = |value: &Value| value.as_str().and_then(time);
                let is_of_one_length = came.as_str().is_some_and(|it| it.len() == 27);
                instant(came).is_some()
                    && instant(sent) == instant(came)
                    && (name != "time" || is_of_one_length)
            }
            "f32" => {
                let float = |value: &Value| value.as_f64().map(|x| x as f32);
                float(came).is_some() && float(sent) == float(came)
            }
            _ => sent == came,
        };
        assert!(same, "`{name}` was {sent} and became {came}");
    }
}

/// Writes rows in every way, reads them in every way, and finds them by every column.
fn assert_read_back(rows: &[Value]) {
    let first = server()
        .call("keepKind")
        .args(json!({"kind": rows[0]}))
        .ok();
    assert_same(&rows[0], &first);
    let read = server()
        .call("getKind")
        .args(json!({"id": first["id"]}))
        .ok();
    assert_same(&rows[0], &read);

    let many = server().call("keepKinds").args(json!({"kinds": rows})).ok();
    let many = many.as_array().expect("rows");
    assert_eq!(many.len(), rows.len());
    let ids: Vec<&Value> = many.iter().map(|row| &row["id"]).collect();
    let read = server().call("getKinds").args(json!({"ids": ids})).ok();
    for (i, row) in rows.iter().enumerate() {
        assert_same(row, &many[i]);
        assert_same(row, &read[i]);
    }
    let missed = server()
        .call("findsKind")
        .args(json!({"id": first["id"]}))
        .ok();
    assert_eq!(missed, json!([]));
    let set = server()
        .call("setKind")
        .args(json!({"id": first["id"], "text": rows[0]["text"], "bytes": rows[0]["bytes"]}))
        .ok();
    assert_same(&rows[0], &set);
    let id = json!({"id": first["id"]});
    let checked = server().call("getCheckedKind").args(id).ok();
    assert_same(&rows[0], &checked[0]);
    let set = server()
        .call("setCheckedKind")
        .args(json!({"id": first["id"], "text": rows[0]["text"], "bytes": rows[0]["bytes"]}))
        .ok();
    assert_same(&rows[0], &set[0]);
}

fn any_value_is_read_back() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(100);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&vec(kinds(), 1..4), |rows| {
            assert_read_back(&rows);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

fn the_ends_of_every_range_are_read_back() {
    for (name, ends) in [
        (
            "int64",
            json!([
                i64::MIN.to_string(),
                i64::MAX.to_string(),
                "9007199254740993"
            ]),
        ),
        ("i64", json!([-SAFE, SAFE])),
        ("i32", json!([i32::MIN, i32::MAX])),
        ("i16", json!([i16::MIN, i16::MAX])),
        ("i8", json!([i8::MIN, i8::MAX])),
        ("u64", json!([SAFE])),
        ("u32", json!([u32::MAX])),
        ("u16", json!([u16::MAX])),
        ("u8", json!([u8::MAX])),
        (
            "f64",
            json!([f64::MAX, f64::MIN, 5e-324, 1e19, -1e19, 1e20]),
        ),
        ("f32", json!([f32::MAX, f32::MIN, f32::MIN_POSITIVE])),
        (
            "text",
            json!([
                "\u{0}",
                "a\u{0}b",
                "\u{1f469}\u{200d}\u{1f680}",
                "'\"\\\u{2028}"
            ]),
        ),
        ("bytes", json!(["", "AA==", "AP8="])),
        ("maybe_bytes", json!(["", null])),
        ("maybe_text", json!(["", "\u{0}", null])),
        (
            "time",
            json!(["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]),
        ),
        (
            "chrono",
            json!(["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]),
        ),
        (
            "jiff",
            json!(["0000-01-01T00:00:00Z", "9999-12-30T22:00:00Z"]),
        ),
        ("chrono_date", json!(["0000-01-01", "9999-12-31"])),
        ("jiff_date", json!(["0000-01-01", "9999-12-31"])),
    ] {
        let rows: Vec<Value> = ends
            .as_array()
            .expect("values")
            .iter()
            .map(|end| with(name, end.clone()))
            .collect();
        assert_read_back(&rows);
    }
}

fn a_statement_that_is_a_text_counts_and_wakes() {
    let text = server::unique("checked");
    let mut row = with("text", json!(text));
    row["maybe_text"] = json!("there");
    for row in [&row, &with("text", json!(text))] {
        server().call("keepKind").args(json!({"kind": row})).ok();
    }
    let count = server().call("countCheckedKinds");
    let reply = count.args(json!({"text": text})).send();
    assert_eq!(reply.json()["data"], json!([2, 1]));
    assert_eq!(reply.json()["meta"]["tables"], json!(["kinds"]));
    let reply = server()
        .call("passCheckedNote")
        .args(json!({"text": text}))
        .send();
    let ids = &reply.json()["data"];
    assert_eq!(ids[0].as_i64().map(|id| id + 1), ids[1].as_i64(), "{ids}");
    assert_eq!(reply.json()["meta"]["tables"], json!(["notes"]));
    assert_eq!(crate::notes(&text), 1);
}

fn what_does_not_fit_is_refused() {
    for (name, value) in [
        ("int64", json!("9223372036854775808")),
        ("int64", json!("1.5")),
        ("i64", json!(SAFE + 1)),
        ("i32", json!(i64::from(i32::MAX) + 1)),
        ("i8", json!(128)),
        ("u64", json!(-1)),
        ("u64", json!(u64::MAX)),
        ("u8", json!(256)),
        ("f64", json!(null)),
        ("f64", json!("NaN")),
        ("f32", json!(1e300)),
        ("text", json!(7)),
        ("bytes", json!("-_")),
        ("bytes", json!([0])),
        ("time", json!("yesterday")),
        ("chrono", json!("+10000-01-01T00:00:00Z")),
        ("jiff", json!("-000001-01-01T00:00:00Z")),
        ("chrono_date", json!("2026-02-30")),
        ("jiff_date", json!("-000001-01-01")),
        ("uuid", json!("67e55044")),
        ("role", json!("Admin")),
        ("cents", json!(SAFE + 2)),
        ("json", json!({"tags": [], "limit": "None", "factor": 1.0})),
    ] {
        server()
            .call("keepKind")
            .args(json!({"kind": with(name, value)}))
            .error(400);
    }
}

fn no_number_is_stored_in_place_of_one() {
    for (which, reason) in [("f64", "NaN"), ("f32", "inf"), ("json", "read again")] {
        let error = server()
            .call("keepNoNumber")
            .args(json!({"kind": plain(), "which": which}))
            .error(400);
        let text = error["message"].as_str().unwrap_or_default();
        assert!(text.contains(reason), "{which}: {error}");
    }
}

fn two_megabytes_go_in_and_more_are_refused() {
    use base64ct::{Base64, Encoding};
    // A row has 2,000,000 bytes at most, of which the other columns take some.
    const MOST: usize = 1_990_000;
    const LIMIT: usize = 2_000_000;
    let kind = server()
        .call("keepKind")
        .args(json!({"kind": plain()}))
        .ok();
    for (name, most, more) in [
        (
            "text",
            json!("é".repeat(MOST / 2)),
            json!("e".repeat(LIMIT + 1)),
        ),
        (
            "bytes",
            json!(Base64::encode_string(&vec![0xA5; MOST])),
            json!(Base64::encode_string(&vec![0; LIMIT + 1])),
        ),
    ] {
        let mut args = json!({"id": kind["id"], "text": "", "bytes": ""});
        args[name] = most.clone();
        let came = server().call("setKind").args(args.clone()).ok();
        assert!(came[name] == most, "the longest `{name}` was not read back");
        args[name] = more;
        let error = server().call("setKind").args(args).error(400);
        assert!(
            error["message"]
                .as_str()
                .unwrap_or_default()
                .contains("bytes"),
            "{error}"
        );
        let kept = server()
            .call("getKind")
            .args(json!({"id": kind["id"]}))
            .ok();
        assert!(kept[name] == most, "a refused `{name}` changed the row");
    }
}

fn defaults_are_of_their_types() {
    let row = server().call("keepDefaults").ok();
    assert_same(
        &json!({"role": "team-member", "cents": -5, "int64": i64::MAX.to_string(), "f32": 0.1, "bytes": "AP8="}),
        &row,
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    for name in ["chrono", "jiff"] {
        let then = row[name].as_str().and_then(time).expect("a time");
        assert!(then.timestamp().unsigned_abs().abs_diff(now) < 600, "{row}");
    }
    // Random, of version 4, and unique.
    let other = server().call("keepDefaults").ok();
    let uuid = row["uuid"].as_str().unwrap_or_default();
    assert!(uuid.len() == 36 && uuid.as_bytes()[14] == b'4' && row["uuid"] != other["uuid"]);
    server()
        .call("keepDefaults")
        .args(json!({"uuid": uuid.to_uppercase()}))
        .error(409);
}

fn a_row_has_its_own_value_where_there_is_a_default() {
    let row = server()
        .call("keepChosen")
        .args(json!({"role": "admin", "cents": 12}))
        .ok();
    assert_same(
        &json!({"role": "admin", "cents": 12, "int64": i64::MAX.to_string(), "f32": 0.1, "bytes": "AP8="}),
        &row,
    );
}

fn a_text_too_long_for_a_cursor_is_said_to_be() {
    let mut kinds = Vec::new();
    for last in ["a", "b"] {
        let mut kind = plain();
        kind["text"] = json!(" ".repeat(450_000) + last);
        kinds.push(kind);
    }
    let kept = server()
        .call("keepKinds")
        .args(json!({"kinds": kinds}))
        .ok();
    let ids = json!({"ids": [kept[0]["id"], kept[1]["id"]]});
    let reply = server().call("sortedByText").args(ids.clone()).send();
    server().call("dropKinds").args(ids).ok();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.text().contains("sort by something shorter"),
        "{}",
        reply.text()
    );
}

fn a_column_calculates_in_its_own_type() {
    let kind = server()
        .call("keepKind")
        .args(json!({"kind": with("cents", json!(40))}))
        .ok();
    let sum = server()
        .call("addCents")
        .args(json!({"id": kind["id"], "cents": 2}))
        .ok();
    assert_eq!(sum, json!(42));
}

fn a_text_that_is_no_variant_is_named_in_the_log() {
    let kind = server()
        .call("keepKind")
        .args(json!({"kind": plain()}))
        .ok();
    let spoil = |column: &str, text: String| {
        let args = json!({"id": kind["id"], "column": column, "text": text});
        assert_eq!(server().call("spoilKind").args(args).ok(), 1);
        let error = server()
            .call("getKind")
            .args(json!({"id": kind["id"]}))
            .error(500);
        // The text may be anybody's: it is for the log.
        assert!(!error.to_string().contains("owner"), "{error}");
    };
    for column in ["maybe_role", "role"] {
        spoil(column, "owner".to_owned());
        let named = |log: &str| {
            log.lines().any(|line| {
                line.contains(&format!("the column `{column}` holds the text"))
                    && line.contains("owner")
                    && line.contains("Role has no variant for it")
            })
        };
        // The log is another process's, and may be late.
        let log = (0..300).find_map(|_| {
            let log = server().log();
            let found = named(&log);
            std::thread::sleep(std::time::Duration::from_millis(if found {
                0
            } else {
                100
            }));
            found.then_some(log)
        });
        assert!(log.is_some(), "{}", server().log());
    }
    // A long one is cut.
    let before = server().log().len();
    spoil("role", "owner".repeat(100_000));
    assert!(server().log().len() < before + 100_000);
    // Later tests read every row.
    server()
        .call("spoilKind")
        .args(json!({"id": kind["id"], "column": "role", "text": "admin"}))
        .ok();
    server()
        .call("spoilKind")
        .args(json!({"id": kind["id"], "column": "maybe_role", "text": "admin"}))
        .ok();
}
