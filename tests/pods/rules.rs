//! The rules that are ready-made, through a server: whose name they take, and whom they refuse. The app has them all (`x-test-rule`),
//! so that one Worker is enough.

use edgepod_tests::{Socket, cases, http::Call, server};
use serde_json::json;
use tungstenite::Error;

use crate::{call_as, socket_url, token_for, walls::unmade};

cases![
    by_claim_takes_the_tokens_pod,
    by_header_takes_the_headers_pod,
    by_host_takes_what_stands_before_the_domain,
    by_host_alone_takes_the_whole_host,
    asked_takes_any_name_that_the_client_thinks_of,
];

/// Headers of a request.
type Headers<'a> = [(&'static str, &'a str)];

fn with(call: Call<'static>, headers: &Headers<'_>) -> Call<'static> {
    headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value))
}

/// Requests of every kind with these headers reach this pod.
#[track_caller]
fn leads_to(headers: &Headers<'_>, pod: &str) {
    let ask = |call| with(call, headers);
    for name in ["whereAmI", "whereItWrites", "whereItWaits"] {
        assert_eq!(ask(server().call(name)).ok(), pod, "{name}");
    }
    assert_eq!(ask(server().get("whereAmI", &json!({}))).ok(), pod);
    let calls = json!({"calls": [{"name": "whereAmI"}, {"name": "whereAmI"}]});
    let batch = ask(server().request("POST", "/rpc")).args(calls).send();
    for reply in batch.json()["results"].as_array().expect("results") {
        assert_eq!(reply["data"], pod, "{reply}");
    }
    let hook = server().request("POST", "/hooks/notes").without_key();
    assert_eq!(ask(hook).body("hooked").send().text(), pod);
    let session = server::unique("session");
    let socket = Socket::open_with_headers(&socket_url(&session, None), headers);
    let mut socket = socket.unwrap_or_else(|error| panic!("{pod}: {error}"));
    ask(server().call("getNotes")).session(&session).ok();
    let add = ask(server().call("addNote")).args(json!({"text": "heard"}));
    add.ok();
    assert!(socket.stale().contains("notes"));
}

/// Requests of every kind with these headers are refused with this status, and make nothing.
#[track_caller]
fn is_refused(headers: &Headers<'_>, status: u16) {
    let ask = |call| with(call, headers);
    unmade(|| {
        ask(server().call("whereAmI")).error(status);
        ask(server().get("whereAmI", &json!({}))).error(status);
        let batch = ask(server().request("POST", "/rpc"));
        batch
            .args(json!({"calls": [{"name": "whereAmI"}]}))
            .error(status);
        let hook = server().request("POST", "/hooks/notes").without_key();
        ask(hook).body("hooked").error(status);
        let url = socket_url(&server::unique("session"), None);
        match Socket::open_with_headers(&url, headers) {
            Err(Error::Http(reply)) => assert_eq!(reply.status().as_u16(), status),
            Err(error) => panic!("{headers:?}: {error}"),
            Ok(_) => panic!("{headers:?}: a socket"),
        }
    });
}

fn by_claim_takes_the_tokens_pod() {
    let rule = ("x-test-rule", "by_claim");
    let token = format!("Bearer {}", token_for("claimed"));
    let token = ("authorization", &*token);
    leads_to(&[rule, token], "claimed");
    leads_to(&[rule, token, ("x-edgepod-pod", "claimed")], "claimed");
    for other in ["claimed-not", "Claimed", "open"] {
        is_refused(&[rule, token, ("x-edgepod-pod", other)], 403);
    }
    is_refused(&[rule], 401);
    is_refused(&[rule, ("x-edgepod-pod", "claimed")], 401);
    let nameless = format!("Bearer {}", token_for(""));
    is_refused(&[rule, ("authorization", &nameless)], 400);
}

fn by_header_takes_the_headers_pod() {
    let rule = ("x-test-rule", "by_header");
    let tenant = ("x-tenant", "tenant/1");
    leads_to(&[rule, tenant], "tenant/1");
    leads_to(&[rule, tenant, ("x-edgepod-pod", "tenant/1")], "tenant/1");
    is_refused(&[rule, tenant, ("x-edgepod-pod", "tenant/2")], 403);
    is_refused(&[rule, ("x-edgepod-pod", "tenant/1")], 403);
    is_refused(&[rule], 400);
    is_refused(&[rule, ("x-tenant", "")], 400);
    is_refused(&[rule, ("x-tenant", "two words")], 400);
    // A token says who calls, and not where.
    let other = call_as(&token_for("acme"), "whereAmI");
    assert_eq!(with(other, &[rule, tenant]).ok(), "tenant/1");
}

fn by_host_takes_what_stands_before_the_domain() {
    let rule = ("x-test-rule", "by_host of a domain");
    for (host, pod) in [
        ("acme.pods.example", "acme"),
        ("HOSTED.Pods.Example:8080", "hosted"),
        ("a.b.pods.example", "a.b"),
    ] {
        leads_to(&[rule, ("host", host)], pod);
        leads_to(&[rule, ("host", host), ("x-edgepod-pod", pod)], pod);
        let other = ("x-edgepod-pod", "other");
        is_refused(&[rule, ("host", host), other], 403);
    }
    for host in [
        "pods.example",
        "evilpods.example",
        "acme.pods.example.evil.example",
        "localhost",
    ] {
        is_refused(&[rule, ("host", host)], 400);
    }
}

fn by_host_alone_takes_the_whole_host() {
    let rule = ("x-test-rule", "by_host");
    for (host, pod) in [
        ("shop.example", "shop.example"),
        ("Other.Example:8080", "other.example"),
    ] {
        leads_to(&[rule, ("host", host)], pod);
        let other = ("x-edgepod-pod", "example");
        is_refused(&[rule, ("host", host), other], 403);
    }
}

fn asked_takes_any_name_that_the_client_thinks_of() {
    let rule = ("x-test-rule", "asked");
    for pod in ["document-1", "Document-1", "a/b"] {
        leads_to(&[rule, ("x-edgepod-pod", pod)], pod);
    }
    is_refused(&[rule], 400);
    is_refused(&[rule, ("x-edgepod-pod", "two words")], 400);
}
