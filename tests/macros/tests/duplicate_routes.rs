//! Two routes that take the same requests: a message before the first request, with both places.

use edgepod::{
    http::{Bytes, Request, Response},
    prelude::*,
};
use edgepod_runtime::engine::{Registry, RegistryError};

/// Where `room` stands.
const ROOM: u32 = line!() + 3;

#[edgepod::route(GET, "/rooms/:id")]
async fn room(_: &ActionCtx, _: Request<Bytes>, id: i64) -> Result<Response<String>> {
    Ok(Response::new(id.to_string()))
}

#[edgepod::route(POST, "/rooms/:name")]
async fn other_method(_: &ActionCtx, _: Request<Bytes>, name: String) -> Result<Response<String>> {
    Ok(Response::new(name))
}

#[edgepod::route(GET, "/rooms/new")]
async fn other_path(_: &ActionCtx, _: Request<Bytes>) -> Result<Response<String>> {
    Ok(Response::new(String::new()))
}

/// Where `named` stands.
const NAMED: u32 = line!() + 3;

#[edgepod::route(GET, "/rooms/:name")]
async fn named(_: &ActionCtx, _: Request<Bytes>, name: String) -> Result<Response<String>> {
    Ok(Response::new(name))
}

edgepod::app!();

#[test]
fn both_places_are_named() {
    let error = Registry::collect().err().expect("the routes clash");
    assert!(matches!(error, RegistryError::DuplicateRoute { .. }));
    let message = error.to_string();
    for part in [
        "`GET /rooms/:id`".to_owned(),
        format!("duplicate_routes::room` ({}:{ROOM})", file!()),
        format!("duplicate_routes::named` ({}:{NAMED})", file!()),
    ] {
        assert!(message.contains(&part), "{part} is missing: {message}");
    }
}
