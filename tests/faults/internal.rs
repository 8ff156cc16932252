//! Functions that no client can call, by any spelling, and columns that no client sees.

use edgepod_tests::{cases, server};
use serde_json::{Value, json};

cases![
    an_internal_function_is_not_there_for_a_client,
    an_internal_query_is_not_there_in_a_batch,
    other_functions_call_an_internal_one,
    a_private_column_is_in_no_reply,
];

/// Internal functions, as a client might write them.
const INTERNAL: [&str; 7] = [
    "addMember",
    "listMembers",
    "waitForMembers",
    "add_member",
    "list_members",
    "addMember%20",
    "internal.addMember",
];

/// What is said of a function, without its name and what no two replies share.
fn said(reply: &edgepod_tests::Reply, name: &str) -> (u16, Value) {
    let mut body = reply.json();
    let error = body["error"].as_object_mut().expect("an error");
    error.remove("trace_id");
    // As it was sent, or as it was meant.
    let message = error["message"].as_str().expect("a text");
    let message = message
        .replace(name, "…")
        .replace(&name.replace(' ', "%20"), "…");
    error["message"] = message.into();
    (reply.status, body)
}

fn an_internal_function_is_not_there_for_a_client() {
    let post = |name: &str| server().call(name).args(json!({"name": "Eve"})).send();
    let get = |name: &str| server().get(name, &json!({})).send();
    let nothing = said(&post("noSuchFunction"), "noSuchFunction");
    assert_eq!(nothing.0, 404);
    for name in INTERNAL {
        let shown = name.replace("%20", " ");
        assert_eq!(said(&post(name), &shown), nothing, "POST {name}");
        assert_eq!(said(&get(name), &shown), nothing, "GET {name}");
    }
}

fn an_internal_query_is_not_there_in_a_batch() {
    let names = [
        "noSuchFunction",
        "listMembers",
        "addMember",
        "waitForMembers",
        "getMembers",
    ];
    let calls: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
    let reply = server()
        .request("POST", "/rpc")
        .args(json!({"calls": calls}))
        .send();
    let results = reply.json()["results"].clone();
    for (result, name) in results.as_array().expect("results").iter().zip(names) {
        let status = if name == "getMembers" { 200 } else { 404 };
        assert_eq!(result["status"], status, "{name}: {result}");
        if status == 404 {
            let message = format!("There is no function `{name}`.");
            assert_eq!(result["error"]["message"], message, "{result}");
        }
    }
}

fn other_functions_call_an_internal_one() {
    let name = server::unique("member");
    server()
        .call("joinMembers")
        .args(json!({"name": name}))
        .ok();
    let members = server().call("getMembers").ok();
    let members = members.as_array().expect("members");
    assert!(
        members.iter().any(|member| member["name"] == *name),
        "{members:?}"
    );
    let counted = server().call("countMembers").ok();
    assert!(counted.as_u64() >= Some(members.len() as u64), "{counted}");
}

fn a_private_column_is_in_no_reply() {
    let name = server::unique("member");
    let joined = server()
        .call("joinMembers")
        .args(json!({"name": name}))
        .ok();
    let members = server().call("getMembers").ok();
    // Within what a function returns, too.
    let held = server().call("getMembership").ok();
    for reply in [joined.to_string(), members.to_string(), held.to_string()] {
        assert!(reply.contains(&*name), "{reply}");
        assert!(!reply.contains("secret"), "{reply}");
    }
}
