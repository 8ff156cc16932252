//! Which request reaches what.

use edgepod_tests::{cases, http::names, server};
use serde_json::json;

cases![
    a_function_is_called_with_post,
    a_query_is_called_with_post_too,
    a_query_is_called_with_get,
    a_query_without_arguments_needs_none_in_its_address,
    get_does_not_call_a_function,
    no_other_method_calls_anything,
    head_answers_as_get_does_without_the_body,
    the_socket_takes_get_alone,
    an_unknown_function_is_not_found_and_is_named,
    names_are_exact,
    what_every_javascript_object_has_is_no_function,
    an_unknown_path_is_not_found,
];

fn a_function_is_called_with_post() {
    let email = format!("{}@example.com", server::unique("post"));
    let user = server()
        .call("insertUser")
        .args(json!({"email": email, "name": "Ada"}))
        .ok();
    assert_eq!(user["email"], email);
    assert_eq!(user["name"], "Ada");
}

fn a_query_is_called_with_post_too() {
    let users = server().call("getUsers").args(json!({})).ok();
    assert!(users.is_array(), "{users}");
}

fn a_query_is_called_with_get() {
    let email = format!("{}@example.com", server::unique("get"));
    let user = server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
    let read = server().get("getUserById", &json!({"id": user["id"]})).ok();
    assert_eq!(read, user);
}

fn a_query_without_arguments_needs_none_in_its_address() {
    let users = server().request("GET", "/rpc/getUsers").ok();
    assert!(users.is_array(), "{users}");
}

fn get_does_not_call_a_function() {
    let email = format!("{}@example.com", server::unique("get-insert"));
    let reply = server().get("insertUser", &json!({"email": email})).send();
    reply.assert_error(405);
    assert_eq!(allowed(&reply), ["POST"]);
    // It would conflict with a user that the refused call had inserted after all.
    server()
        .call("insertUser")
        .args(json!({"email": email}))
        .ok();
}

fn no_other_method_calls_anything() {
    for method in ["PUT", "PATCH", "DELETE"] {
        let reply = server().request(method, "/rpc/getUsers").body("{}").send();
        reply.assert_error(405);
        let allowed = allowed(&reply);
        assert!(
            allowed.contains(&"POST".to_owned()) && allowed.contains(&"GET".to_owned()),
            "{allowed:?}"
        );

        let reply = server()
            .request(method, "/rpc/deleteUser")
            .body("{}")
            .send();
        reply.assert_error(405);
        assert!(!self::allowed(&reply).contains(&method.to_owned()));
    }
    server().assert_serving();
}

fn head_answers_as_get_does_without_the_body() {
    let head = |path: &str| server().request("HEAD", path).send();
    let reply = head("/rpc/getUsers");
    assert_eq!(reply.status, 200);
    assert!(reply.body.is_empty(), "{}", reply.text());
    let media = reply.header("content-type").unwrap_or_default();
    assert!(media.starts_with("application/json"), "{media}");
    let reply = head("/rpc/insertUser");
    assert_eq!(reply.status, 405);
    assert_eq!(allowed(&reply), ["POST"]);
    assert_eq!(head("/rpc/getUnicorns").status, 404);
    assert_eq!(head("/nothing").status, 404);
    server().assert_serving();
}

fn the_socket_takes_get_alone() {
    for method in ["POST", "PUT", "DELETE"] {
        let reply = server().request(method, "/ws").query("sessionId", "method");
        let reply = reply.send();
        reply.assert_error(405);
        assert_eq!(allowed(&reply), ["GET"]);
    }
}

fn an_unknown_function_is_not_found_and_is_named() {
    let error = server().call("getUnicorns").error(404);
    assert_eq!(error["code"], "NOT_FOUND");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(names(message, "getUnicorns"), "{message}");
    server().assert_serving();
}

fn names_are_exact() {
    for name in [
        "getusers",
        "get_users",
        "GetUsers",
        "getUsers/",
        "getUsers/1",
        "/getUsers",
        "",
        "getUsers%00",
    ] {
        server().call(name).error(404);
    }
}

fn what_every_javascript_object_has_is_no_function() {
    for name in [
        "constructor",
        "__proto__",
        "toString",
        "hasOwnProperty",
        "fetch",
        "then",
    ] {
        server().call(name).error(404);
    }
}

fn an_unknown_path_is_not_found() {
    for path in ["/", "/rpc", "/nothing", "/RPC/getUsers", "/ws/more"] {
        let reply = server().request("GET", path).send();
        reply.assert_error(404);
    }
}

fn allowed(reply: &edgepod_tests::Reply) -> Vec<String> {
    reply
        .header("allow")
        .unwrap_or_else(|| panic!("a 405 says in `Allow` what is allowed: {:?}", reply.headers))
        .split(',')
        .map(|method| method.trim().to_owned())
        .filter(|method| method != "OPTIONS")
        .collect()
}
