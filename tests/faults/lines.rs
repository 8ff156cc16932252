//! The log of a statement that SQLite refuses names the line of the app that runs it, on every host.

use edgepod_tests::{cases, server};
use serde_json::json;

cases![the_log_names_the_line_of_a_statement_that_failed];

fn the_log_names_the_line_of_a_statement_that_failed() {
    let source = include_str!("../apps/faults/src/lines.rs");
    for way in ["text", "built", "kept", "parts", "helper"] {
        let mark = format!("// line of {way}");
        let at = source.lines().position(|line| line.ends_with(&mark));
        let at = at.expect("the line is marked") + 1;
        let call = server().call("failByStatement");
        let error = call.args(json!({ "way": way })).error(500);
        assert!(!error.to_string().contains("src/"), "{error}");
        let trace = error["trace_id"].as_str().expect("a trace id");
        let words = match way {
            "built" => "no such function: nowhere",
            "kept" | "parts" => "no such table: notes",
            _ => "no such table: nowhere",
        };
        let place = format!("(at tests/apps/faults/src/lines.rs:{at}:");
        server().log_line(&[trace, words, &place]);
    }
}
