#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

#[edgepod::route(GET, "/text")]
async fn text(ctx: &ActionCtx, request: Request<String>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/json")]
async fn json(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Vec<i64>> {
    todo!()
}

#[edgepod::route(GET, "/list/:ids")]
async fn list(ctx: &ActionCtx, request: Request<Bytes>, ids: Vec<i64>) -> Result<Response<Bytes>> {
    todo!()
}

fn main() {}
