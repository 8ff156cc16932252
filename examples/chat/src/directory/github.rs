//! Where GitHub asks. It has no token, so that its requests come to the directory, which passes them on.

use edgepod::{
    http::{Bytes, Request, Response, StatusCode},
    prelude::*,
};

use crate::{FromGithub, Org, hear_github, in_directory, not_signed};

/// GitHub tells of an event in an organisation.
#[edgepod::route(POST, "/hooks/github/:org/:room_id")]
async fn of_github(
    ctx: &ActionCtx,
    request: Request<Bytes>,
    org: String,
    room_id: i64,
) -> Result<Response<Bytes>> {
    in_directory(ctx)?;
    // Else whoever thinks of a name would make a pod. They do not learn which there are.
    if !ctx.db.select::<Org>().filter(Org::id.eq(&*org)).exists()? {
        return Err(not_signed());
    }
    let request = FromGithub {
        kind: header(&request, "x-github-event"),
        delivery: header(&request, "x-github-delivery"),
        signature: header(&request, "x-hub-signature-256"),
        body: String::from_utf8(request.into_body().into()).map_err(|_| not_signed())?,
    };
    let org = ctx.pods().get(&org)?;
    org.call(hear_github::call(room_id, request)).await?;
    Ok(Response::builder()
        .status(StatusCode::ACCEPTED)
        .body(Bytes::new())?)
}

fn header(request: &Request<Bytes>, name: &str) -> String {
    let value = request.headers().get(name);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
