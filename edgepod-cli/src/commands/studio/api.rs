//! What the page of the studio asks, and who answers it.

use std::collections::HashMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    edit,
    refusal::{Answer, Refusal},
    rows, table,
    target::Target,
};

/// A request below `/api`.
pub(super) struct Request {
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    function: String,
    args: Value,
    #[serde(default, rename = "as")]
    who: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sql {
    sql: String,
}

pub(super) fn answer(target: &Target, request: &Request) -> Answer<Value> {
    let usual = target.facts().pod;
    let pod = request.query.get("pod").or(usual.as_ref());
    let pod = pod.map(String::as_str).filter(|pod| !pod.is_empty());
    match (&*request.method, &*request.path) {
        ("GET", "/app") => target.describe(),
        ("GET", "/pods") => target.admin("GET", "/pods", &request.passed(None, &["after"]), &[]),
        ("GET", "/status") => target.admin("GET", "/status", &request.passed(pod, &[]), &[]),
        ("GET", "/jobs") => target.admin("GET", "/jobs", &request.passed(pod, &["state"]), &[]),
        ("POST", path @ ("/jobs/retry" | "/jobs/cancel")) => {
            target.ensure_writes()?;
            target.admin("POST", path, &request.passed(pod, &["id"]), &[])
        }
        ("POST", "/call") => {
            target.ensure_writes()?;
            let call: Call = request.body()?;
            if !call.args.is_object() {
                return Err(Refusal::bad(
                    "`args` is no object: arguments are named, as in {\"id\": 7}.",
                ));
            }
            target.call(pod, &call.function, &call.args, &call.who)
        }
        ("GET", "/schema") => table::schema(target, pod),
        ("POST", "/rows") => rows::rows(target, pod, &request.body()?),
        ("POST", "/sql") => {
            let Sql { sql } = request.body()?;
            rows::of_sql(target, pod, &sql)
        }
        ("POST", "/edit") => edit::edit(target, pod, &request.body()?),
        ("GET", "/events") => {
            let after = request.query.get("after").map_or("0", String::as_str);
            let after = after
                .parse()
                .map_err(|_| Refusal::bad("`after` is the number of an event."))?;
            target.events(pod, after)
        }
        (_, path) if PATHS.contains(&path) => Err(Refusal {
            status: 405,
            ..Refusal::bad(format!("{path} is not asked with {}.", request.method))
        }),
        (_, path) => Err(Refusal::not_found(format!(
            "The studio answers no /api{path}."
        ))),
    }
}

const PATHS: [&str; 12] = [
    "/app",
    "/pods",
    "/status",
    "/jobs",
    "/jobs/retry",
    "/jobs/cancel",
    "/call",
    "/schema",
    "/rows",
    "/sql",
    "/edit",
    "/events",
];

impl Request {
    /// The pod, and the parameters of these names that are there.
    fn passed<'a>(&'a self, pod: Option<&'a str>, names: &[&'a str]) -> Vec<(&'a str, &'a str)> {
        let given = names.iter().filter_map(|name| {
            let value = self.query.get(*name).filter(|value| !value.is_empty())?;
            Some((*name, &**value))
        });
        let pod = pod.into_iter().map(|pod| ("pod", pod));
        pod.chain(given).collect()
    }

    fn body<T: DeserializeOwned>(&self) -> Answer<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Refusal::bad(format!(
                "The body of /api{} is not understood: {error}.",
                self.path
            ))
        })
    }
}

/// The body of a refusal or an answer.
pub(super) fn written(answer: &Answer<Value>) -> (u16, Vec<u8>) {
    let (status, body) = match answer {
        Ok(body) => (200, body.to_string()),
        Err(refusal) => (refusal.status, refusal.json().to_string()),
    };
    (status, body.into_bytes())
}
