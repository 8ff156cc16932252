//! The trace that a request says it is a part of, and what others are told of it.

use edgepod_tests::{cases, server, server::is_native, server::unique};
use serde_json::json;

use super::other::{OTHER, asked};

cases![
    a_trace_is_passed_on,
    what_is_no_trace_is_not,
    an_app_may_say_another,
    the_log_names_the_trace,
    a_reply_names_the_call_as_ever,
];

pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub(crate) const PARENT: &str = "b7ad6b7169203331";

pub(crate) fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

/// A path that nobody else asks for, and its address.
pub(crate) fn path() -> (String, String) {
    let path = format!("/200?{}", unique("asked"));
    let url = format!("{}{path}", *OTHER);
    (path, url)
}

fn a_trace_is_passed_on() {
    for flags in ["01", "00"] {
        let (path, url) = path();
        let answer = server()
            .call("ask")
            .header("traceparent", &traceparent(flags))
            .header("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
            .args(json!({"url": url, "own": null}))
            .ok();
        assert_eq!(answer, json!(200));
        let came = asked(&path);
        let [parent] = came.all("traceparent")[..] else {
            panic!("{:?}", came.all("traceparent"));
        };
        let start = format!("00-{TRACE}-");
        assert!(parent.starts_with(&start), "{parent}");
        assert!(parent.ends_with(&format!("-{flags}")), "{parent}");
        // Where somebody records it, the request has a place of its own.
        assert_eq!(parent.contains(PARENT), !is_native(), "{parent}");
        assert_eq!(
            came.all("tracestate"),
            ["congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"]
        );
    }
}

fn what_is_no_trace_is_not() {
    let zero = "0".repeat(32);
    for wrong in [
        String::new(),
        "nonsense".to_owned(),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{zero}-{PARENT}-01"),
        format!("00-{TRACE}-{}-01", &zero[..16]),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
    ] {
        let (path, url) = path();
        let answer = server()
            .call("ask")
            .header("traceparent", &wrong)
            .header("tracestate", "rojo=00f067aa0ba902b7")
            .args(json!({"url": url, "own": null}))
            .ok();
        assert_eq!(answer, json!(200));
        let came = asked(&path);
        let parents = came.all("traceparent");
        assert!(
            parents.iter().all(|parent| !parent.contains(TRACE)),
            "{wrong}: {parents:?}"
        );
        // Natively it is recorded, as a trace of its own.
        assert_eq!(parents.len(), usize::from(is_native()), "{wrong}");
        assert!(came.all("tracestate").is_empty(), "{wrong}");
    }
}

fn an_app_may_say_another() {
    let own = format!("00-{}-{PARENT}-01", "12".repeat(16));
    let (path, url) = path();
    server()
        .call("ask")
        .header("traceparent", &traceparent("01"))
        .header("tracestate", "rojo=00f067aa0ba902b7")
        .args(json!({"url": url, "own": own}))
        .ok();
    let came = asked(&path);
    assert_eq!(came.all("traceparent"), [&own]);
    assert!(came.all("tracestate").is_empty());
}

fn the_log_names_the_trace() {
    let trace = format!("{:032x}", u128::from_str_radix(TRACE, 16).unwrap() + 1);
    server()
        .call("getNotes")
        .header("traceparent", &format!("00-{trace}-{PARENT}-01"))
        .ok();
    server().log_line(&["getNotes", "answered", &trace]);
}

fn a_reply_names_the_call_as_ever() {
    let reply = server()
        .call("getNotes")
        .header("traceparent", &traceparent("01"))
        .send()
        .json();
    let name = reply["meta"]["trace_id"].as_str().unwrap();
    assert!(name.len() == 16 && !TRACE.contains(name), "{name}");
}
