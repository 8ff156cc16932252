#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query(middleware = [rate_limit])]
async fn is_not_called(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(middleware = [require_role])]
async fn count_again(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
