//! What the log says, with `EDGEPOD_LOG=debug`.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    an_event_of_tracing_has_its_call_and_its_level,
    a_call_is_one_line,
    what_a_refused_call_answered_is_in_its_line,
    an_action_keeps_its_trace_id_over_an_await,
    the_cause_of_an_error_is_in_the_log_only,
];

/// The line of the log with these words, as (level, rest). On Workers it is a JSON object, natively a text.
#[track_caller]
fn line(words: &[&str]) -> (String, String) {
    let line = server().log_line(words);
    let line = line
        .split_once(" | ")
        .map_or(line.as_str(), |(_, line)| line);
    match line.find('{').map(|at| serde_json::from_str(&line[at..])) {
        Some(Ok(Value::Object(record))) => {
            let level = record["level"].as_str().expect("a level").to_owned();
            (level, Value::Object(record).to_string())
        }
        _ => {
            let (level, rest) = line.trim_start().split_once(' ').expect("a level");
            (level.to_lowercase(), rest.to_owned())
        }
    }
}

/// Calls a function; the trace id.
#[track_caller]
fn call(name: &str, args: Value) -> String {
    let reply = server().call(name).args(args).send().json();
    let trace_id = &reply["meta"]["trace_id"];
    trace_id.as_str().expect("a trace id").to_owned()
}

fn an_event_of_tracing_has_its_call_and_its_level() {
    let name = server::unique("visitor");
    let trace = call("visit", json!({"name": name}));
    let of_call = [name.as_str(), trace.as_str(), "visit"];
    let find = |words: &str| line(&[&of_call[..], &[words]].concat());
    let (level, rest) = find("a debug event");
    assert_eq!(level, "debug", "{rest}");
    assert!(
        rest.contains("times=3") || rest.contains(r#""times":3"#),
        "{rest}"
    );
    let (level, rest) = find("an info event");
    assert_eq!(level, "info", "{rest}");
    assert!(
        rest.contains(r"one\ntwo"),
        "a line break is none in the log: {rest}"
    );
    let (level, rest) = find("a debug line");
    assert_eq!(level, "debug", "{rest}");
    // What is below the level is not written, and would have come before.
    let log = server().log();
    assert!(!log.contains("a trace"), "{log}");
}

fn a_call_is_one_line() {
    let trace = call("visit", json!({"name": server::unique("visitor")}));
    let (level, rest) = line(&[&trace, "answered"]);
    assert_eq!(level, "info", "{rest}");
    let has = |name: &str, value: &str| {
        let (text, json) = (format!("{name}={value}"), format!("\"{name}\":{value}"));
        assert!(rest.contains(&text) || rest.contains(&json), "{rest}");
    };
    has("kind", "\"function\"");
    has("status", "200");
    has("duration_ms", "");
    has("rows_read", "2");
    // A Durable Object counts what it is paid for: the entries of indexes, too.
    has("rows_written", "");
    assert!(
        !rest.contains("rows_written=0") && !rest.contains(r#""rows_written":0"#),
        "{rest}"
    );
    // A build for development says of which topics, in words.
    has("writes", "[\"");
    let log = server().log();
    let lines = log
        .lines()
        .filter(|line| line.contains(&trace) && line.contains("answered"));
    assert_eq!(lines.count(), 1);
}

fn what_a_refused_call_answered_is_in_its_line() {
    let error = server()
        .call("book")
        .args(json!({"seat": "none"}))
        .error(404);
    let trace = error["trace_id"].as_str().expect("a trace id");
    let (level, rest) = line(&[trace, "answered", "book", "404", "NOT_FOUND"]);
    assert_eq!(level, "info", "{rest}");
}

fn an_action_keeps_its_trace_id_over_an_await() {
    let names = [server::unique("guest"), server::unique("guest")];
    // Two at once: each has its own.
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || {
                let trace = call("linger", json!({"name": name}));
                for words in ["comes", "leaves"] {
                    let said = format!("{name} {words}");
                    let (level, rest) = line(&[&said]);
                    assert_eq!(level, "info");
                    assert!(rest.contains(&trace) && rest.contains("linger"), "{rest}");
                }
            });
        }
    });
}

fn the_cause_of_an_error_is_in_the_log_only() {
    let error = server()
        .call("book")
        .args(json!({"seat": "secret"}))
        .error(503);
    assert!(!error.to_string().contains("digit"), "{error}");
    let trace = error["trace_id"].as_str().expect("a trace id");
    let (level, rest) = line(&[trace, "book", "Caused by: invalid digit"]);
    assert_eq!(level, "error", "{rest}");
}
