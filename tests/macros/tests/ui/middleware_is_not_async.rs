#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::middleware]
fn with_auth(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    Err(Error::unauthorized("no"))
}

#[edgepod::query(middleware = [with_auth])]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
