//! Attacks on the walls between pods: nothing crosses, and nothing is made for a request that is refused.

use edgepod_tests::{Socket, cases, server};
use serde_json::{Value, json};
use tungstenite::Error;

use crate::{add, call_as, call_in, socket_url, token_for, token_of};

cases![
    a_request_without_a_name_or_with_another_ones_is_refused,
    names_that_are_none_are_refused,
    a_batch_that_names_two_pods_is_refused,
    a_socket_is_refused_as_a_call_is,
    a_token_that_names_no_pod_leads_nowhere,
    a_rule_that_panics_is_a_failure_of_the_server,
    what_is_refused_before_the_pod_makes_none,
    a_limit_is_of_each_pod,
];

/// Both call from one address: what is used up in one pod is there in the other.
fn a_limit_is_of_each_pod() {
    for pod in ["open-limit-a", "open-limit-b"] {
        for _ in 0..2 {
            call_in(pod, "getRarely").ok();
        }
        let error = call_in(pod, "getRarely").error(429);
        assert_eq!(error["code"], "TOO_MANY_REQUESTS", "{error}");
    }
}

/// Does something that is refused, and makes sure that no database is there for it.
fn unmade(refused: impl FnOnce()) {
    // The server may still be making what an earlier case asked for.
    let before = server().databases();
    assert!(before > 1, "there are databases where this test looks");
    refused();
    assert_eq!(server().databases(), before, "a database was made");
    server().assert_serving();
}

fn a_request_without_a_name_or_with_another_ones_is_refused() {
    let token = token_for("acme");
    add(call_as(&token, "addNote"), "secret of acme");
    unmade(|| {
        server().call("getNotes").error(400);
        call_in("acme", "getNotes").error(403);
        call_in("global", "getNotes").error(403);
        for other in [
            "globex-unmade",
            "Acme",
            "ACME",
            "acme.",
            "acme/",
            "./acme",
            "acme%00",
            "%61cme",
            "%2561cme",
            "acme,acme",
            "open",
            "global",
        ] {
            let call = call_as(&token, "getNotes").header("x-edgepod-pod", other);
            let error = call.error(403);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    });
}

fn names_that_are_none_are_refused() {
    unmade(|| {
        let longer = format!("open{}", "x".repeat(125));
        for name in ["open a", "open\tb", &longer] {
            call_in(name, "getNotes").error(400);
        }
        // Through a body everything comes.
        for name in [
            "open\0",
            "open\n",
            "open é",
            "open\u{202e}",
            "open\u{7f}",
            "",
            " open",
        ] {
            let body = json!({"calls": [{"name": "getNotes"}], "pod": name});
            let status = server().request("POST", "/rpc").args(body).send().status;
            assert!(matches!(status, 400 | 403), "{name:?}: {status}");
        }
        let twice = json!({"calls": [{"name": "getNotes"}], "pod": 7});
        server().request("POST", "/rpc").args(twice).error(400);
    });
}

fn a_batch_that_names_two_pods_is_refused() {
    let token = format!("Bearer {}", token_for("acme"));
    unmade(|| {
        let batch = |pod: Value| {
            let body = json!({"calls": [{"name": "getNotes"}], "pod": pod});
            server().request("POST", "/rpc").args(body)
        };
        batch(json!("open-unmade"))
            .header("x-edgepod-pod", "open-unmade-2")
            .error(400);
        batch(json!("globex-unmade"))
            .header("authorization", &token)
            .error(403);
        batch(json!("globex-unmade"))
            .header("authorization", &token)
            .header("x-edgepod-pod", "acme")
            .error(400);
        batch(json!("unmade")).error(403);
        // Which of two members counts is nobody's to guess.
        let body = r#"{"calls":[{"name":"getNotes"}],"pod":"open-unmade","pod":"open"}"#;
        server()
            .request("POST", "/rpc")
            .header("content-type", "application/json")
            .body(body)
            .error(400);
    });
}

fn a_socket_is_refused_as_a_call_is() {
    let token = token_for("acme");
    let status = |pod: Option<&str>, token: Option<&str>| {
        let url = socket_url(&server::unique("session"), pod);
        let opened = match token {
            Some(token) => Socket::open_as_a_page(&url, token).map(|(socket, _)| socket),
            None => Socket::open(&url),
        };
        match opened {
            Ok(_) => 101,
            Err(Error::Http(reply)) => reply.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    unmade(|| {
        assert_eq!(status(None, None), 400);
        assert_eq!(status(Some("acme"), None), 403);
        assert_eq!(status(Some("globex-unmade"), Some(&token)), 403);
        assert_eq!(status(Some("open%00"), None), 400);
        assert_eq!(status(Some("acme%2500"), Some(&token)), 403);
        assert_eq!(status(Some("acme"), Some(&format!("{token}x"))), 401);
        assert_eq!(
            status(Some("%61cme"), Some(&token)),
            101,
            "that is its name, decoded"
        );
    });
    // Two names in two places.
    let url = socket_url(&server::unique("session"), Some("open-unmade"));
    unmade(
        || match Socket::open_with_header(&url, "x-edgepod-pod", "open-unmade-2") {
            Err(Error::Http(reply)) => assert_eq!(reply.status().as_u16(), 400),
            _ => panic!("two pods"),
        },
    );
}

fn a_token_that_names_no_pod_leads_nowhere() {
    let nameless = token_of(json!(""), 600);
    let wrong = token_of(json!("two words"), 600);
    unmade(|| {
        call_as(&nameless, "getNotes").error(400);
        call_as(&wrong, "getNotes").error(400);
        let call = call_as(&nameless, "getNotes").header("x-edgepod-pod", "open-unmade");
        call.error(403);
    });
}

fn a_rule_that_panics_is_a_failure_of_the_server() {
    unmade(|| {
        let call = call_in("open-unmade", "getNotes").header("x-test-panics", "yes");
        call.error(500);
    });
    assert_eq!(call_in("open", "whereAmI").ok(), "open");
}

fn what_is_refused_before_the_pod_makes_none() {
    unmade(|| {
        call_in("open-unmade", "getNotes").without_key().error(401);
        call_in("open-unmade", "nothing").error(404);
        server()
            .request("GET", "/rpc/addNote")
            .header("x-edgepod-pod", "open-unmade")
            .error(405);
        server()
            .request("GET", "/ws?pod=open-unmade&sessionId=s")
            .error(426);
    });
}
