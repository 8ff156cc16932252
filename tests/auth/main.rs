//! Tokens of another issuer, on every host: `cargo test -p edgepod-tests --test auth`, and `EDGEPOD_TEST_HOST=workerd`.

mod bindings;
mod issuer;
mod logs;
mod sockets;

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use edgepod_samples::rfc_vectors::*;
use edgepod_tests::{cases, server, server::App};
use issuer::{Issuer, Key, Mood, asked, at, is, publish};
use serde_json::{Value, json};

cases![
    // First, while the host knows no keys.
    without_any_key_a_token_is_to_be_tried_again,
    every_algorithm_is_verified,
    the_examples_of_the_standards_are_refused_by_name,
    what_is_wrong_with_a_token_is_unauthorized_everywhere,
    a_wrong_key_comes_before_a_wrong_token,
    an_authorization_that_cannot_be_read_is_refused,
    a_rotated_key_is_fetched_and_a_flood_of_unknown_ones_is_not,
    known_keys_outlive_an_issuer_that_fails,
    one_slow_fetch_serves_everyone_who_waits,
    the_claims_may_be_the_apps_own_type,
    a_key_is_its_callers_own,
    middleware_runs_for_each_query_of_a_batch,
    ready_made_middleware_lets_in_users_and_roles,
    a_limit_is_for_each_user_and_says_when_to_come_back,
    middleware_changes_the_reply_or_answers_itself,
    an_error_of_the_apps_own_has_its_status_code_and_data,
];

fn main() -> ExitCode {
    let issuer = Issuer::start();
    publish(&[]);
    // SAFETY: only the issuer's thread runs beside this one, and it reads no variables.
    unsafe {
        std::env::set_var("EDGEPOD_JWKS_URL", &issuer.url);
        std::env::set_var("EDGEPOD_JWT_ISSUER", "https://issuer.test");
        std::env::set_var("EDGEPOD_JWT_AUDIENCE", "web, app");
        std::env::set_var("EDGEPOD_LOG", "debug");
    }
    edgepod_tests::suite::run(
        App::TOKENS,
        &[
            ("auth", CASES),
            ("logs", logs::CASES),
            ("sockets", sockets::CASES),
            ("bindings", bindings::CASES),
        ],
    )
}

fn claims() -> Value {
    json!({"sub": "u1", "role": "admin", "iss": "https://issuer.test", "aud": "app", "exp": at(600)})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[track_caller]
fn call(name: &str, token: &str) -> edgepod_tests::Reply {
    server()
        .call(name)
        .header("authorization", &format!("Bearer {token}"))
        .send()
}

/// Whoever sends one means to be somebody: what cannot be read is no anonymous call, and of two none is chosen.
fn an_authorization_that_cannot_be_read_is_refused() {
    let key = Key::lasting();
    let token = key.sign("ES256", &claims());
    accept(&token);
    let right = format!("Bearer {token}").into_bytes();
    let mut bytes = right.clone();
    bytes.push(0xff);
    let mut all = vec![
        vec![b"Bearer \xff\xfe".to_vec()],
        vec![bytes],
        vec![right.clone(), right.clone()],
        vec![b"Bearer x".to_vec(), right.clone()],
    ];
    // workerd hands over an empty Authorization as none, and of two the one that is not empty where it comes last.
    if !edgepod_tests::server::is_workerd() {
        all.extend([
            vec![b"".to_vec()],
            vec![b" ".to_vec()],
            vec![right, b"".to_vec()],
        ]);
    }
    for authorizations in all {
        let mut request = format!(
            "POST /rpc/whoAmI HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-edgepod-key: {}\r\ncontent-length: 0\r\n",
            server().key
        )
        .into_bytes();
        for authorization in &authorizations {
            request.extend(b"authorization: ");
            request.extend(authorization);
            request.extend(b"\r\n");
        }
        request.extend(b"\r\n");
        let reply = edgepod_tests::http::send_raw(server().authority(), request);
        assert_eq!(
            reply.status,
            401,
            "{:?}: {}",
            authorizations
                .iter()
                .map(|it| String::from_utf8_lossy(it))
                .collect::<Vec<_>>(),
            reply.text()
        );
    }
}

#[track_caller]
fn accept(token: &str) {
    for name in ["whoAmI", "details", "whoWaits"] {
        let reply = call(name, token);
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        assert_eq!(reply.json()["data"]["sub"], "u1");
    }
}

#[track_caller]
fn refuse(token: &str, reason: &str) {
    let error = call("whoAmI", token).assert_error(401);
    assert_eq!(error["data"]["reason"], reason, "{error}");
}

/// Past the cool-down that an earlier case began.
fn publish_and_wait(keys: &[&Key]) {
    is(Mood::Well);
    publish(keys);
    thread::sleep(Duration::from_millis(10_500));
}

fn without_any_key_a_token_is_to_be_tried_again() {
    let key = Key::ec("first", "P-256");
    let token = key.sign("ES256", &claims());
    publish(&[&key]);
    is(Mood::Broken);
    for _ in 0..2 {
        let reply = call("whoAmI", &token);
        let error = reply.assert_error(503);
        assert_eq!(error["code"], "UNAVAILABLE");
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(!error.to_string().contains("http"), "{error}");
    }
    // Who has no token needs no keys.
    assert_eq!(server().call("whoAmI").send().status, 200);
    is(Mood::Well);
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(call("whoAmI", &token).status, 200);
}

fn every_algorithm_is_verified() {
    let keys = [
        Key::rsa("r1"),
        Key::ec("e1", "P-256"),
        Key::ec("e2", "P-384"),
        Key::ed("d1"),
    ];
    let [rsa, p256, p384, ed] = &keys;
    // The server is up before the first key is published.
    server().call("whoAmI").ok();
    publish(&[rsa, p256, p384, ed]);
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        accept(&rsa.sign(algorithm, &claims()));
    }
    accept(&p256.sign("ES256", &claims()));
    accept(&p384.sign("ES384", &claims()));
    accept(&ed.sign("EdDSA", &claims()));
    // A signature of one algorithm is none of another, also with the right key.
    let token = rsa.sign("RS256", &claims());
    let other = rsa.sign("PS256", &claims());
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    refuse(&format!("{signed}.{signature}"), "signature");
}

/// RFC 7515, 7519 and 8037. (That their signatures are right is seen in the tests of JOSE: they have expired in 2011.)
fn the_examples_of_the_standards_are_refused_by_name() {
    for (token, reason) in [
        (A1_TOKEN, "algorithm"),
        (A2_TOKEN, "expired"),
        (A3_TOKEN, "expired"),
        (A4_TOKEN, "algorithm"),
        (A5_TOKEN, "algorithm"),
        (ED25519_TOKEN, "malformed"),
    ] {
        refuse(token, reason);
    }
}

fn what_is_wrong_with_a_token_is_unauthorized_everywhere() {
    let (key, forger) = (Key::lasting(), Key::ec("lasting", "P-256"));
    let good = key.sign("ES256", &claims());
    accept(&good);
    refuse(&forger.sign("ES256", &claims()), "signature");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    refuse(&format!("{signed}."), "signature");
    refuse(&format!("{signed}.{}", &signature[..84]), "signature");
    refuse("nonsense", "malformed");
    refuse(&"a".repeat(8193), "too_long");
    refuse(&key.sign("none", &claims()), "algorithm");
    refuse(&key.sign("HS256", &claims()), "algorithm");
    refuse(&key.sign("ES384", &claims()), "key_mismatch");
    let header = json!({"alg": "ES256", "kid": "lasting", "crit": ["x"], "x": 1});
    refuse(&key.sign_with(&header, &claims()), "critical");
    refuse(&key.sign("ES256", &with("exp", at(-60).into())), "expired");
    refuse(
        &key.sign("ES256", &with("nbf", at(60).into())),
        "not_yet_valid",
    );
    refuse(
        &key.sign("ES256", &with("iss", "https://evil.test".into())),
        "issuer",
    );
    refuse(
        &key.sign("ES256", &with("aud", json!(["other"]))),
        "audience",
    );
    accept(&key.sign("ES256", &with("aud", json!(["other", "web"]))));
    // A clock that is off a little is forgiven.
    accept(&key.sign("ES256", &with("exp", at(-2).into())));
    let basic = server()
        .call("whoAmI")
        .header("authorization", "Basic dTpw");
    assert_eq!(basic.error(401)["data"]["reason"], "not_bearer");
    // No token is no wrong one.
    assert_eq!(server().call("whoAmI").ok(), Value::Null);
    server().call("details").error(401);
}

fn a_wrong_key_comes_before_a_wrong_token() {
    let reply = server()
        .call("whoAmI")
        .without_key()
        .header("authorization", "Bearer nonsense")
        .send();
    assert!(reply.assert_error(401)["data"].is_null());
    assert_eq!(reply.header("www-authenticate"), None);
    let reply = call("whoAmI", "nonsense");
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
}

fn a_rotated_key_is_fetched_and_a_flood_of_unknown_ones_is_not() {
    let (old, new) = (Key::ec("old", "P-256"), Key::ec("new", "P-256"));
    publish_and_wait(&[&old, &new]);
    accept(&new.sign("ES256", &claims()));
    accept(&old.sign("ES256", &claims()));
    let flood: Vec<String> = (0..100)
        .map(|i| Key::ec(&format!("stranger{i}"), "P-256").sign("ES256", &claims()))
        .collect();
    let (before, began) = (asked(), Instant::now());
    for token in flood {
        refuse(&token, "unknown_key");
    }
    let fetches = asked() - before;
    // One for each cool-down of ten seconds.
    let most = 2 + began.elapsed().as_secs() as usize / 10;
    assert!(fetches <= most, "{fetches} fetches");
}

fn known_keys_outlive_an_issuer_that_fails() {
    let key = Key::ec("f1", "P-256");
    publish_and_wait(&[&key]);
    accept(&key.sign("ES256", &claims()));
    is(Mood::Broken);
    thread::sleep(Duration::from_millis(10_500));
    let stranger = Key::ec("f2", "P-256");
    let before = asked();
    refuse(&stranger.sign("ES256", &claims()), "unknown_key");
    assert_eq!(asked() - before, 1, "the issuer was asked, and failed");
    accept(&key.sign("ES256", &with("role", "user".into())));
    is(Mood::Well);
}

fn one_slow_fetch_serves_everyone_who_waits() {
    let key = Key::ec("s1", "P-256");
    publish_and_wait(&[&key]);
    is(Mood::Slow);
    let before = asked();
    thread::scope(|scope| {
        for i in 0..8 {
            let token = key.sign("ES256", &with("n", i.into()));
            scope.spawn(move || assert_eq!(call("whoAmI", &token).status, 200));
        }
    });
    is(Mood::Well);
    assert_eq!(asked() - before, 1);
}

fn the_claims_may_be_the_apps_own_type() {
    let key = Key::lasting();
    let reply = call("role", &key.sign("ES256", &claims()));
    assert_eq!(reply.json()["data"], "u1: admin");
    let error = call("role", &key.sign("ES256", &with("role", 7.into()))).assert_error(401);
    assert!(!error.to_string().contains("invalid type"), "{error}");
    server().call("role").error(401);
}

fn a_key_is_its_callers_own() {
    let key = Key::lasting();
    let idempotency = server::unique("key");
    let greet = |token: Option<&str>| {
        let mut call = server()
            .call("greet")
            .header("x-edgepod-idempotency-key", &idempotency);
        if let Some(token) = token {
            call = call.header("authorization", &format!("Bearer {token}"));
        }
        call.send()
    };
    let one = key.sign("ES256", &claims());
    let two = key.sign("ES256", &with("sub", "u2".into()));
    for (token, name) in [(Some(&one), "u1"), (Some(&two), "u2"), (None, "nobody")] {
        let reply = greet(token.map(String::as_str)).json();
        assert_eq!(reply["data"], json!(name), "{reply}");
        assert_eq!(reply["meta"].get("replayed"), None, "{reply}");
    }
    // The same caller with a fresh token.
    let renewed = key.sign("ES256", &with("exp", at(900).into()));
    let reply = greet(Some(&renewed)).json();
    assert_eq!(reply["data"], json!("u1"));
    assert_eq!(reply["meta"]["replayed"], json!(true), "{reply}");
    // Of another issuer, or of none, `u1` is somebody else; without a subject it is nobody.
    let nameless = key.sign("ES256", &with("sub", Value::Null));
    let error = greet(Some(&nameless)).assert_error(400);
    assert!(error["message"].to_string().contains("sub"), "{error}");
}

fn middleware_runs_for_each_query_of_a_batch() {
    let key = Key::lasting();
    let batch = || {
        server().request("POST", "/rpc").args(json!({"calls": [
            {"name": "whoAmI"},
            {"name": "details"},
        ]}))
    };
    let anonymous = batch().send().json();
    assert_eq!(anonymous["results"][0]["status"], json!(200));
    assert_eq!(anonymous["results"][1]["status"], json!(401));
    let token = format!("Bearer {}", key.sign("ES256", &claims()));
    let known = batch().header("authorization", &token).send().json();
    for result in known["results"].as_array().expect("results") {
        assert_eq!(result["data"]["sub"], json!("u1"), "{known}");
    }
    batch().header("authorization", "Bearer wrong").error(401);
}

fn ready_made_middleware_lets_in_users_and_roles() {
    let key = Key::lasting();
    for name in ["forUsers", "forAdmins"] {
        let error = server().call(name).send().assert_error(401);
        assert_eq!(error["code"], "UNAUTHORIZED");
        let reply = call(name, &key.sign("ES256", &claims()));
        assert_eq!(reply.json()["data"], "in", "{name}: {}", reply.text());
    }
    for role in [
        json!("reader"),
        json!(["reader"]),
        json!({"admin": true}),
        json!(null),
    ] {
        let token = key.sign("ES256", &with("role", role.clone()));
        assert_eq!(call("forUsers", &token).status, 200);
        let error = call("forAdmins", &token).assert_error(403);
        assert_eq!(error["code"], "FORBIDDEN", "{role}");
    }
    let token = key.sign("ES256", &with("role", json!(["reader", "admin"])));
    assert_eq!(call("forAdmins", &token).status, 200);
}

fn a_limit_is_for_each_user_and_says_when_to_come_back() {
    let key = Key::lasting();
    let often = key.sign("ES256", &with("sub", json!("often")));
    for _ in 0..3 {
        assert_eq!(call("seldom", &often).status, 200);
    }
    let refused = call("seldom", &often);
    let error = refused.assert_error(429);
    assert_eq!(error["code"], "TOO_MANY_REQUESTS");
    let wait = error["data"]["retry_after"].as_u64().unwrap();
    assert!((1..=10).contains(&wait), "{error}");
    assert_eq!(
        refused.header("retry-after"),
        Some(wait.to_string().as_str())
    );
    let exposed = refused
        .header("access-control-expose-headers")
        .unwrap_or_default();
    assert!(exposed.contains("Retry-After"), "{exposed}");
    let other = key.sign("ES256", &with("sub", json!("other")));
    assert_eq!(
        call("seldom", &other).status,
        200,
        "another user has a bucket of their own"
    );
    thread::sleep(Duration::from_secs(wait));
    assert_eq!(call("seldom", &often).status, 200, "it was worth the wait");
    call("seldom", &often).assert_error(429);
}

fn middleware_changes_the_reply_or_answers_itself() {
    let greeting = |args: Value| server().call("greeting").args(args).send().json();
    let reply = greeting(json!({}));
    assert_eq!(reply["data"]["data"], "hello from within");
    assert!(
        reply["data"]["took"].as_i64().is_some_and(|took| took >= 0),
        "{reply}"
    );
    assert_eq!(greeting(json!({"instead": true}))["data"]["data"], "hello");
}

fn an_error_of_the_apps_own_has_its_status_code_and_data() {
    let book = |seat: &str| server().call("book").args(json!({"seat": seat})).send();
    assert_eq!(book("2").json()["data"], 2);
    let error = book("1").assert_error(409);
    assert_eq!(error["code"], "SEAT_TAKEN");
    assert_eq!(error["message"], "Seat 1 is Ada's.");
    assert_eq!(error["data"], json!({"seat": 1, "by": "Ada"}));
    assert!(error["trace_id"].as_str().is_some_and(|id| !id.is_empty()));
    let error = book("secret").assert_error(503);
    assert_eq!(
        (&error["code"], error.get("data")),
        (&json!("CLOSED"), None)
    );
    assert!(!error.to_string().contains("digit"), "{error}");
    let error = book("none").assert_error(404);
    assert_eq!(
        error["code"], "NOT_FOUND",
        "EdgePod's own errors pass through"
    );
}
