//! Somebody who guesses the passwords of `examples/auth`.

use edgepod_samples::keys::private_key;
use edgepod_tests::{Call, cases};
use serde_json::json;

use crate::native::Native;

cases![
    a_new_token_is_no_new_limit,
    an_account_is_guessed_at_so_often_from_wherever,
    an_address_is_what_the_proxy_says,
];

/// What `logIn` allows in a minute.
const LIMIT: usize = 10;

fn auth(vars: &[(&str, &str)]) -> Native {
    let key = private_key();
    let mut all = vec![("EDGEPOD_JWT_PRIVATE_KEY", key.as_str())];
    all.extend(vars);
    Native::of_package("auth", &all)
}

fn sign_up(native: &Native, email: &str) -> String {
    let session = native
        .call("signUp")
        .args(json!({"email": email, "password": "correct horse"}))
        .ok();
    session["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{session}"))
        .to_owned()
}

fn guess(native: &Native, email: &str) -> Call<'static> {
    native
        .call("logIn")
        .args(json!({"email": email, "password": "a wrong guess"}))
}

/// Whether the password was looked at.
fn is_heard(call: Call<'_>) -> bool {
    let reply = call.send();
    match reply.status {
        403 => true,
        429 => false,
        _ => panic!("{}: {}", reply.status, reply.text()),
    }
}

fn a_new_token_is_no_new_limit() {
    let native = auth(&[]);
    sign_up(&native, "victim@example.com");
    let tokens: Vec<String> = (0..4)
        .map(|i| sign_up(&native, &format!("attacker-{i}@example.com")))
        .collect();
    let heard = (0..60)
        .filter(|i| {
            let call = guess(&native, "victim@example.com");
            let token = &tokens[i % tokens.len()];
            is_heard(call.header("authorization", &format!("Bearer {token}")))
        })
        .count();
    assert!(heard <= LIMIT + 2, "{heard} guesses were heard");
    // Other accounts have limits of their own, and this address has one for all.
    let heard = (0..60)
        .filter(|i| is_heard(guess(&native, &format!("nobody-{i}@example.com"))))
        .count();
    assert!(heard <= LIMIT + 2, "{heard} guesses were heard");
}

fn an_account_is_guessed_at_so_often_from_wherever() {
    let native = auth(&[("EDGEPOD_TRUST_PROXY", "1")]);
    sign_up(&native, "victim@example.com");
    let heard = (0..40)
        .filter(|i| {
            let email = ["victim@example.com", " Victim@Example.com"][i % 2];
            let call = guess(&native, email);
            is_heard(call.header("x-forwarded-for", &format!("192.0.2.{i}")))
        })
        .count();
    assert!(heard <= LIMIT + 2, "{heard} guesses were heard");
}

fn an_address_is_what_the_proxy_says() {
    let seen = |native: &Native, forwarded: &str| {
        native
            .call("whereAmI")
            .header("x-forwarded-for", forwarded)
            .ok()
    };
    let direct = Native::start(&[]);
    assert_eq!(seen(&direct, "6.6.6.6"), "127.0.0.1");
    let behind = Native::start(&[("EDGEPOD_TRUST_PROXY", "1")]);
    assert_eq!(seen(&behind, "6.6.6.6, 192.0.2.7"), "192.0.2.7");
}
