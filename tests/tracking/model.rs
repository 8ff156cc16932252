//! Random functions that succeed, fail, panic or wait, against a model that knows of the successful ones only.

use std::{collections::BTreeSet, time::Duration};

use edgepod_tests::{Heard, PATIENCE, cases, server};
use serde_json::{Value, json};

cases![the_database_and_the_signals_are_those_of_the_successful_calls];

/// Calls, unless `EDGEPOD_FAULT_CALLS` says otherwise.
const CALLS: u64 = 150;

fn the_database_and_the_signals_are_those_of_the_successful_calls() {
    let seed = number("EDGEPOD_FAULT_SEED", 1);
    let mut rng = fastrand::Rng::with_seed(seed);
    let session = server::unique("model");
    let mut socket = server().socket(&session);
    let mut model: [Vec<i64>; 2] = numbers(&session);
    let mut next = 1 + model.iter().flatten().max().copied().unwrap_or(0);
    for call in 0..number("EDGEPOD_FAULT_CALLS", CALLS) {
        let mut changed = model.clone();
        let mut written = BTreeSet::new();
        let mut steps = Vec::new();
        for _ in 0..rng.usize(..5) {
            let list = rng.usize(..2);
            let value = match rng.u8(..3) {
                // Something that is there, and something that is not.
                0 => -rng.choice(&changed[list]).copied().unwrap_or(1_000_000),
                1 if rng.bool() => -1_000_000,
                _ => {
                    next += 1;
                    next
                }
            };
            let before = changed[list].len();
            if value > 0 {
                changed[list].push(value);
            } else {
                changed[list].retain(|there| *there != -value);
            }
            if changed[list].len() != before {
                written.insert(["ones", "twos"][list].to_owned());
            }
            steps.push(json!([list + 1, value]));
        }
        let (name, ends): (_, &[_]) = if rng.u8(..3) == 0 {
            ("act", &["ok", "ok", "fail", "panic", "nest"])
        } else {
            ("change", &["ok", "ok", "ok", "fail", "panic", "wait"])
        };
        let end = *rng.choice(ends).expect("some ends");
        let told = format!("seed {seed}, call {call}: {name} {steps:?}, {end}");
        let reply = server()
            .call(name)
            .args(json!({"steps": steps, "end": end}))
            .send();
        let status = match end {
            "ok" => 200,
            "fail" => 400,
            _ => 500,
        };
        assert_eq!(reply.status, status, "{told}: {}", reply.text());
        if end == "ok" {
            model = changed;
        } else {
            written.clear();
        }
        assert_eq!(heard(&mut socket, &written), written, "{told}");
        // It reads again, and so hears of the next change.
        assert_eq!(numbers(&session), model, "{told}");
    }
    socket.assert_silent();
    socket.ping();
}

/// A number that the environment may choose.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The tables that are announced: waits for those that should be, and a little for those that should not.
pub(crate) fn heard(
    socket: &mut edgepod_tests::Socket,
    expected: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut heard = BTreeSet::new();
    loop {
        let patience = if heard.is_superset(expected) {
            Duration::from_millis(10)
        } else {
            PATIENCE
        };
        match socket.next_within(patience) {
            None => return heard,
            Some(Heard::Text(text)) => {
                let message: Value = serde_json::from_str(&text).expect("a signal is JSON");
                for table in message["tables"].as_array().expect("tables") {
                    heard.insert(table.as_str().expect("a name").to_owned());
                }
            }
            Some(other) => panic!("{other:?}"),
        }
    }
}

fn numbers(session: &str) -> [Vec<i64>; 2] {
    let data = server().call("getNumbers").session(session).ok();
    [0, 1].map(|list| {
        let mut numbers: Vec<i64> = data[list]
            .as_array()
            .expect("a list")
            .iter()
            .map(|n| n.as_i64().expect("a number"))
            .collect();
        numbers.sort_unstable();
        numbers
    })
}
