//! Attacks on the walls between pods: nothing crosses, and nothing is made for a request that is refused.

use std::{
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{Socket, cases, server};
use serde_json::{Value, json};
use tungstenite::Error;

use crate::{
    add,
    admin::{admin, names, status_of, unkeyed, until_listed},
    call_as, call_in,
    rewind::restart,
    socket_url, token_for, token_of,
};

cases![
    a_request_without_a_name_or_with_another_ones_is_refused,
    names_that_are_none_are_refused,
    a_batch_that_names_two_pods_is_refused,
    a_socket_is_refused_as_a_call_is,
    a_token_that_names_no_pod_leads_nowhere,
    a_rule_that_panics_is_a_failure_of_the_server,
    what_is_refused_before_the_pod_makes_none,
    a_limit_is_of_each_pod,
    what_is_refused_wakes_no_pod_that_sleeps,
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
pub(crate) fn unmade(refused: impl FnOnce()) {
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

/// Two pods sleep: one that a token leads to, and one that is open. Whatever is refused, they sleep on.
fn what_is_refused_wakes_no_pod_that_sleeps() {
    let (own, open) = ("asleep", "open-asleep");
    let (token, other) = (token_for(own), token_for("another-org"));
    // Before they are made: natively all pods that are there are opened once when the server starts, for their jobs.
    let sleepy = [("EDGEPOD_POD_IDLE", "0.5")];
    restart(&sleepy);
    add(call_as(&token, "addNote"), "of the organisation");
    add(call_in(open, "addNote"), "open");
    for pod in [own, open] {
        until_listed(pod);
    }
    if !server::is_native() {
        // Natively they are closed when they are idle. An object sleeps until somebody calls.
        restart(&sleepy);
    }
    let asleep = [own, open].map(until_asleep);
    let listed = names(1000);
    unmade(|| {
        for _ in 0..5 {
            calls_are_refused(own, &token, &other);
            admin_requests_are_refused(open);
        }
    });
    // Whoever was awake meanwhile has another time at which it was opened, natively, and on Workers a life.
    assert_eq!([own, open].map(status_of), asleep);
    assert_eq!(names(1000), listed);
    call_as(&token, "getNotes").ok();
    call_in(open, "getNotes").ok();
    for (pod, before) in [own, open].into_iter().zip(&asleep) {
        assert_ne!(&status_of(pod), before, "what is not refused wakes it");
    }
    restart(&[]);
}

fn until_asleep(pod: &str) -> Value {
    let began = Instant::now();
    loop {
        let status = status_of(pod);
        if status["life"].is_null() {
            return status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{status}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn calls_are_refused(own: &str, token: &str, other: &str) {
    let broken = format!("{token}x");
    let open = "open-asleep";
    let unmade = "open-never-made";
    // Whom the rule refuses.
    call_in(own, "getNotes").error(403);
    call_as(other, "getNotes")
        .header("x-edgepod-pod", own)
        .error(403);
    call_as(token, "getNotes")
        .header("x-edgepod-pod", open)
        .error(403);
    call_as(&broken, "getNotes").error(401);
    call_in("open asleep", "getNotes").error(400);
    for pod in [open, unmade] {
        call_in(pod, "getNotes")
            .header("x-test-panics", "yes")
            .error(500);
        call_in(pod, "getNotes").without_key().error(401);
        call_in(pod, "getNotes")
            .header("x-edgepod-key", "ep_pk_wrong")
            .error(401);
        call_in(pod, "getNothing").error(404);
        call_in(pod, "takeNote").error(404);
        let get = server().request("GET", "/rpc/addNote");
        get.header("x-edgepod-pod", pod).error(405);
        let batch = json!({"calls": [{"name": "getNotes"}], "pod": pod});
        server()
            .request("POST", "/rpc")
            .header("x-edgepod-pod", own)
            .args(batch)
            .error(400);
        server()
            .request("POST", "/hooks/nothing")
            .query("pod", pod)
            .error(404);
        server()
            .request("GET", &format!("/ws?pod={pod}&sessionId=s"))
            .error(426);
        let wrong_key = server().socket_url("ep_pk_wrong", "s");
        for url in [
            format!("{wrong_key}&pod={pod}"),
            socket_url("s", Some(&format!("{pod}%00"))),
            socket_url("s", Some(own)),
        ] {
            assert!(
                matches!(Socket::open(&url), Err(Error::Http(_))),
                "{url}: a socket"
            );
        }
        let socket = Socket::open_as_a_page(&socket_url("s", Some(pod)), token);
        assert!(matches!(socket, Err(Error::Http(_))), "another's socket");
    }
    let hook = server().request("POST", "/hooks/notes").without_key();
    hook.query("pod", own).body("hooked").error(403);
}

fn admin_requests_are_refused(open: &str) {
    for (method, path) in [
        ("GET", "/status"),
        ("POST", "/migrate"),
        ("GET", "/jobs"),
        ("POST", "/jobs/retry"),
        ("POST", "/jobs/cancel"),
        ("POST", "/call"),
    ] {
        // Without the key, and of a pod that is not there.
        unkeyed(method, path).query("pod", open).error(401);
        let absent = admin(method, path).query("function", "getNotes");
        absent.query("pod", "open-never-made").error(404);
        admin(method, path).query("pod", "two words").error(400);
    }
    admin("GET", "/migrate").query("pod", open).error(405);
    admin("POST", "/wake").query("pod", open).error(404);
    let call = admin("POST", "/call").query("pod", open);
    call.query("function", "getNotes").error(400);
}
