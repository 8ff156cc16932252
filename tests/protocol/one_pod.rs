//! An app without pods is the pod `global`, whoever names it, and no other.

use edgepod_tests::{Call, Socket, cases, server};
use serde_json::json;
use tungstenite::Error;

cases![
    global_is_the_app_itself,
    no_other_pod_is_there,
    no_socket_of_another_pod_opens,
];

fn calls() -> [Call<'static>; 3] {
    let batch = json!({"calls": [{"name": "getUsers"}]});
    [
        server().call("getUsers"),
        server().get("getUsers", &json!({})),
        server().request("POST", "/rpc").args(batch),
    ]
}

fn global_is_the_app_itself() {
    let email = format!("{}@example.com", server::unique("global"));
    let session = server::unique("global");
    let url = server().socket_url(&server().key, &session);
    let mut socket = Socket::open(&format!("{url}&pod=global")).expect("the socket opens");
    server().call("getUsers").session(&session).ok();
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .header("x-edgepod-pod", "global")
        .ok();
    socket.stale_of("users");
    for call in calls() {
        let reply = call.header("x-edgepod-pod", "global").send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.text().contains(&email), "{}", reply.text());
    }
}

fn no_other_pod_is_there() {
    for name in ["acme", "Global", "globa", "global2", "users"] {
        for call in calls() {
            let error = call.header("x-edgepod-pod", name).error(404);
            assert_eq!(error["code"], "NOT_FOUND", "{name}");
        }
    }
    let batch = |pod: &str| {
        let batch = json!({"pod": pod, "calls": [{"name": "getUsers"}]});
        server().request("POST", "/rpc").args(batch)
    };
    assert_eq!(batch("acme").error(404)["code"], "NOT_FOUND");
    assert_eq!(batch("global").send().status, 200);
    let email = format!("{}@example.com", server::unique("nowhere"));
    let insert = || server().call("insertUser").args(json!({"email": email}));
    insert().header("x-edgepod-pod", "acme").error(404);
    // It would conflict with a user that the refused call had inserted after all.
    insert().ok();
}

fn no_socket_of_another_pod_opens() {
    let url = server().socket_url(&server().key, &server::unique("nowhere"));
    let opened = [
        Socket::open(&format!("{url}&pod=acme")),
        Socket::open(&format!("{url}&pod=Global")),
        Socket::open_with_header(&url, "x-edgepod-pod", "acme"),
    ];
    for socket in opened {
        match socket {
            Err(Error::Http(reply)) => assert_eq!(reply.status().as_u16(), 404),
            Err(other) => panic!("no reply: {other}"),
            Ok(_) => panic!("the socket opened"),
        }
    }
}
