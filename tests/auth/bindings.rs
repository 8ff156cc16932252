//! What the wrangler configuration binds, in `edgepod dev`. (KV, R2 and queues, under wrangler: edgepod-cli/tests/wrangler.rs.)

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    variables_and_the_worker_itself_are_bound,
    what_is_not_bound_is_said_at_the_start_and_where_it_is_used,
];

fn is_workerd() -> bool {
    std::env::var("EDGEPOD_TEST_HOST").is_ok_and(|host| host == "workerd")
}

fn variables_and_the_worker_itself_are_bound() {
    if is_workerd() {
        server().call("visit").args(json!({"name": "ada"})).ok();
        let said = server().call("askBindings").ok();
        let visits: Value = server().call("countVisits").ok();
        assert_eq!(said, json!(["hello", 3, visits]));
    } else {
        let error = server().call("askBindings").error(503);
        assert_eq!(
            error["message"],
            "hello, but there are no other bindings here."
        );
    }
}

fn what_is_not_bound_is_said_at_the_start_and_where_it_is_used() {
    if !is_workerd() {
        server().call("keep").args(json!({"text": "x"})).error(503);
        let log = server().log();
        assert!(!log.contains("kv_namespaces"), "{log}");
        return;
    }
    for (binding, kind) in [
        ("`CACHE`", "kv_namespaces"),
        ("`FILES`", "r2_buckets"),
        ("`JOBS`", "queues"),
    ] {
        server().log_line(&[binding, kind, "not there in `edgepod dev`", "wrangler dev"]);
    }
    let error = server().call("keep").args(json!({"text": "x"})).error(500);
    assert_eq!(error["code"], "INTERNAL");
    assert!(!error.to_string().contains("CACHE"), "{error}");
    let trace = error["trace_id"].as_str().expect("a trace id");
    server().log_line(&[trace, "keep", "CACHE"]);
}
