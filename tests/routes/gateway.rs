//! Routes at the gateway, without a database.

use edgepod_tests::{Reply, cases, http::Call, server};

use crate::outgoing::other;

cases![
    it_knows_the_request_and_the_environment,
    a_token_says_who_calls,
    it_asks_other_servers,
    methods_and_bodies_are_those_of_any_route,
    what_fails_is_told_and_the_next_is_served,
    many_at_once_are_answered_each_its_own,
];

fn edge(name: &str) -> Call<'static> {
    let call = server().request("POST", &format!("/edge/{name}"));
    call.without_key().header("x-odd", "a:b  c")
}

fn told(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text()
}

fn it_knows_the_request_and_the_environment() {
    let reply = edge("%C3%A4?a=b").body("1234567").send();
    assert_eq!(told(&reply), "ä nobody whsec_test_secret a:b  c 20 7 3");
    assert_eq!(reply.header("x-target"), Some("/edge/%C3%A4?a=b"));
}

fn a_token_says_who_calls() {
    let token = server().call("issue").ok();
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    for (authorization, user) in [(&*bearer, "ada"), ("Bearer not.a.token", "nobody")] {
        let reply = edge("me").header("authorization", authorization).send();
        assert!(told(&reply).starts_with(&format!("me {user} ")));
    }
}

fn it_asks_other_servers() {
    let url = format!("{}/echo", other());
    let ask = |url: String| {
        let call = server().request("POST", "/edge-ask").without_key();
        call.body(url)
    };
    assert_eq!(told(&ask(url).send()), "418 I'm a teapot 61736b6564");
    ask("http://127.0.0.1:1/nothing".to_owned()).error(503);
}

fn methods_and_bodies_are_those_of_any_route() {
    let get = server().request("GET", "/edge/ada").without_key().send();
    assert_eq!(get.header("allow"), Some("OPTIONS, POST"));
    get.assert_error(405);
    let most = edge("ada").body(vec![0; 4 << 20]).send();
    assert!(told(&most).ends_with(" 4194304 2097152"));
}

fn what_fails_is_told_and_the_next_is_served() {
    let fails = |how: &str| {
        let path = format!("/edge-fails/{how}");
        server().request("GET", &path).without_key()
    };
    assert_eq!(fails("conflict").error(409)["message"], "Not now.");
    for how in ["internal", "panic"] {
        let error = fails(how).error(500);
        assert!(!error.to_string().contains("secret"), "{error}");
        server().log_line(&[
            "GET /edge-fails/:how",
            error["trace_id"].as_str().unwrap(),
            "the secret in the ",
        ]);
        told(&edge("next").send());
    }
}

fn many_at_once_are_answered_each_its_own() {
    std::thread::scope(|scope| {
        let all = (0..32).map(|at| {
            scope.spawn(move || {
                let reply = edge(&format!("n{at}")).body("x".repeat(at)).send();
                assert!(told(&reply).starts_with(&format!("n{at} nobody ")));
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.join().expect("no panic");
        }
    });
}
