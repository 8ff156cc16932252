//! The publishable key.

use edgepod_tests::{
    Socket, cases,
    server::{self, NEXT_KEY, server},
};

cases![
    the_key_may_be_in_the_address,
    no_key_is_unauthorized,
    a_wrong_key_is_unauthorized,
    the_key_is_asked_before_anything_is_told,
    an_error_about_a_key_does_not_repeat_it,
    while_keys_rotate_both_open,
];

fn the_key_may_be_in_the_address() {
    server()
        .call("getUsers")
        .without_key()
        .query("key", &server().key)
        .ok();
}

fn no_key_is_unauthorized() {
    let error = server().call("getUsers").without_key().error(401);
    assert_eq!(error["code"], "UNAUTHORIZED");
}

fn a_wrong_key_is_unauthorized() {
    let key = &server().key;
    let longer = format!("{key}x");
    let upper = key.to_uppercase();
    for wrong in ["", "ep_pk_wrong", &key[..key.len() - 1], &longer, &upper] {
        server()
            .call("getUsers")
            .header("x-edgepod-key", wrong)
            .error(401);
        server()
            .call("getUsers")
            .without_key()
            .query("key", wrong)
            .error(401);
    }
    server().assert_serving();
}

fn the_key_is_asked_before_anything_is_told() {
    // Neither which functions exist, nor what their arguments are.
    server().call("getUnicorns").without_key().error(401);
    server()
        .call("getUserById")
        .without_key()
        .body("{broken")
        .error(401);
    server()
        .request("PUT", "/rpc/getUsers")
        .without_key()
        .error(401);
}

fn an_error_about_a_key_does_not_repeat_it() {
    let reply = server()
        .call("getUsers")
        .header("x-edgepod-key", "ep_pk_guess")
        .send();
    reply.assert_error(401);
    assert!(!reply.text().contains("ep_pk_"), "{}", reply.text());
}

fn while_keys_rotate_both_open() {
    if !server().is_own() {
        return;
    }
    for key in [&server().key, NEXT_KEY] {
        server().call("getUsers").header("x-edgepod-key", key).ok();
        server()
            .call("getUsers")
            .without_key()
            .query("key", key)
            .ok();
        let url = server().socket_url(key, &server::unique("rotation"));
        Socket::open(&url).unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    // They are two keys, and not one with a comma in it.
    for wrong in [
        format!("{}, {NEXT_KEY}", server().key),
        format!("{},{NEXT_KEY}", server().key),
        format!(" {NEXT_KEY}x"),
        ",".to_owned(),
    ] {
        server()
            .call("getUsers")
            .header("x-edgepod-key", &wrong)
            .error(401);
    }
}
