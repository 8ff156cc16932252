#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

#[edgepod::route(GET, "/rooms/:id")]
async fn lacks(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/rooms/:id")]
async fn more(ctx: &ActionCtx, request: Request<Bytes>, id: i64, page: u32) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/rooms/:id/:id")]
async fn twice(ctx: &ActionCtx, request: Request<Bytes>, id: i64) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/without")]
async fn without(ctx: &ActionCtx) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/writes")]
async fn writes(ctx: &Ctx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/silent")]
async fn silent(ctx: &ActionCtx, request: Request<Bytes>) {}

fn main() {}
