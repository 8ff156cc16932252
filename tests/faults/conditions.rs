//! What a client lengthens and what it writes into conditions: they mean what they say, or are refused, and the server is there
//! afterwards.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    every_comparison_and_its_negation_take_none_for_a_value,
    conditions_of_any_shape_mean_what_the_model_says,
    a_long_list_of_conditions_is_answered,
    rows_are_read_in_parts,
    what_nests_too_deep_is_a_bad_request,
    a_nul_means_itself,
    names_that_the_builder_makes_meet_no_table,
    json_that_nests_too_deep_is_a_bad_request,
    a_cascade_to_any_name_is_announced,
    what_a_writing_statement_reads_is_read,
];

/// How many rows there are.
fn fill() -> i64 {
    server().call("fillCells").ok().as_i64().expect("a number")
}

fn every_comparison_and_its_negation_take_none_for_a_value() {
    fill();
    let wrong = server()
        .call("wrongConditions")
        .args(json!({"seed": 0, "count": 0}))
        .ok();
    assert_eq!(wrong, json!([]));
}

/// `EDGEPOD_CLAUSES=10000` tries more of them, `EDGEPOD_CLAUSES_SEED` others.
fn conditions_of_any_shape_mean_what_the_model_says() {
    fill();
    let number = |name: &str, otherwise: u64| {
        let value = std::env::var(name).ok();
        value.map_or(otherwise, |value| value.parse().expect("a number"))
    };
    let count = number("EDGEPOD_CLAUSES", 400);
    let seed = number("EDGEPOD_CLAUSES_SEED", 11);
    println!("seed {seed}, {count} conditions");
    for i in (0..count).step_by(100) {
        let wrong = server()
            .call("wrongConditions")
            .args(json!({"seed": seed + i, "count": (count - i).min(100)}))
            .ok();
        assert_eq!(wrong, json!([]), "seed {}", seed + i);
    }
}

fn rows_are_read_in_parts() {
    let all = fill() as usize;
    for size in [1, 2, 5, all, 1000] {
        let parts = server()
            .call("cellsInParts")
            .args(json!({ "size": size }))
            .ok();
        for (i, of) in [all, all, 3].into_iter().enumerate() {
            let parts: Vec<Vec<Option<i64>>> =
                serde_json::from_value(parts[i].clone()).expect("parts");
            let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
            let (last, others) = sizes.split_last().expect("a part");
            assert!(others.iter().all(|others| *others == size), "{sizes:?}");
            assert!(*last > 0 && *last <= size, "{sizes:?}");
            let mut values = parts.concat();
            values.sort();
            values.dedup();
            assert_eq!(values.len(), of, "{parts:?}");
            assert_eq!(sizes.iter().sum::<usize>(), of, "{parts:?}");
        }
    }
    let refused = server()
        .call("cellsInParts")
        .args(json!({"size": 0}))
        .send();
    assert_eq!(refused.status, 400, "{}", refused.json());
}

fn count(how: &str, ids: i64) -> Result<Value, Value> {
    let ids: Vec<i64> = (0..ids).collect();
    let reply = server()
        .call("countCells")
        .args(json!({"how": how, "ids": ids}))
        .send();
    let json = reply.json();
    match reply.status {
        200 => Ok(json["data"].clone()),
        400 => Err(json["error"].clone()),
        status => panic!("{how} of {} ids: {status} {json}", ids.len()),
    }
}

fn a_long_list_of_conditions_is_answered() {
    let rows = json!(fill());
    for how in ["any", "not all", "or", "or before"] {
        for ids in [99, 1000, 5000, 20_000] {
            assert_eq!(count(how, ids), Ok(rows.clone()), "{how} of {ids}");
        }
    }
    for (how, most) in [
        ("pairs", 990),
        ("statement any", 990),
        ("statement or", 300),
    ] {
        for ids in [99, most] {
            assert_eq!(count(how, ids), Ok(rows.clone()), "{how} of {ids}");
        }
    }
    // The tree of `statement or` is the function's own: how deep one may be that it drops is up to its stack.
    for (how, ids) in [
        ("pairs", 20_000),
        ("statement any", 20_000),
        ("statement or", 2000),
    ] {
        let error = count(how, ids).expect_err("it is refused");
        assert_eq!(error["code"], "BAD_REQUEST", "{error}");
        let message = error["message"].as_str().expect("a text");
        let words = match how {
            "statement or" => "100 levels",
            _ => "1000 conditions",
        };
        assert!(message.contains(words), "{how}: {message}");
    }
    assert_eq!(count("any", 1), Ok(json!(1)));
}

fn what_nests_too_deep_is_a_bad_request() {
    let rows = json!(fill());
    for how in ["nested", "sum"] {
        assert_eq!(count(how, 30), Ok(rows.clone()), "{how}");
        for ids in [99, 1000, 20_000] {
            let error = count(how, ids).expect_err("it is refused");
            let message = error["message"].as_str().expect("a text");
            assert!(message.contains("100 levels"), "{how} of {ids}: {message}");
        }
    }
    assert_eq!(count("any", 1), Ok(json!(1)));
}

fn json_that_nests_too_deep_is_a_bad_request() {
    let echo = |levels: usize| {
        let body = format!("{{\"value\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        server()
            .call("echoFree")
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    assert_eq!(echo(100).status, 200);
    for levels in [200, 20_000, 400_000] {
        let reply = echo(levels);
        assert_eq!(reply.status, 400, "{levels}: {:.300}", reply.text());
    }
    assert_eq!(echo(1).json()["data"], json!([]));
}

fn a_nul_means_itself() {
    let rows = fill();
    let delete = |how: &str, text: &str| {
        server()
            .call("deleteCells")
            .args(json!({"how": how, "text": text}))
            .send()
    };
    for how in ["contains", "starts_with", "eq", "is_in"] {
        let reply = delete(how, "\0zz");
        assert_eq!(
            (reply.status, &reply.json()["data"]),
            (200, &json!(0)),
            "{how}"
        );
    }
    for how in ["like", "statement like"] {
        for pattern in ["\0zz", "%\0"] {
            let reply = delete(how, pattern);
            assert_eq!(reply.status, 400, "{how}: {}", reply.text());
            assert!(reply.text().contains("NUL"), "{how}: {}", reply.text());
        }
    }
    // What stands before a NUL is not the text.
    assert_eq!(delete("like", "a").json()["data"], 0);
    // Two rows have `a\0b`, and two a NUL alone.
    assert_eq!(delete("contains", "\0B").json()["data"], 2);
    assert_eq!(delete("starts_with", "\0").json()["data"], 2);
    let kept = server()
        .call("countCells")
        .args(json!({"how": "any", "ids": (0..100).collect::<Vec<i64>>()}))
        .ok();
    assert_eq!(kept, rows - 4);
}

fn names_that_the_builder_makes_meet_no_table() {
    let all = server().call("askQuestion").args(json!({"c0": 7})).ok();
    let all = all.as_array().expect("a list");
    let thirds: Vec<&[Value]> = all.chunks(all.len() / 3).collect();
    assert_eq!(thirds[0].last(), Some(&json!(7)));
    assert_eq!(
        (thirds.len(), thirds[0], thirds[0]),
        (3, thirds[1], thirds[2])
    );
}

fn a_cascade_to_any_name_is_announced() {
    let written = |name: &str| {
        let reply = server().call(name).args(json!({"id": 1})).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        (
            reply.json()["meta"]["written"].clone(),
            reply.json()["meta"]["tables"].clone(),
        )
    };
    // To keep a reference is not to read.
    assert_eq!(written("plant"), (json!(["g0", "g1"]), json!(["g0", "g1"])));
    assert_eq!(written("fell").0, json!(["g0", "g1"]));
}

fn what_a_writing_statement_reads_is_read() {
    fill();
    let session = edgepod_tests::server::unique("reads");
    let mut socket = server().socket(&session);
    let reply = server()
        .call("countIntoCell")
        .args(json!({"id": 1}))
        .session(&session)
        .send();
    assert_eq!(reply.json()["meta"]["tables"], json!(["cells", "q"]));
    assert_eq!(reply.json()["meta"]["written"], json!(["cells"]));
    server().call("askQuestion").args(json!({"c0": 1})).ok();
    socket.stale_of("q");
}
