#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::query(name = "count users")]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::query(name = count)]
async fn count_again(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

fn main() {}
