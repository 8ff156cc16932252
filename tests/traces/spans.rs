//! What a collector is sent. The native host alone sends it something.

use edgepod_tests::{cases, server, server::is_native, server::unique};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use super::{
    collector::{ALL, Seen, hex},
    other::asked,
    passing::{PARENT, TRACE, path, traceparent},
};

cases![
    a_call_has_a_span_and_each_of_its_statements,
    a_call_is_a_part_of_the_trace_that_its_request_names,
    a_request_that_is_not_recorded_stays_so,
    what_is_no_trace_begins_one,
    a_request_to_another_server_has_a_span_that_it_is_sent,
    an_answer_that_is_a_failure_is_one,
    a_job_has_a_trace_of_its_own,
    an_action_that_is_a_job_sends_its_place,
    what_fails_is_said,
    values_are_not_sent,
    calls_of_a_batch_are_parts_of_one_trace,
    a_route_is_named_after_its_path,
];

/// Calls a function, and gives the name of the call.
pub(crate) fn called(function: &str, args: serde_json::Value) -> String {
    let reply = server().call(function).args(args).send().json();
    name(&reply)
}

fn name(reply: &serde_json::Value) -> String {
    let meta = reply.get("meta").unwrap_or(&reply["error"]);
    let name = meta["trace_id"].as_str();
    name.unwrap_or_else(|| panic!("{reply}")).to_owned()
}

fn kind(seen: &Seen) -> SpanKind {
    seen.span.kind()
}

fn a_call_has_a_span_and_each_of_its_statements() {
    if !is_native() {
        return;
    }
    let text = unique("note");
    let call = ALL.call(&called("addNote", json!({"text": text})));
    assert_eq!(
        (call.span.name.as_str(), kind(&call)),
        ("addNote", SpanKind::Server)
    );
    assert_eq!(call.text("rpc.system.name").as_deref(), Some("edgepod"));
    assert_eq!(call.text("rpc.method").as_deref(), Some("addNote"));
    assert_eq!(call.text("edgepod.kind").as_deref(), Some("function"));
    assert_eq!(call.text("edgepod.pod").as_deref(), Some("global"));
    assert_eq!(call.number("http.response.status_code"), Some(200));
    assert_eq!(call.number("edgepod.rows_written"), Some(1));
    assert!(!call.is_failed() && !call.has("error.type"));
    assert!(call.span.parent_span_id.is_empty());
    assert_eq!(call.resource("service.name").as_deref(), Some("notes"));
    let environment = call.resource("deployment.environment.name");
    assert_eq!(environment.as_deref(), Some("test"));
    assert_eq!(call.tenant, "traces tests");
    let statements = ALL.within(2, &call);
    let names = statements.iter().map(|seen| seen.span.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["INSERT notes", "SELECT notes"]);
    for statement in &statements {
        assert_eq!(kind(statement), SpanKind::Client);
        assert_eq!(statement.text("db.system.name").as_deref(), Some("sqlite"));
        let sql = statement.text("db.query.text").unwrap();
        assert!(sql.contains('?') && !sql.contains(&text), "{sql}");
        assert!(!statement.is_failed());
    }
    assert_eq!(statements[0].number("edgepod.rows_written"), Some(1));
    let returned = statements[1].number("db.response.returned_rows");
    assert_eq!(returned, Some(1));
}

fn a_call_is_a_part_of_the_trace_that_its_request_names() {
    if !is_native() {
        return;
    }
    let reply = server()
        .call("getNotes")
        .header("traceparent", &traceparent("01"))
        .header("tracestate", "rojo=00f067aa0ba902b7")
        .send();
    let call = ALL.call(&name(&reply.json()));
    assert_eq!(call.trace(), TRACE);
    assert_eq!(hex(&call.span.parent_span_id), PARENT);
    assert_eq!(call.span.trace_state, "rojo=00f067aa0ba902b7");
    let [statement] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    assert_eq!(statement.span.name, "SELECT notes");
}

fn a_request_that_is_not_recorded_stays_so() {
    if !is_native() {
        return;
    }
    let reply = server()
        .call("getNotes")
        .header("traceparent", &traceparent("00"))
        .send();
    let unrecorded = name(&reply.json());
    // What comes later is sent later.
    ALL.call(&called("getNotes", json!({})));
    let found = ALL.wait(0, |seen| {
        seen.text("edgepod.trace_id").as_deref() == Some(unrecorded.as_str())
    });
    assert!(found.is_empty(), "{found:#?}");
}

fn what_is_no_trace_begins_one() {
    if !is_native() {
        return;
    }
    let reply = server()
        .call("getNotes")
        .header("traceparent", &format!("00-{TRACE}-{PARENT}-01-more"))
        .send();
    let call = ALL.call(&name(&reply.json()));
    assert!(call.span.parent_span_id.is_empty());
    assert_ne!(call.trace(), TRACE);
}

fn a_request_to_another_server_has_a_span_that_it_is_sent() {
    if !is_native() {
        return;
    }
    let (path, url) = path();
    let call = ALL.call(&called("ask", json!({"url": url, "own": null})));
    let [request] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    assert_eq!(
        (request.span.name.as_str(), kind(request)),
        ("GET", SpanKind::Client)
    );
    assert_eq!(
        request.text("url.full").as_deref(),
        url.split('?').next(),
        "what follows the ? may be a secret"
    );
    assert_eq!(request.text("server.address").as_deref(), Some("127.0.0.1"));
    assert_eq!(request.number("http.response.status_code"), Some(200));
    let sent = asked(&path);
    let expected = format!("00-{}-{}-01", request.trace(), request.id());
    assert_eq!(sent.all("traceparent"), [expected]);
}

fn an_answer_that_is_a_failure_is_one() {
    if !is_native() {
        return;
    }
    let url = path().1.replace("/200", "/503");
    let call = ALL.call(&called("ask", json!({"url": url, "own": null})));
    let [request] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    assert_eq!(request.text("error.type").as_deref(), Some("503"));
    assert!(request.is_failed() && !call.is_failed());
    let nobody = json!({"url": "http://127.0.0.1:1/", "own": null});
    let call = ALL.call(&called("ask", nobody));
    let [request] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    assert_eq!(request.text("error.type").as_deref(), Some("no_answer"));
    assert!(request.is_failed() && call.is_failed());
    assert_eq!(call.text("error.type").as_deref(), Some("UNAVAILABLE"));
}

fn a_job_has_a_trace_of_its_own() {
    if !is_native() {
        return;
    }
    let reply = server()
        .call("addLater")
        .args(json!({"text": unique("later")}))
        .send()
        .json();
    let asker = ALL.call(&name(&reply));
    let id = reply["data"].to_string().trim_matches('"').to_owned();
    let job = ALL.call(&format!("job-{id}-1"));
    assert_eq!(
        (job.span.name.as_str(), kind(&job)),
        ("addNote", SpanKind::Consumer)
    );
    assert_eq!(job.text("edgepod.job.id"), Some(id));
    assert_eq!(job.number("edgepod.job.attempt"), Some(1));
    assert!(job.span.parent_span_id.is_empty());
    assert_ne!(job.span.trace_id, asker.span.trace_id);
    let names = ALL.within(2, &job);
    let names = names.iter().map(|seen| seen.span.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["INSERT notes", "SELECT notes"]);
}

fn an_action_that_is_a_job_sends_its_place() {
    if !is_native() {
        return;
    }
    let (path, url) = path();
    let reply = server().call("askLater").args(json!({"url": url})).send();
    let id = reply.json()["data"]
        .to_string()
        .trim_matches('"')
        .to_owned();
    let job = ALL.call(&format!("job-{id}-1"));
    let [request] = &ALL.within(1, &job)[..] else {
        unreachable!()
    };
    let expected = format!("00-{}-{}-01", request.trace(), request.id());
    assert_eq!(asked(&path).all("traceparent"), [expected]);
}

fn what_fails_is_said() {
    if !is_native() {
        return;
    }
    let text = json!({"text": unique("twice")});
    called("addNote", text.clone());
    let call = ALL.call(&called("addNote", text));
    let [insert] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    assert!(insert.is_failed() && insert.has("error.type"));
    // Whoever asked for it twice is at fault.
    assert!(call.has("error.type") && !call.is_failed());
    let call = ALL.call(&called("fail", json!({})));
    assert_eq!(call.text("error.type").as_deref(), Some("INTERNAL"));
    assert_eq!(call.number("http.response.status_code"), Some(500));
    assert!(call.is_failed());
}

fn values_are_not_sent() {
    if !is_native() {
        return;
    }
    let call = ALL.call(&called("lookUp", json!({})));
    let [select] = &ALL.within(1, &call)[..] else {
        unreachable!()
    };
    let sql = select.text("db.query.text");
    assert_eq!(sql.as_deref(), Some("SELECT ? FROM notes WHERE text = ?"));
}

fn calls_of_a_batch_are_parts_of_one_trace() {
    if !is_native() {
        return;
    }
    let trace = "1234567890abcdef1234567890abcdef";
    let body = json!({"calls": [{"name": "getNotes"}, {"name": "getNotes"}]});
    let reply = server()
        .request("POST", "/rpc")
        .header("traceparent", &format!("00-{trace}-{PARENT}-01"))
        .body(body.to_string())
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let calls = ALL.wait(2, |seen| {
        seen.trace() == trace && seen.span.name == "getNotes"
    });
    assert_eq!(calls.len(), 2);
    assert_ne!(calls[0].id(), calls[1].id());
    for call in &calls {
        assert_eq!(hex(&call.span.parent_span_id), PARENT);
    }
}

fn a_route_is_named_after_its_path() {
    if !is_native() {
        return;
    }
    let trace = "abcdef1234567890abcdef1234567890";
    server()
        .request("GET", "/notes/7")
        .header("traceparent", &format!("00-{trace}-{PARENT}-01"))
        .send();
    let route = ALL.one(|seen| seen.trace() == trace && seen.has("http.route"));
    assert_eq!(route.span.name, "GET /notes/:id");
    assert_eq!(route.text("http.route").as_deref(), Some("/notes/:id"));
    assert_eq!(route.text("http.request.method").as_deref(), Some("GET"));
    assert!(!route.has("rpc.method"));
}
