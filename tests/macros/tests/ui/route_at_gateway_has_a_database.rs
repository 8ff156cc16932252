#![allow(unused)]

use edgepod::http::{Bytes, Request, Response};
use edgepod::prelude::*;

#[edgepod::route(GET, "/action", at = "gateway")]
async fn action(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/not-said")]
async fn not_said(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/elsewhere", at = "edge")]
async fn elsewhere(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::route(GET, "/limited", at = "gateway", middleware = [rate_limit(2, Per::Hour)])]
async fn limited(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    todo!()
}

#[edgepod::action]
async fn function(ctx: &GatewayCtx) -> Result<()> {
    todo!()
}

fn main() {}
