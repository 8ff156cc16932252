#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

fn helper(ctx: &QueryCtx) {}

#[edgepod::route(GET, "/reads", at = "gateway")]
async fn reads(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    ctx.db.select::<()>();
    todo!()
}

#[edgepod::route(GET, "/writes", at = "gateway")]
async fn writes(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    ctx.transaction(|tx| Ok(()))?;
    todo!()
}

#[edgepod::route(GET, "/helper", at = "gateway")]
async fn helped(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    helper(ctx);
    todo!()
}

fn main() {}
