//! What is written here is read by `crossing.mjs`, and the other way round: both are held to the same texts,
//! `tests/crossing.json`.

use serde_json::{Value as Json, json};

use super::*;
use crate::{
    Error,
    engine::{Chain, FunctionDef, LocationHint, Work},
};

fn cases(of: &str) -> Vec<Json> {
    let cases: Json = serde_json::from_str(include_str!("tests/crossing.json")).expect("JSON");
    let cases = cases[of].as_array().expect("a list").clone();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(case: &'a Json, member: &str) -> &'a str {
    case[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {case}"))
}

#[test]
fn a_call_is_written_and_read() {
    for case in cases("decisions") {
        let message = Message::read(text(&case, "message"));
        assert_eq!(message.headers, text(&case, "headers"));
        assert_eq!(message.args, text(&case, "args"));

        let decision = text(&case, "decision");
        let kind = decision.chars().next().expect("a kind");
        let session = message.session.map(str::to_owned);
        let pod = decision.lines().next().map_or("", |line| &line[1..]);
        let mut written = write_call(
            kind,
            pod,
            message.name,
            &session,
            message.trace_id,
            &message.user(),
        );
        if kind == 'G' {
            written.push('\n');
            written.push_str(message.args);
        }
        assert_eq!(written, decision);
        assert!(text(&case, "message").starts_with(VERSION));
    }
}

#[test]
fn a_pod_is_written_with_the_place_where_it_is_best_made() {
    for case in cases("pods") {
        let mut pod = PodName::new(text(&case, "name")).expect("a name");
        if let Some(near) = case["near"].as_str() {
            let hint = LocationHint::ALL
                .into_iter()
                .find(|hint| hint.as_str() == near);
            pod = pod.near(hint.expect("a hint"));
        }
        assert_eq!(write_pod(Some(&pod)), text(&case, "text"));
    }
    assert_eq!(write_pod(None), "global");
}

#[test]
fn a_call_from_another_pod_is_written_and_read() {
    static DEFINITION: FunctionDef = FunctionDef {
        name: "takeNote",
        rust_name: "take_note",
        location: ("lib.rs", 1),
        internal: true,
        runner: None,
        work: Work::Query(Chain {
            keep: true,
            steps: &[],
            handler: |_, _| unreachable!(),
        }),
    };
    for key in [None, Some("a1b2".to_owned())] {
        let call = PodCall {
            pod: PodName::new("globex").unwrap(),
            function: &DEFINITION,
            args: "{\"text\":\n1}".to_owned(),
            user: serde_json::from_str(r#"{"sub":"ada"}"#).unwrap(),
            trace_id: "0123456789abcdef".to_owned(),
            origin: Origin {
                pod: "a/b".to_owned(),
                depth: 2,
                key,
            },
            headers: String::new(),
        };
        let text = write_pod_call(&call);
        assert!(text.starts_with("2I\n"), "{text}");
        let message = Message::read(&text);
        assert_eq!((message.name, message.session), ("takeNote", None));
        assert_eq!((message.args, message.headers), (&*call.args, "{}"));
        assert_eq!(message.origin.as_ref(), Some(&call.origin));
        assert_eq!(message.user().unwrap().subject(), Some("ada"));
    }
}

#[test]
fn a_call_by_the_admin_is_read() {
    for case in cases("adminCalls") {
        let message = Message::read(text(&case, "message"));
        assert_eq!(message.name, text(&case, "name"));
        assert_eq!(
            (message.trace_id, message.headers),
            (text(&case, "trace"), "{}")
        );
        assert_eq!(message.args, text(&case, "args"));
        let origin = Origin::admin(text(&case, "key").to_owned());
        assert_eq!(message.origin, Some(origin));
        assert!(message.session.is_none() && message.user().is_none());
    }
}

#[test]
fn a_message_that_breaks_off_is_read_as_far_as_it_goes() {
    for broken in ["", "2", "2C", "2C\n", "2C\nname"] {
        let message = Message::read(broken);
        assert_eq!((message.session, message.args), (None, ""));
        assert!(message.user().is_none());
    }
}

#[test]
fn an_outcome_is_written() {
    for case in cases("outcomes") {
        let outcome = Outcome {
            status: case["status"].as_u64().expect("a status") as u16,
            body: text(&case, "body").to_owned(),
            retry_after: text(&case, "retryAfter").parse().ok(),
            raw: None,
        };
        assert_eq!(write_outcome(&outcome), text(&case, "text"));
    }
}

#[test]
fn a_head_is_read() {
    for case in cases("heads") {
        let head = read_head(text(&case, "text"));
        assert_eq!(head.method, text(&case, "method"));
        assert_eq!(head.path, text(&case, "path"));
        assert_eq!(head.query, text(&case, "query"));
        let headers = &case["headers"];
        for (name, value) in [
            ("x-edgepod-key", head.key),
            ("authorization", head.authorization),
            ("x-edgepod-session-id", head.session),
            ("x-edgepod-reactive", head.reactive),
            ("upgrade", head.upgrade),
            ("access-control-request-headers", head.request_headers),
            ("content-length", head.content_length),
            ("x-edgepod-pod", head.pod),
        ] {
            assert_eq!(value, headers[name].as_str(), "{name} of {case}");
        }
    }
}

/// A value of the database: of a number beyond a JavaScript number, its text.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Number(n) => n.as_i64().map_or_else(
            || Value::Real(n.as_f64().unwrap_or(f64::NAN)),
            Value::Integer,
        ),
        Json::String(text) => match text.parse() {
            Ok(n) => Value::Integer(n),
            Err(_) => Value::Text(text.clone()),
        },
        other => {
            let bytes = other["bytes"].as_array().expect("bytes");
            Value::Blob(
                bytes
                    .iter()
                    .map(|byte| byte.as_u64().expect("a byte") as u8)
                    .collect(),
            )
        }
    }
}

fn values(json: &Json) -> Vec<Value> {
    json.as_array().expect("values").iter().map(value).collect()
}

#[test]
fn parameters_are_written() {
    for case in cases("parameters") {
        assert_eq!(
            write_parameters(&values(&case["values"])),
            text(&case, "text")
        );
    }
}

#[test]
fn rows_are_read() {
    for case in cases("rows") {
        let output = read_rows(text(&case, "text")).expect("rows");
        assert_eq!(Some(output.changes), case["written"].as_u64());
        let rows = case["rows"].as_array().expect("rows");
        let read: Vec<_> = output.rows.iter().map(<[Value]>::to_vec).collect();
        assert_eq!(read, rows.iter().map(values).collect::<Vec<_>>());
    }
    for broken in ["", "[]", "x|[]", "1|", "1|[", "1|[1]", "1|[[1],[1,2]]"] {
        assert!(read_rows(broken).is_err(), "{broken}");
    }
}

#[test]
fn a_reply_and_the_constants_are_json() {
    let reply = gateway::Reply::error(&Error::not_found("no \"x\""), "trace");
    let written = write_reply(&reply);
    let read: Json =
        serde_json::from_str(written.strip_prefix('R').expect("its letter")).expect("JSON");
    assert_eq!(read["status"], 404);
    assert_eq!(read["body"], json!(reply.body));
    assert_eq!(read["headers"]["content-type"], "application/json");

    let constants: Json = serde_json::from_str(&constants(1000, false)).expect("JSON");
    for name in [
        "body_limit",
        "unwanted_body",
        "list_limit",
        "keys_limit",
        "fetch_limit",
        "pod_name",
        "admin_key",
        "admin_page",
    ] {
        assert!(constants[name].as_u64().is_some_and(|n| n > 0), "{name}");
    }
    assert_eq!(constants["unserved"], 2);
    assert_eq!(constants["global"], "global");
    assert_eq!(constants["refused"][0], 1008);
    assert_eq!(constants["expired"][0], 1008);
}

#[test]
fn decisions_have_their_letters() {
    let cases = [
        (Decision::First(Step::Wait), "W"),
        (
            Decision::First(Step::FetchKeys("https://example.com/keys".to_owned())),
            "Fhttps://example.com/keys",
        ),
        (
            Decision::Done(Route::Batch {
                pod: None,
                session: Some("s".to_owned()),
                user: None,
            }),
            "Bglobal\n\ns\ntrace\n",
        ),
        (
            Decision::Done(Route::Socket {
                pod: Some(PodName::new("acme").unwrap()),
                session: "s".to_owned(),
                resume: crate::engine::Resume {
                    since: None,
                    held: Vec::new(),
                },
                listed: false,
                expires: Some(1_700_000_000_000),
            }),
            "Sacme\n1700000000000",
        ),
        (
            Decision::Done(Route::Batch {
                pod: Some(PodName::new("acme").unwrap().near(LocationHint::Weur)),
                session: None,
                user: None,
            }),
            "Bacme weur\n\n\ntrace\n",
        ),
    ];
    for (decision, text) in cases {
        assert_eq!(write_decision(&decision, "trace"), text);
    }
}

#[test]
fn what_follows_from_a_signature_is_a_reply_or_a_letter() {
    let reply = gateway::Reply::error(&Error::unauthorized("no"), "trace");
    for (verified, text) in [
        (Verified::Again, String::new()),
        (Verified::AgainAsNobody, "N".to_owned()),
        (Verified::Refused(reply.clone()), write_reply(&reply)),
    ] {
        assert_eq!(write_verified(&verified), text);
    }
}

#[test]
fn the_answer_to_pings_is_the_same_of_all_hosts() {
    for case in cases("pongs") {
        assert_eq!(
            crate::engine::write_pong(&case["changed"]),
            text(&case, "text")
        );
    }
}

#[test]
fn what_a_pod_is_has_the_members_that_the_command_reads() {
    let of = |name: &str, state| edgepod_manifest::MigrationStatus {
        name: name.to_owned(),
        state,
    };
    use edgepod_manifest::MigrationState::{Applied, Pending};
    let migrations = vec![of("1", Applied), of("2", Pending), of("\"3\"", Pending)];
    let mut open = PodStatus::new("acme".to_owned(), Ok(migrations), None);
    open.opened_at = Some(1_700_000_000_000);
    open.bytes = 4096;
    open.life = Some("a-life".to_owned());
    assert_eq!((open.applied, open.pending.len()), (1, 2));
    let why = Err("it cannot be \"read\"".to_owned());
    let failed = PodStatus::new("global".to_owned(), why, None);
    for status in [open, failed] {
        let read: Json = serde_json::from_str(&write_status(&status)).expect("JSON");
        assert_eq!(read, serde_json::to_value(&status).expect("JSON"));
    }
}

#[test]
fn tables_are_lines() {
    let mut tables = TableSet::default();
    for table in ["notes", "users"] {
        tables.insert(TableName::new(table));
    }
    assert_eq!(write_tables(&tables), "notes\nusers");
    assert_eq!(write_tables(&TableSet::default()), "");
}

#[test]
fn a_routes_own_reply_is_written() {
    for case in cases("rawReplies") {
        let headers = case["headers"].as_array().expect("a list").iter();
        let text_of = |value: &Json| value.as_str().expect("a text").to_owned();
        let reply = RawReply {
            status: case["status"].as_u64().expect("a status") as u16,
            headers: headers
                .map(|pair| (text_of(&pair[0]), text_of(&pair[1])))
                .collect(),
            body: Vec::new().into(),
        };
        assert_eq!(write_raw_head(&reply), text(&case, "text"));
    }
}

#[test]
fn a_request_to_another_server_is_written_and_its_answer_is_read() {
    for case in cases("outgoing") {
        let headers = |of: &str| -> Vec<(String, String)> {
            let pairs = case[of].as_array().expect("a list").iter();
            let text_of = |value: &Json| value.as_str().expect("a text").to_owned();
            pairs
                .map(|pair| (text_of(&pair[0]), text_of(&pair[1])))
                .collect()
        };
        let outgoing = Outgoing {
            method: text(&case, "method").to_owned(),
            url: text(&case, "url").to_owned(),
            headers: headers("headers"),
            body: Vec::new().into(),
            timeout: std::time::Duration::from_millis(case["timeout"].as_u64().expect("a number")),
            limit: case["limit"].as_u64().expect("a number") as usize,
        };
        assert_eq!(write_outgoing(&outgoing), text(&case, "text"));
        let answer = RawReply {
            status: case["status"].as_u64().expect("a status") as u16,
            headers: headers("answerHeaders"),
            body: vec![0, 255].into(),
        };
        assert_eq!(read_answer(text(&case, "answer"), vec![0, 255]), answer);
    }
}

#[test]
fn what_a_route_is_asked_is_read() {
    assert_eq!(read_request("POST /a?b=c d"), ("POST", "/a?b=c d"));
    assert_eq!(read_request(""), ("", "/"));
}
