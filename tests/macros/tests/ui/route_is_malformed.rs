#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

#[edgepod::route]
async fn nothing(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route("/hooks")]
async fn no_method(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(FETCH, "/hooks")]
async fn other_method(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(POST, "/hooks", internal)]
async fn other_key(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(POST, "/hooks")]
struct Hook;

fn main() {}
