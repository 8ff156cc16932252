//! Which pod a request is for.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Head, route::once};
use crate::{
    Code, Error, Result,
    auth::Claims,
    engine::{Headers, PodName, PodRequest, Registry, no_pod},
};

/// Among the protocols that a socket offers: which one is spoken, and before a token the one that brings it, as a page can send
/// no `Authorization` with a socket.
pub const PROTOCOL: &str = "edgepod";
const BEARER: &str = "edgepod.bearer.";

/// What a request is sent to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Call,
    Batch,
    Socket,
    /// A route of the app's own: what calls it knows the app's addresses and no header of ours.
    Raw,
}

/// The pod of a request, or nothing where the app has one. Of a batch it is known when the body is there.
///
/// # Errors
/// What the app's rule says; `NOT_FOUND` where an app without pods is asked for one.
pub(super) fn pod(
    registry: &Registry,
    head: &Head<'_>,
    target: Target,
    user: Option<&Claims>,
) -> Result<Option<PodName>> {
    if target == Target::Raw && registry.pod().is_none() {
        return Ok(None);
    }
    let from_address = match target {
        Target::Socket | Target::Raw if head.query.contains("pod") => head.parameter("pod"),
        _ => None,
    };
    let from_header = head.pod.map(|name| once("X-EdgePod-Pod", name));
    let asked = one(
        from_header.transpose()?.map(Cow::from),
        from_address.map(Cow::from),
    )?;
    let Some(rule) = registry.pod() else {
        return match asked {
            Some(name) if PodName::global() != *name => Err(no_pod()),
            _ => Ok(None),
        };
    };
    let asked = match (target, head.body) {
        (Target::Batch, None) => return Ok(None),
        (Target::Batch, Some(body)) => one(asked, of_batch(body).map(Cow::from))?,
        _ => asked,
    };
    let headers = Headers::from_json(head.headers.unwrap_or_default());
    let request = PodRequest::new(asked.as_deref(), user, &headers);
    rule.choose(&request).map(Some)
}

/// A name that may be given in two places.
fn one<'a>(a: Option<Cow<'a, str>>, b: Option<Cow<'a, str>>) -> Result<Option<Cow<'a, str>>> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Error::new(
            Code::BadRequest,
            "The request names two pods: name one, in one place.",
        )),
        (a, b) => Ok(a.or(b)),
    }
}

/// The pod that a batch names. What else is wrong with the body, the engine says.
fn of_batch(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        pod: Option<String>,
    }
    serde_json::from_str::<Body>(body).ok()?.pod
}

/// What a request says of its user: the header, or where a page opens a socket the protocol.
pub(super) fn authorization<'a>(head: &Head<'a>) -> Option<Cow<'a, str>> {
    if head.authorization.is_some() || head.path != "/ws" {
        return head.authorization.map(Cow::from);
    }
    let headers = Headers::from_json(head.headers?);
    let token = headers
        .peek("sec-websocket-protocol")?
        .split(',')
        .find_map(|offered| offered.trim().strip_prefix(BEARER))?;
    Some(format!("Bearer {token}").into())
}
