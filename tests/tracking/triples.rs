//! Topics against the truth, through the wire: a read, a write, and the read again. Where the rows differ, the write has said that
//! it made a topic of the read stale.
//!
//! `EDGEPOD_TRIPLES=10000` asks for more of them, `EDGEPOD_TRIPLES_SEED=7` for others. The engine's own tests draw from more kinds of
//! statements (`topics_tests.rs`), without a host.

use std::collections::BTreeMap;

use edgepod_tests::{cases, server};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::model::number;

cases![a_read_that_would_give_other_rows_is_always_told];

/// Triples, unless `EDGEPOD_TRIPLES` says otherwise.
const TRIPLES: u64 = 400;

/// Calls a function by a number, as a session; the whole reply.
#[track_caller]
fn call(name: &str, draw: i64, session: &str) -> Value {
    let call = server().call(name).args(json!({"draw": draw}));
    call.session(session).send().json()
}

fn topics(list: &Value) -> Vec<&str> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).collect()
}

fn a_read_that_would_give_other_rows_is_always_told() {
    let seed = number("EDGEPOD_TRIPLES_SEED", fastrand::u64(..1 << 32));
    let triples = number("EDGEPOD_TRIPLES", TRIPLES);
    println!("EDGEPOD_TRIPLES_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let mut draw = || rng.i64(0..1 << 50);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for triple in 0..triples {
        let session = server::unique("triple");
        let (reads, writes) = (draw(), draw());
        let before = call("tripleRead", reads, &session);
        let written = call("tripleWrite", writes, &session);
        let after = call("tripleRead", reads, &session);
        let read = topics(&before["meta"]["topics"]);
        assert!(!read.is_empty(), "{before}");
        let stale = topics(&written["meta"]["stale"]);
        let is_told = read.iter().any(|topic| stale.contains(topic));
        let is_other = before["data"] != after["data"];
        assert!(
            is_told || !is_other,
            "triple {triple} of seed {seed} was missed: read {reads}, write {writes}\n{before}\n{written}\n{after}"
        );
        let is_whole = read
            .iter()
            .any(|topic| stale.contains(topic) && !topic.contains('#'));
        let what = match (is_told, is_other) {
            (true, true) => "told of what changed",
            (true, false) if is_whole => "told for nothing: the read depends on the table",
            (true, false) => "told for nothing: of another row, or the write touches the table",
            _ if written.get("error").is_some() => "a write that was refused",
            _ => "not told",
        };
        *counts.entry(what).or_default() += 1;
    }
    println!("{triples} triples, 0 missed: {counts:#?}");
    assert!(counts.contains_key("told of what changed"), "{counts:?}");
}
