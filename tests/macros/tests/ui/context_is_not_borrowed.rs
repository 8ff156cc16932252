#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query]
async fn count(ctx: QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::function]
async fn add(ctx: &mut Ctx) -> Result<i64> {
    Ok(1)
}

fn main() {}
