//! Many queries in one request, of one version of the database.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Args, AtOnce, Call, Callee, Engine, Headers, Kind, Outcome, QueryCtx, Typed, call::CallState,
    no_function, no_pod,
};
use crate::{Code, Error, Result, auth::Claims};

/// The most calls that a batch may have.
const CALLS: usize = 50;

/// Bytes of all results together: what does not fit is refused, so that a batch needs no more memory than some calls.
const RESULTS: usize = 16 * 1024 * 1024;

/// A batch as the gateway hands it to the engine.
pub struct Batch<'a> {
    /// The request's body.
    pub body: &'a str,
    /// The session that the queries' reads subscribe.
    pub session: Option<&'a str>,
    /// Who calls, where a token said so.
    pub user: Option<Claims>,
    /// The request's headers, as JSON.
    pub headers: &'a str,
    /// Names the request in the reply and in the log.
    pub trace_id: &'a str,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    calls: Vec<&'a RawValue>,
    /// The gateway has looked at it, where there are pods.
    #[serde(default)]
    pod: Option<String>,
}

#[derive(Deserialize)]
struct Item<'a> {
    name: String,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

impl Engine {
    /// Runs the queries of a batch, one after the other and nothing between them.
    ///
    /// Where a panic ends the instance, the host runs the batch again without the calls that panicked: those are `lost`, by
    /// their place. `begins` is told the place of each call before it runs.
    pub fn call_batch(
        self: &Arc<Self>,
        batch: &Batch<'_>,
        lost: &[u32],
        mut begins: impl FnMut(u32),
    ) -> Outcome {
        let is_other = |pod: &str| self.registry().pod().is_none() && *self.pod() != *pod;
        let items = match items(batch.body, is_other) {
            Ok(items) => items,
            Err(error) => return Outcome::error(&error, batch.trace_id),
        };
        let mut body = String::from("{\"results\":[");
        let mut version = 0;
        self.host().exclusive(&mut || {
            version = self.version_count();
            for (place, item) in (0..).zip(&items) {
                begins(place);
                let outcome = if lost.contains(&place) {
                    // Its panic is in the log.
                    Outcome::error(&Error::internal("panicked"), batch.trace_id)
                } else if body.len() >= RESULTS {
                    Outcome::error(&too_large(&item.name), batch.trace_id)
                } else {
                    self.call_item(batch, item, version)
                };
                let outcome = if body.len() + outcome.body.len() > RESULTS {
                    Outcome::error(&too_large(&item.name), batch.trace_id)
                } else {
                    outcome
                };
                if place > 0 {
                    body.push(',');
                }
                // The reply is an object that is not empty: the status becomes its first member.
                body.push_str("{\"status\":");
                body.push_str(&outcome.status.to_string());
                body.push(',');
                body.push_str(&outcome.body[1..]);
            }
        });
        #[derive(Serialize)]
        struct Meta<'a> {
            version: &'a str,
            trace_id: &'a str,
        }
        let meta = serde_json::to_string(&Meta {
            version: &self.version_name(version),
            trace_id: batch.trace_id,
        })
        .expect("strings are JSON");
        body.push_str("],\"meta\":");
        body.push_str(&meta);
        body.push('}');
        Outcome {
            status: 200,
            body,
            retry_after: None,
            raw: None,
        }
    }

    /// Runs a query of a batch, while nobody else uses the database.
    fn call_item(self: &Arc<Self>, batch: &Batch<'_>, item: &Item<'_>, version: u64) -> Outcome {
        let query = match self.query_named(&item.name) {
            Ok(query) => query,
            Err(error) => return Outcome::error(&error, batch.trace_id),
        };
        let args = item.args.map_or("", RawValue::get);
        let args = Args::new(if args == "null" { "" } else { args });
        let state = CallState::new(
            self.clone(),
            query.definition.name,
            Kind::Query,
            Call {
                args: "",
                session: batch.session,
                user: batch.user.clone(),
                headers: Headers::from_json(batch.headers),
                trace_id: batch.trace_id,
                origin: None,
            },
        );
        state.version.set(version);
        let result = self.read(&state, query, &args);
        state.finish(result)
    }

    fn query_named(&self, name: &str) -> Result<Typed<QueryCtx>> {
        let function = self.registry().get(name).ok_or_else(|| no_function(name))?;
        if let Callee::AtOnce(AtOnce::Query(query)) = function.callee() {
            return Ok(query);
        }
        Err(Error::new(
            Code::MethodNotAllowed,
            format!(
                "`{name}` is no query, and a batch has queries only: call it alone, with POST /rpc/{name}."
            ),
        ))
    }
}

fn items(body: &str, is_other_pod: impl Fn(&str) -> bool) -> Result<Vec<Item<'_>>> {
    let refuse = |place: String, why: serde_json::Error| {
        Error::bad_request(format!(
            "The batch is not {{\"calls\":[{{\"name\":…,\"args\":{{…}}}},…]}}: {place}{why}"
        ))
    };
    let Body { calls, pod } =
        serde_json::from_str(body).map_err(|why| refuse(String::new(), why))?;
    if pod.is_some_and(|pod| is_other_pod(&pod)) {
        return Err(no_pod());
    }
    if calls.is_empty() || calls.len() > CALLS {
        return Err(Error::bad_request(format!(
            "A batch has 1 to {CALLS} calls, and this one has {}.",
            calls.len()
        )));
    }
    // One by one, to name the place of the one that is wrong.
    let mut items = Vec::with_capacity(calls.len());
    for (place, call) in calls.into_iter().enumerate() {
        let item = serde_json::from_str(call.get());
        items.push(item.map_err(|why| refuse(format!("calls[{place}]: "), why))?);
    }
    Ok(items)
}

fn too_large(name: &str) -> Error {
    Error::new(
        Code::PayloadTooLarge,
        format!(
            "With the result of `{name}` the batch would be larger than {RESULTS} bytes: call it alone, or ask for less."
        ),
    )
}
