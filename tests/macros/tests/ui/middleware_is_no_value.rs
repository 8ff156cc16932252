#![allow(unused)]

use edgepod::prelude::*;

struct Plan(&'static str);

#[edgepod::query(middleware = [Plan("pro")])]
async fn no_middleware(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(middleware = [require_role("role")])]
async fn lacks_the_value(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(middleware = ["admin"])]
async fn is_a_text(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(middleware = [require_user; 2])]
async fn is_repeated(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
