//! The admin address, `/_edgepod/v1/…`: for whoever runs the app, with a key of their own. It is there only where that is set.
//! A Worker's is in `admin.mjs`, and says the same; the tests in `tests/pods/admin.rs` ask both.
//!
//! A new request is a line in [`REQUESTS`], and a function beside those of [`pods`].

mod call;
mod data;
mod key;
mod pods;
mod push;
mod rewind;

use std::sync::Arc;

use edgepod_manifest::{DataFormat, DataWay};
use form_urlencoded::parse;
use hyper::{HeaderMap, header, header::HeaderValue, http::request::Parts};
use serde::Serialize;

pub use key::AdminKeyError;
pub(super) use key::Key;

use super::{
    body::Held,
    http::{Reply, Shared, reply},
};
use crate::{
    Code, Error,
    engine::{Outcome, PodName},
};

/// Everything that is below has this version in its address, so that an older command is told 404 and not something else.
const BASE: &str = "/_edgepod/v1";

/// What can be asked: the method, what stands behind [`BASE`], and what it is.
const REQUESTS: [(&str, &str, What); 16] = [
    ("GET", "/pods", What::List),
    ("GET", "/status", What::Status),
    ("POST", "/migrate", What::Migrate),
    ("GET", "/data", What::Way),
    ("POST", "/data/copy", What::Copy),
    ("GET", "/data/piece", What::Piece),
    ("POST", "/data/done", What::Done),
    ("POST", "/data/push", What::Push),
    ("POST", "/data/put", What::Put),
    ("POST", "/data/commit", What::Commit),
    ("GET", "/data/copies", What::Copies),
    ("POST", "/data/rewind", What::Rewind),
    ("GET", "/jobs", What::Jobs("list", "state")),
    ("POST", "/jobs/retry", What::Jobs("retry", "id")),
    ("POST", "/jobs/cancel", What::Jobs("cancel", "id")),
    ("POST", "/call", What::Call),
];

#[derive(Clone, Copy)]
enum What {
    /// The names of the pods, a page of them: `after`, `limit`.
    List,
    /// What a pod is: `pod`. It is not opened for that.
    Status,
    /// The same, once it is open and has its migrations, or cannot have them.
    Migrate,
    /// Makes a copy of a pod's data: `pod`.
    Copy,
    /// A piece of a copy: `pod`, `id`, `at`.
    Piece,
    /// Removes a copy: `pod`, `id`.
    Done,
    /// Jobs of a pod, which is opened for that: what the engine is asked, and the parameter that says of which.
    Jobs(&'static str, &'static str),
    /// Calls a function of a pod, which is opened for that; the arguments are the body: `pod`, `function`, `id`.
    Call,
    /// How data goes and comes.
    Way,
    /// Makes place for data that is about to come: `pod`, `replace`.
    Push,
    /// A piece of it, which is the body: `pod`, `id`, `at`.
    Put,
    /// All of it is there, and comes in the place of the pod's: `pod`, `id`, `bytes`, `replace`.
    Commit,
    /// The copies of a pod that are kept: `pod`.
    Copies,
    /// One of them comes in the place of the pod's data: `pod`, `to`, `id`.
    Rewind,
}

/// Who asks, and what for.
struct Asked<'a> {
    shared: &'a Arc<Shared>,
    query: &'a str,
    trace_id: &'a str,
    body: Body,
}

/// A request's body, and the memory that it has of all bodies'. Only some have one.
pub(super) type Body = (Vec<u8>, Option<Held>);

impl Asked<'_> {
    fn parameter(&self, name: &str) -> Option<String> {
        let mut all = parse(self.query.as_bytes());
        all.find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The pod that `pod` names, which has to be there: `global` where it names none and the app has one pod.
    fn pod(&self) -> Result<PodName, Error> {
        let name = self.new_pod()?;
        if self.shared.pods.has(&name) {
            return Ok(name);
        }
        Err(no_pod())
    }

    /// The same, which is there or not.
    fn new_pod(&self) -> Result<PodName, Error> {
        let has_pods = self.shared.registry().pod().is_some();
        let name = match self.parameter("pod") {
            Some(name) => PodName::new(name)?,
            None if has_pods => {
                return Err(Error::bad_request(
                    "The parameter `pod` is missing: this app has several.",
                ));
            }
            None => PodName::global(),
        };
        if has_pods || name.is_global() {
            return Ok(name);
        }
        Err(no_pod())
    }
}

fn no_pod() -> Error {
    Error::new(Code::NotFound, "There is no pod of this name.")
}

/// Whether a request is one of which the body is read.
pub(super) fn has_body(key: &Key, parts: &Parts) -> bool {
    let place = parts.uri.path().strip_prefix(BASE);
    let asked = (parts.method.as_str(), place);
    let mut all = REQUESTS.iter();
    let what = all.find(|(method, at, _)| (*method, Some(*at)) == asked);
    matches!(what, Some((_, _, What::Put | What::Call))) && key.is_in(bearer(&parts.headers))
}

/// Whether a path is of the admin address, whatever is there.
pub(super) fn is_admin(path: &str) -> bool {
    path.strip_prefix("/_edgepod")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request, of somebody who may have the key.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    key: &Key,
    parts: &Parts,
    body: Body,
    trace_id: &str,
) -> Reply {
    match decide(shared, key, parts, body, trace_id).await {
        Ok(reply) => reply,
        Err((error, allow)) => {
            let mut reply = answered(Outcome::error(&error, trace_id));
            let headers = reply.headers_mut();
            if error.code() == Code::Unauthorized {
                let scheme = HeaderValue::from_static("Bearer realm=\"edgepod admin\"");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            if let Some(allow) = allow {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            reply
        }
    }
}

/// An error, and the method that would be right.
type Refusal = (Error, Option<&'static str>);

async fn decide(
    shared: &Arc<Shared>,
    key: &Key,
    parts: &Parts,
    body: Body,
    trace_id: &str,
) -> Result<Reply, Refusal> {
    if !key.is_in(bearer(&parts.headers)) {
        return Err((
            Error::unauthorized(
                "This is the admin address: send the app's EDGEPOD_ADMIN_KEY as `Authorization: Bearer …`.",
            ),
            None,
        ));
    }
    let path = parts.uri.path();
    let place = path.strip_prefix(BASE);
    let here = REQUESTS.iter().filter(|(_, at, _)| Some(*at) == place);
    let mut methods = None;
    for (method, _, what) in here {
        if *method == parts.method.as_str() {
            let mut asked = Asked {
                shared,
                query: parts.uri.query().unwrap_or_default(),
                trace_id,
                body,
            };
            return run(*what, &mut asked).await.map_err(|error| (error, None));
        }
        methods = Some(*method);
    }
    match methods {
        Some(method) => {
            let message = format!("`{path}` takes {method}.");
            Err((Error::new(Code::MethodNotAllowed, message), Some(method)))
        }
        None => {
            let all = REQUESTS.map(|(method, at, _)| format!("{method} {BASE}{at}"));
            let message = format!(
                "There is nothing at {path}. This build has {}.",
                all.join(", ")
            );
            Err((Error::new(Code::NotFound, message), None))
        }
    }
}

async fn run(what: What, asked: &mut Asked<'_>) -> Result<Reply, Error> {
    match what {
        What::List => pods::list(asked).map(|page| written(&page)),
        What::Status => pods::status(asked).await.map(|status| written(&status)),
        What::Copy => data::copy(asked).await.map(|copy| written(&copy)),
        What::Piece => data::piece(asked).await,
        What::Done => data::done(asked).await.map(|()| written(&())),
        What::Way => Ok(written(&DataWay {
            format: DataFormat::Sqlite,
        })),
        What::Push => push::begin(asked).await.map(|push| written(&push)),
        What::Put => push::put(asked).await.map(|()| written(&())),
        What::Commit => push::commit(asked).await.map(|done| written(&done)),
        What::Copies => rewind::copies(asked).await.map(|copies| written(&copies)),
        What::Rewind => rewind::rewind(asked).await.map(|done| written(&done)),
        What::Migrate => pods::migrate(asked).await.map(|status| written(&status)),
        What::Jobs(what, parameter) => pods::jobs(asked, what, parameter).await.map(answered),
        What::Call => call::call(asked).await.map(answered),
    }
}

/// What stands behind `Bearer` in a header that came once.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn answered(outcome: Outcome) -> Reply {
    let mut reply = own(reply(outcome.status, outcome.body));
    if let Some(seconds) = outcome.retry_after {
        let headers = reply.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    reply
}

fn written(data: &impl Serialize) -> Reply {
    #[derive(Serialize)]
    struct Body<'a, T> {
        data: &'a T,
    }
    let body = serde_json::to_string(&Body { data }).expect("names and numbers are JSON");
    own(reply(200, body))
}

/// No page of another origin reads it, and nobody keeps it.
fn own(mut reply: Reply) -> Reply {
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        reply
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    reply
}
