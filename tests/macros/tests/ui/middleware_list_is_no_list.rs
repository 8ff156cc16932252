#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::middleware]
async fn with_auth(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    next.run(ctx, args).await
}

#[edgepod::query(middleware = with_auth)]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(middleware = [with_auth()])]
async fn count_again(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
