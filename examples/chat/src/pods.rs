//! Which pod a request is for, and what is called where.

use edgepod::{pods::by_claim, prelude::*};
use serde::de::IgnoredAny;

/// The pod that all share. No organisation has this name: theirs begin with `org_`.
pub(crate) const DIRECTORY: &str = "directory";

/// A token of an organisation leads to its pod, and to no other. Every other request is for the directory.
#[edgepod::pod]
fn pod(request: &PodRequest) -> Result<PodName> {
    // Of whatever kind it is: `by_claim` refuses what is no name.
    let org: Option<IgnoredAny> = request.user().and_then(|user| user.get("org"));
    match (org, request.asked()) {
        (None, None | Some(DIRECTORY)) => PodName::new(DIRECTORY),
        _ => by_claim(request, "org"),
    }
}

/// Refuses what belongs in the directory everywhere else.
pub(crate) fn in_directory(ctx: &QueryCtx) -> Result<()> {
    if ctx.pod() == DIRECTORY {
        return Ok(());
    }
    Err(Error::bad_request(
        "This is called in the directory: with a token that names no organisation.",
    ))
}

/// Refuses what belongs in an organisation's pod in the directory.
pub(crate) fn in_org(ctx: &QueryCtx) -> Result<()> {
    if ctx.pod() != DIRECTORY {
        return Ok(());
    }
    Err(Error::bad_request(
        "This is called in an organisation's pod: with the token that `signIn` gives for it.",
    ))
}
