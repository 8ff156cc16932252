//! Typed calls, and functions that only the app itself calls.
#![deny(warnings, missing_docs)]

mod server;

use edgepod::{Callable, prelude::*};
use serde_json::{Value, json};
use server::start;

/// How it is sorted.
#[edgepod::data]
pub enum Order {
    /// By age.
    Newest,
}

/// What only an internal function takes.
#[edgepod::data]
pub struct Secret {
    /// It.
    pub text: String,
}

mod inner {
    use super::Order;
    use edgepod::prelude::*;

    /// Greets somebody.
    #[edgepod::query(name = "sayHello")]
    pub async fn greet(
        ctx: &QueryCtx,
        mut name: String,
        r#type: Option<Order>,
        tags: Vec<String>,
        id: Int64,
        at: Option<Bytes>,
    ) -> Result<String> {
        let _ = (ctx, at);
        name.push('!');
        Ok(format!("{name} {type:?} {} {}", tags.len(), id.0))
    }
}

// One `use` imports the function and its type.
use inner::greet;

/// Counts up, for nobody but the app.
#[edgepod::function(internal)]
async fn count_up(ctx: &Ctx, by: i64, secret: Secret) -> Result<i64> {
    let _ = ctx;
    Ok(by + secret.text.len() as i64)
}

/// Calls it as what it is, a function.
#[edgepod::function]
async fn count(ctx: &Ctx, by: i64) -> Result<i64> {
    let text = "ab".to_owned();
    count_up(ctx, by, Secret { text }).await
}

/// Internal as well.
#[edgepod::query(internal, name = "whisper")]
async fn whisper_it(ctx: &QueryCtx) -> Result<Secret> {
    let _ = ctx;
    Ok(Secret {
        text: "psst".into(),
    })
}

edgepod::app!();

fn args<F>(call: &edgepod::Invocation<F>) -> Value {
    serde_json::from_str(call.args().unwrap()).unwrap()
}

#[test]
fn a_call_holds_its_function_and_its_arguments_as_a_client_sends_them() {
    let call = greet::call(
        "Ada",
        Order::Newest,
        ["a", "b"].map(String::from),
        Int64(7),
        None,
    );
    assert_eq!(call.name(), "sayHello");
    assert_eq!(
        call.args().unwrap(),
        r#"{"name":"Ada","type":"Newest","tags":["a","b"],"id":"7","at":null}"#
    );
    let server = start();
    let reply = server.call(call.name(), args(&call));
    assert_eq!(reply["data"], "Ada! Some(Newest) 2 7");
    // Whatever an argument may be given as.
    let (name, tags) = (String::from("Ada"), vec![String::from("a")]);
    let call = greet::call(&name, Some(Order::Newest), &tags, Int64(8), &b"abc"[..]);
    assert_eq!(args(&call)["at"], "YWJj");
    let reply = server.call(call.name(), args(&call));
    assert_eq!(reply["data"], "Ada! Some(Newest) 1 8");
    assert_eq!(args(&whisper_it::call()), json!({}));
}

#[test]
fn a_call_knows_the_kind_and_the_result_of_its_function() {
    fn query<F: Callable<Ctx = QueryCtx, Returned = Result<String>>>(_: &edgepod::Invocation<F>) {}
    query(&greet::call("", None, vec![], Int64(0), None));
    fn function<F: Callable<Ctx = Ctx, Returned = Result<i64>>>(_: edgepod::Invocation<F>) {}
    function(count::call(1));
    function(count_up::call(1, Secret { text: "s".into() }));
}

#[test]
fn an_internal_function_is_on_no_wire_and_other_functions_call_it() {
    let server = start();
    assert_eq!(server.call("count", json!({"by": 5}))["data"], 7);
    for name in ["countUp", "whisper", "count_up", "whisperIt"] {
        let error = &server.call(name, json!({"by": 5, "secret": {"text": ""}}))["error"];
        assert_eq!(error["code"], "NOT_FOUND", "{name}");
        assert_eq!(error["message"], format!("There is no function `{name}`."));
    }
}

#[test]
fn tools_know_internal_functions_and_clients_are_not_made_of_them() {
    let manifest = edgepod_runtime::manifest::manifest().unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|each| each["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&manifest["functions"]), ["count", "sayHello"]);
    assert_eq!(names(&manifest["types"]), ["Base64", "Int64", "Order"]);
    let internal = &manifest["internal"];
    assert_eq!(names(&internal["functions"]), ["countUp", "whisper"]);
    assert_eq!(names(&internal["types"]), ["Secret"]);
    assert_eq!(internal["functions"][0]["args"][1]["type"], "Secret");
    assert_eq!(
        internal["functions"][0]["docs"],
        "Counts up, for nobody but the app."
    );
}
