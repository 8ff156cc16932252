//! Kept answers: given again while nothing has changed that they were made of, and never longer.

use std::thread;

use edgepod_tests::{Heard, PATIENCE, cases, server};
use fastrand::Rng;
use serde_json::{Value, json};

cases![
    an_answer_is_given_again_byte_for_byte,
    a_write_drops_the_answers_that_it_touches_and_no_others,
    what_reads_more_than_rows_is_not_kept,
    functions_of_sql_that_vary_are_seen,
    middleware_runs_every_time,
    keep_false_is_computed_every_time,
    an_error_is_not_kept,
    what_is_rolled_back_drops_nothing,
    a_batch_is_answered_from_what_is_kept,
    an_answer_that_is_given_again_subscribes,
    what_another_process_writes_is_seen,
    kept_is_computed_in_random_histories,
    an_answer_that_is_not_dropped_is_found,
    kept_is_computed_while_others_write,
];

fn seed() -> u64 {
    let set = std::env::var("EDGEPOD_KEPT_SEED").ok();
    set.map_or_else(
        || fastrand::u64(..),
        |set| set.parse().expect("a seed is a number"),
    )
}

/// How many steps a random history has.
fn steps() -> usize {
    let set = std::env::var("EDGEPOD_KEPT_STEPS").ok();
    set.map_or(300, |set| set.parse().expect("steps are a number"))
}

/// A place in the tables that no other case uses.
fn place() -> i64 {
    static NEXT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1_000_000);
    NEXT.fetch_add(1_000, std::sync::atomic::Ordering::SeqCst)
}

#[track_caller]
fn write(steps: Value) {
    let args = json!({"steps": steps, "fail": false});
    server().call("writeKept").args(args).ok();
}

#[track_caller]
fn ask(name: &str, args: &Value) -> Value {
    let reply = server().call(name).args(args.clone()).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[track_caller]
fn question(question: &str, at: i64) -> Value {
    ask("askKept", &json!({"question": question, "at": at}))
}

fn is_cached(reply: &Value) -> bool {
    reply["meta"]["cached"] == json!(true)
}

/// Asks twice: whether the second answer is a kept one.
#[track_caller]
fn is_kept(name: &str, args: &Value) -> bool {
    let first = ask(name, args);
    assert_eq!(first["meta"].get("cached"), None, "{first}");
    is_cached(&ask(name, args))
}

fn an_answer_is_given_again_byte_for_byte() {
    let room = place();
    write(json!([
        ["room", room, 3],
        ["note", room, room],
        ["note", room + 1, room]
    ]));
    let text = |expected: bool| {
        let call = server().call("askKept");
        let reply = call.args(json!({"question": "room", "at": room})).send();
        let json = reply.json();
        assert_eq!(is_cached(&json), expected, "{json}");
        let trace = json["meta"]["trace_id"]
            .as_str()
            .expect("a trace")
            .to_owned();
        let text = reply.text().replace(&trace, "");
        text.replace(",\"cached\":true", "")
    };
    let first = text(false);
    for _ in 0..5 {
        assert_eq!(text(true), first);
    }
    let other = question("room", room + 500);
    assert!(
        !is_cached(&other),
        "other arguments are another question: {other}"
    );
}

fn a_write_drops_the_answers_that_it_touches_and_no_others() {
    let (one, two) = (place(), place());
    write(json!([
        ["room", one, 1],
        ["room", two, 1],
        ["new", one, one],
        ["new", two, two]
    ]));
    let cached = |name: &str, at: i64| is_cached(&question(name, at));
    let ask_all = || {
        [
            cached("room", one),
            cached("room", two),
            cached("joined", two),
            cached("note", two),
        ]
    };
    ask_all();
    assert_eq!(ask_all(), [true; 4]);
    write(json!([["other", 1, 0]]));
    assert_eq!(ask_all(), [true; 4], "a table that none of them reads");
    write(json!([["new", one + 1, one]]));
    assert_eq!(
        ask_all(),
        [false, true, true, true],
        "a note in the first room"
    );
    write(json!([["move", one + 1, two]]));
    assert_eq!(
        ask_all(),
        [false, false, false, true],
        "it moves to the second"
    );
    write(json!([["room", two, 2]]));
    assert_eq!(
        ask_all(),
        [true, true, false, true],
        "the second room's name"
    );
    write(json!([["raw", two, 7]]));
    assert_eq!(ask_all(), [false; 4], "nobody knows what was written");
    assert_eq!(question("note", two)["data"][2], 7);
    write(json!([["close", two, 0]]));
    let now = ask_all();
    assert!(
        !now[1] && !now[2] && !now[3],
        "its notes went with the room: {now:?}"
    );
    assert_eq!(question("room", two)["data"], json!([]));
}

fn what_reads_more_than_rows_is_not_kept() {
    assert!(is_kept("askBeside", &json!({"what": "rows"})));
    for what in [
        "user",
        "user as",
        "header",
        "address",
        "variable",
        "token",
        "clock",
        "session",
        "handed over",
        "hands on",
    ] {
        assert!(!is_kept("askBeside", &json!({"what": what})), "{what}");
    }
}

fn functions_of_sql_that_vary_are_seen() {
    assert!(is_kept("askBeside", &json!({"what": "pi"})));
    for function in [
        "random",
        "datetime",
        "date",
        "time",
        "julianday",
        "unixepoch",
        "changes",
        "total_changes",
        "last_insert_rowid",
    ] {
        assert!(
            !is_kept("askBeside", &json!({"what": function})),
            "{function}"
        );
    }
}

fn middleware_runs_every_time() {
    let args = json!({"what": "rows"});
    ask("askBeside", &args);
    let runs = || {
        let reply = ask("askBeside", &args);
        (
            is_cached(&reply),
            reply["data"][0].as_i64().expect("a count"),
        )
    };
    let (first, second) = (runs(), runs());
    assert!(first.0 && second.0, "{first:?} {second:?}");
    assert!(second.1 > first.1, "{first:?} {second:?}");
    server()
        .call("askBeside")
        .args(json!({"what": "refused"}))
        .error(403);
}

fn keep_false_is_computed_every_time() {
    let args = json!({"question": "room", "at": place()});
    assert!(!is_kept("askComputed", &args));
    assert!(is_kept("askKept", &args));
}

fn an_error_is_not_kept() {
    let room = place();
    let call = || server().call("roomName").args(json!({"id": room}));
    call().error(404);
    call().error(404);
    write(json!([["room", room, 4]]));
    assert_eq!(call().ok(), "xxxx");
}

fn what_is_rolled_back_drops_nothing() {
    let room = place();
    write(json!([["room", room, 1], ["note", room, room]]));
    question("room", room);
    let steps = json!([["note", room + 1, room], ["raw", room, 9]]);
    let call = server().call("writeKept");
    call.args(json!({"steps": steps, "fail": true})).error(409);
    let after = question("room", room);
    assert!(is_cached(&after), "{after}");
    assert_eq!(after["data"], json!([room, room, 0]));
}

fn a_batch_is_answered_from_what_is_kept() {
    let room = place();
    let call = json!({"name": "askKept", "args": {"question": "room", "at": room}});
    let reply = server()
        .request("POST", "/rpc")
        .args(json!({"calls": [call, call]}))
        .send()
        .json();
    let cached = |at: usize| is_cached(&reply["results"][at]);
    assert_eq!([cached(0), cached(1)], [false, true], "{reply}");
}

fn an_answer_that_is_given_again_subscribes() {
    let room = place();
    write(json!([["room", room, 1]]));
    question("room", room);
    let session = server::unique("kept");
    let mut socket = server().socket(&session);
    let call = server().call("askKept").session(&session);
    let reply = call
        .args(json!({"question": "room", "at": room}))
        .send()
        .json();
    assert!(is_cached(&reply), "{reply}");
    write(json!([["note", room, room]]));
    match socket.next_within(PATIENCE) {
        Some(Heard::Text(text)) => {
            let signal: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(signal["type"], "stale", "{signal}");
            assert_eq!(
                signal["topics"], reply["meta"]["topics"],
                "{signal} after {reply}"
            );
        }
        other => panic!("a signal was expected, and this came: {other:?}"),
    }
}

fn what_another_process_writes_is_seen() {
    if !server::is_native() {
        // Nobody else has an object's database.
        return;
    }
    let (room, other) = (place(), place());
    write(json!([
        ["room", room, 1],
        ["new", room, room],
        ["new", other, room]
    ]));
    question("note", room);
    assert!(is_cached(&question("note", room)));
    let log = server().log();
    let mut lines = log
        .lines()
        .filter_map(|line| line.trim().strip_prefix("database "));
    let path = lines.next().expect("the log names the database");
    let sqlite = rusqlite::Connection::open(path).expect("the server's database");
    let update = "UPDATE kept_notes SET likes = 77 WHERE id = ?";
    assert_eq!(sqlite.execute(update, [room]), Ok(1));
    let after = question("note", room);
    assert!(!is_cached(&after), "{after}");
    assert_eq!(after["data"][2], 77, "{after}");
    assert!(is_cached(&question("note", room)), "it is kept again");
}

const QUESTIONS: [&str; 10] = [
    "room", "rooms", "note", "liked", "count", "exists", "author", "joined", "page", "text",
];

fn random_write(random: &mut Rng, start: i64) -> Value {
    let count = random.usize(1..4);
    let mut step = || {
        let (room, note) = (start + random.i64(0..4), start + random.i64(0..12));
        let number = random.i64(0..5);
        match random.u8(0..12) {
            0 | 1 => json!(["room", room, number]),
            2 => json!(["note", note, room]),
            3 | 4 => json!(["new", note, room]),
            5 => json!(["move", note, room]),
            6 => json!(["like", room, number]),
            7 => json!(["rewrite", number, note]),
            8 => json!(["take", note, 0]),
            9 if number == 0 => json!(["close", room, 0]),
            9 => json!(["notes", start, room]),
            10 if number == 0 => json!(["raw", note, number]),
            _ => json!(["other", number, 0]),
        }
    };
    let steps: Vec<Value> = (0..count).map(|_| step()).collect();
    json!(steps)
}

/// Compares what is kept with what is computed, after each of a history's writes; how many answers were given again, and the
/// first that differed.
fn history(seed: u64, steps: usize, kept: &str, computed: &str) -> (usize, Option<String>) {
    let mut random = Rng::with_seed(seed);
    let start = place();
    for room in 0..4 {
        write(json!([["room", start + room, 1]]));
    }
    let mut hits = 0;
    for step in 0..steps {
        let written = random_write(&mut random, start);
        let fail = random.u8(0..8) == 0;
        // A room that is closed has no notes to come: such a write fails as one that is told to.
        let call = server().call("writeKept");
        let reply = call.args(json!({"steps": written, "fail": fail})).send();
        assert!([200, 400, 409].contains(&reply.status), "{}", reply.text());
        let mut calls = Vec::new();
        for _ in 0..6 {
            let question = QUESTIONS[random.usize(..QUESTIONS.len())];
            let at = match question {
                "liked" => random.i64(0..5),
                _ => start + random.i64(0..5),
            };
            let args = json!({"question": question, "at": at});
            let args = match kept {
                "askUnseen" => json!({"at": 0}),
                _ => args,
            };
            calls.push(json!({"name": kept, "args": args}));
            calls.push(json!({"name": computed, "args": args}));
        }
        let reply = server()
            .request("POST", "/rpc")
            .args(json!({"calls": calls}))
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let reply = reply.json();
        let results = reply["results"].as_array().expect("results");
        for (pair, call) in results.chunks(2).zip(calls.chunks(2)) {
            assert_eq!(pair[0]["status"], 200, "{}", pair[0]);
            hits += usize::from(is_cached(&pair[0]));
            if pair[0]["data"] != pair[1]["data"]
                || pair[0]["meta"]["topics"] != pair[1]["meta"]["topics"]
            {
                let what = format!(
                    "EDGEPOD_KEPT_SEED={seed}, step {step}: after {written} ({}) {} is {} and not {}",
                    if fail { "failed" } else { "done" },
                    call[0],
                    pair[0],
                    pair[1]
                );
                return (hits, Some(what));
            }
        }
    }
    (hits, None)
}

fn kept_is_computed_in_random_histories() {
    let (seed, steps) = (seed(), steps());
    let (hits, wrong) = history(seed, steps, "askKept", "askComputed");
    assert_eq!(wrong, None);
    println!(
        "seed {seed}: {steps} writes, {hits} of {} answers were kept",
        steps * 6
    );
    assert!(hits > steps / 4, "hardly anything was kept: {hits}");
}

fn an_answer_that_is_not_dropped_is_found() {
    let (_, wrong) = history(seed(), steps(), "askUnseen", "askUnseenComputed");
    assert!(
        wrong.is_some(),
        "an answer that reads a static was kept, and nobody saw it"
    );
}

fn kept_is_computed_while_others_write() {
    let seed = seed();
    // A Worker's object does one thing at a time; there are threads natively.
    let threads = if server::is_native() { 4 } else { 2 };
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let (_, wrong) = history(seed ^ thread, steps() / 3, "askKept", "askComputed");
                assert_eq!(wrong, None);
            });
        }
    });
}
