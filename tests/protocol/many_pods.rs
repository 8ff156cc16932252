//! That the pod of the other cases is one of many: `tests/pods` asks what keeps them apart.

use std::collections::BTreeSet;

use edgepod_tests::{Socket, cases, server};
use serde_json::json;
use tungstenite::Error;

cases![
    what_is_written_here_is_not_elsewhere,
    who_names_no_pod_is_refused,
];

fn what_is_written_here_is_not_elsewhere() {
    let elsewhere = server::unique("elsewhere");
    let email = format!("{elsewhere}@example.com");
    let session = server::unique("session");
    let mut socket = server().socket(&session);
    server().call("getUsers").session(&session).ok();
    let insert = || server().call("insertUser").args(json!({"email": email}));
    // In one database the second would conflict with the first.
    insert().header("x-edgepod-pod", &elsewhere).ok();
    socket.assert_silent();
    insert().ok();
    assert_eq!(socket.stale(), BTreeSet::from(["users".to_owned()]));
}

fn who_names_no_pod_is_refused() {
    let batch = json!({"calls": [{"name": "getUsers"}]});
    for call in [
        server().call("getUsers"),
        server().get("getUsers", &json!({})),
        server().request("POST", "/rpc").args(batch),
    ] {
        let error = call.without_header("x-edgepod-pod").error(400);
        assert!(
            error["message"].to_string().contains("X-EdgePod-Pod"),
            "{error}"
        );
    }
    let url = server().socket_url(&server().key, &server::unique("nowhere"));
    let (before, after) = url.split_once("&pod=").expect("the pod");
    let (_, session) = after.split_once('&').expect("the session");
    match Socket::open(&format!("{before}&{session}")) {
        Err(Error::Http(reply)) => assert_eq!(reply.status().as_u16(), 400),
        Err(other) => panic!("no reply: {other}"),
        Ok(_) => panic!("the socket opened"),
    }
}
