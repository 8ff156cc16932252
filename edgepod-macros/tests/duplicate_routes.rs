//! Two routes that take the same requests: a message before the first request, with both places.

use edgepod::{
    http::{Bytes, Request, Response},
    prelude::*,
};
use edgepod_runtime::engine::{Registry, RegistryError};

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
        "`GET /rooms/:id`",
        "duplicate_routes::room` (edgepod-macros/tests/duplicate_routes.rs:8)",
        "duplicate_routes::named` (edgepod-macros/tests/duplicate_routes.rs:23)",
    ] {
        assert!(message.contains(part), "{part} is missing: {message}");
    }
}
