#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::middleware]
async fn short(ctx: &QueryCtx, next: Next<'_>) -> Result<Reply> {
    Err(Error::unauthorized("no"))
}

#[edgepod::middleware]
async fn owned(ctx: &QueryCtx, args: Args, next: Next<'_>) -> Result<Reply> {
    Err(Error::unauthorized("no"))
}

#[edgepod::middleware]
async fn typed(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<i64> {
    Ok(1)
}

#[edgepod::middleware(order = 1)]
async fn ordered(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    next.run(ctx, args).await
}

fn main() {}
